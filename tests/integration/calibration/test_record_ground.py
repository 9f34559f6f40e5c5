"""A plan for the ground, played on a robot that stands: link, supervisor and simulation in steps of injected time."""

import dataclasses
import json

import numpy as np
import pytest

from surefoot.cli import main
from surefoot.identifying.motion import motion_of
from surefoot.identifying.standing import rehearsed_standing
from surefoot_calibration.air.plan_file import write_plan
from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, standing_gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.settings_loader import load_settings
from surefoot_training.simulated.config import parse_world

GO2 = load_robot("go2")
SETTINGS = load_settings("go2")
GAINS = standing_gains(GO2)
PLAN = make_ground_plan(GO2, GroundOptions(seconds=10.0), GAINS)
SHORT = dataclasses.replace(PLAN, stamp_s=PLAN.stamp_s[:500], target_rad=PLAN.target_rad[:500])


def test_a_plan_is_followed_and_what_came_of_it_is_a_log():
    """Of a robot that is heavier than the file says, with a payload in front."""
    world = parse_world({"truth": {"base_mass_kg": 9.0, "base_com_x_m": 0.05}}, GO2, "test")
    motion = motion_of(SHORT)
    played = rehearsed_standing(GO2, SETTINGS, motion, GAINS, world=world)
    assert (played.clamped, played.heard.losses.samples, played.heard.losses.commands) == (0, 0, 0)
    log = played.heard.log(GO2, GAINS, "rehearsal", 0.0)
    assert log.seconds == pytest.approx(motion.seconds, abs=0.02)
    # It squats: trunks go down by bending knees, all four alike.
    knees = log.position_rad[:, 2::3]
    assert np.ptp(knees, axis=0).min() > 0.05
    assert log.imu is not None
    assert np.linalg.norm(log.imu.acceleration_in_base_mps2, axis=1).mean() == pytest.approx(9.81, abs=0.1)


def test_a_robot_that_hangs_is_not_standing():
    world = parse_world({"trunk": "held"}, GO2, "test")
    with pytest.raises(SurefootError, match=r"no_contact|a foot does not touch the ground|and not standing"):
        rehearsed_standing(GO2, SETTINGS, motion_of(SHORT), GAINS, world=world)


def test_the_command_rehearses_plans_for_the_ground(tmp_path, capsys):
    short = tmp_path / "short.csv"
    write_plan(
        short,
        dataclasses.replace(SHORT, stamp_s=SHORT.stamp_s[:300], target_rad=SHORT.target_rad[:300]),
        GAINS,
        GO2,
        "ground",
    )
    assert main(["identify", "record", str(short), "--rehearse", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["seconds"] > 1.5) == (True, True)
    assert main(["identify", "record", str(short), "--out", str(tmp_path / "a.mcap")]) == 2
    assert "say so with --standing" in capsys.readouterr().err
    assert main(["identify", "record", str(short), "--out", str(tmp_path / "a.txt"), "--standing"]) == 2
    assert "must end with .mcap or .csv" in capsys.readouterr().err


def test_the_command_refuses_plans_that_throw_the_robot(tmp_path, capsys):
    t = np.arange(300) / 200.0
    thrown = SHORT.target_rad[:1] + np.tile([0.0, -0.5, 1.0], 4) * np.sin(2.0 * np.pi * 2.5 * t)[:, None]
    file = tmp_path / "thrown.csv"
    write_plan(file, dataclasses.replace(SHORT, stamp_s=t, target_rad=thrown), GAINS, GO2, "ground")
    assert main(["identify", "record", str(file), "--rehearse", "--json"]) == 1
    assert "a foot in the air" in json.loads(capsys.readouterr().out)["fault"]
