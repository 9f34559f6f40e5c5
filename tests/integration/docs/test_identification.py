"""docs/identification.md: its commands take their arguments, its world hangs, what it says of verdicts is so."""

import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from surefoot.cli import main
from surefoot.commands.identify import ACTIONS
from surefoot.identifying.motion import motion_of
from surefoot.identifying.rehearsal import rehearsed
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.verdicts import ABSOLUTE, RELATIVE, Verdict, names_of
from surefoot_calibration.air.windows import HELD_OUT_EVERY, WINDOW_S
from surefoot_calibration.ground.verdicts import COM_M, FRICTION_SHARE, INERTIA_SHARE, MASS_SHARE
from surefoot_calibration.log.gains import chosen_gains
from surefoot_robots.loader import load_robot
from surefoot_safety.hanging import MEMORY_S
from surefoot_safety.leg_weight import lifted_share
from surefoot_safety.limits import LIFTED_SHARE, limits_of
from surefoot_safety.mode import MOVES, Mode, Request
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.table import TABLE
from surefoot_training.simulated.config import load_world

PAGE = (Path(__file__).parents[3] / "docs" / "identification.md").read_text(encoding="utf-8")
README = (Path(__file__).parents[3] / "calibration" / "README.md").read_text(encoding="utf-8")
GO2 = load_robot("go2")


def commands(text):
    return re.findall(r"^surefoot (.*?)(?: +#.*)?$", text, re.MULTILINE)


@pytest.mark.parametrize("line", [*commands(PAGE), *commands(README)])
def test_the_commands_that_are_shown_take_their_arguments(line, capsys):
    """Up to the point where they would begin: help ends them before."""
    assert main([*shlex.split(line.replace("LOG...", "LOG")), "--help"]) == 0
    capsys.readouterr()


def test_every_step_is_shown():
    shown = {words[1] for words in map(str.split, commands(PAGE)) if words[0] == "identify"}
    assert shown == set(ACTIONS) - {"bench"}
    assert "surefoot identify bench --robots 1" in PAGE


def test_the_worlds_that_are_shown_hang_and_stand(tmp_path):
    worlds = []
    for shown in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        file = tmp_path / "world.yaml"
        file.write_text(shown)
        worlds.append(load_world(file, GO2))
    hung, stands = worlds
    assert (hung.trunk, hung.sensors.foot_contact, hung.truth.action_delay_s) == ("held", True, 0.014)
    assert (stands.trunk, stands.sensors.foot_contact, stands.truth.base_mass_kg) == ("free", True, 9.0)


def test_what_is_identified_on_the_ground():
    said = dict(re.findall(r"^\| `(\w+)`.*? \| within ([\d.]+ (?:%|mm))", PAGE, re.MULTILINE))
    assert said["base_mass_kg"] == f"{100.0 * MASS_SHARE:g} %"
    assert said["base_com_x_m"] == f"{1e3 * COM_M:g} mm"
    assert said["base_inertia_xx_kgm2"] == f"{100.0 * INERTIA_SHARE:g} %"
    assert said["foot_friction"] == f"{100.0 * FRICTION_SHARE:g} %"


def test_verdicts_are_those_of_the_table():
    (table,) = re.findall(r"^\| verdict \|.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE)
    assert [name for name, _ in rows] == list(get_args(Verdict))
    numbers = [float(number) for number in re.findall(r"[\d.]+", rows[0][1])]
    said = [RELATIVE, ABSOLUTE["encoder_offset_rad"], ABSOLUTE["motor_strength"], ABSOLUTE["action_delay_s"]]
    assert numbers == pytest.approx([100.0 * said[0], 1e3 * said[1], 100.0 * said[2], 1e3 * said[3]])
    assert f"all {len(names_of(GO2))} parameters" in PAGE
    assert (WINDOW_S, HELD_OUT_EVERY) == (2.0, 5)


def test_what_is_said_of_hanging_is_so():
    """Numbers and names; what follows from them has tests of its own."""
    settings, limits = load_settings("go2"), limits_of(GO2, load_settings("go2"))
    own = settings.hanging
    text = " ".join(PAGE.split())
    for said in (
        f"tilted by more than {own.tilt_rad:g} rad, turns at more than {own.turn_radps:g} rad/s",
        f"gained {own.gain_mps:g} m/s",
        f"weight at that joint and {own.leg_friction_nm:g} Nm",
        f"lasted for {settings.timing.hang_s:g} s",
        f"held to {own.kp_limit_nm_per_rad:g} Nm/rad and {own.kd_limit_nms_per_rad:g} Nms/rad",
        f"targets to {own.target_rate_share:g} of the motors' speed",
        f"led ({own.lead_rate_radps:g} rad/s)",
        "on a Go2 {:.1f}, {:.1f} and {:.1f} Nm at hip, thigh and knee".format(*limits.leg_torque_nm[:3]),
    ):
        assert said in text, said
    assert MEMORY_S == 0.5
    assert LIFTED_SHARE == 0.5
    assert 3.5 < 1.0 / lifted_share(GO2, limits.underside.legs, limits.leg_torque_nm) < 4.5
    rows = re.findall(r"^\| `(\w+)` \| .* \|$", PAGE, re.MULTILINE)
    own_triggers = {row.trigger.value for row in TABLE if row.watched == {Mode.HANGING}}
    assert own_triggers <= set(rows)
    assert MOVES[Request.HANG] == {Mode.DAMPED: Mode.HANGING}


def test_the_robot_that_is_shown_hangs_and_is_measured(tmp_path):
    """The story of the page, in injected time: its world, a plan, a recording that ends damped."""
    shown, _ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "hung.yaml").write_text(shown)
    plan = make_plan(GO2, PlanOptions(seconds=5.0), random_phases(np.random.default_rng(1)))
    motion, gains = motion_of(plan), chosen_gains(None, None, GO2)
    found = rehearsed(GO2, load_settings("go2"), motion, gains, world=load_world(tmp_path / "hung.yaml", GO2))
    assert found.clamped == 0
    assert found.log.seconds == pytest.approx(motion.seconds, abs=0.01)
