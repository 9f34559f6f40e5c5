"""docs/identification.md: its commands take their arguments, its world hangs, what it says of verdicts is so."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from surefoot.cli import main
from surefoot.commands.identify import ACTIONS
from surefoot.identifying.player import MISSING
from surefoot_calibration.air.verdicts import ABSOLUTE, RELATIVE, Verdict, names_of
from surefoot_calibration.air.windows import HELD_OUT_EVERY, WINDOW_S
from surefoot_calibration.ground.verdicts import COM_M, FRICTION_SHARE, INERTIA_SHARE, MASS_SHARE
from surefoot_robots.loader import load_robot
from surefoot_safety.action import Action
from surefoot_safety.mode import Mode
from surefoot_safety.table import ROWS, Trigger
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
    assert (hung.trunk, hung.sensors.foot_contact, hung.truth.action_delay_s) == ("held", False, 0.014)
    assert (stands.trunk, stands.sensors.foot_contact, stands.truth.base_mass_kg) == ("free", True, 9.0)


def test_what_is_identified_on_the_ground():
    said = dict(re.findall(r"^\| `(\w+)`.*? \| within ([\d.]+ (?:%|mm))", PAGE, re.MULTILINE))
    assert said["base_mass_kg"] == f"{100.0 * MASS_SHARE:g} %"
    assert said["base_com_x_m"] == f"{1e3 * COM_M:g} mm"
    assert said["base_inertia_xx_kgm2"] == f"{100.0 * INERTIA_SHARE:g} %"
    assert said["foot_friction"] == f"{100.0 * FRICTION_SHARE:g} %"


def test_verdicts_are_those_of_the_table():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == list(get_args(Verdict))
    numbers = [float(number) for number in re.findall(r"[\d.]+", rows[0][1])]
    said = [RELATIVE, ABSOLUTE["encoder_offset_rad"], ABSOLUTE["motor_strength"], ABSOLUTE["action_delay_s"]]
    assert numbers == pytest.approx([100.0 * said[0], 1e3 * said[1], 100.0 * said[2], 1e3 * said[3]])
    assert f"all {len(names_of(GO2))} parameters" in PAGE
    assert (WINDOW_S, HELD_OUT_EVERY) == (2.0, 5)


def test_why_robots_that_report_contact_may_not():
    """If the supervisor has a mode for them one day, both page and error are to be mended."""
    row = ROWS[Trigger.NO_CONTACT]
    assert Mode.WALKING in row.watched
    assert row.least_action is Action.STAND
    assert "It has no mode for a robot that hangs" in MISSING
    assert {mode.value for mode in Mode} == {
        *("off", "damped", "sitting", "standing_up", "standing", "walking", "fallback", "settling", "stopped")
    }
