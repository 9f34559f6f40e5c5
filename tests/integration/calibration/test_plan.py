"""Plans for a robot in air: within its limits by simulation and gate, or refused; and told apart by what they tell."""

import dataclasses

import numpy as np
import pytest

from surefoot_calibration.air.design import best_plan, candidates
from surefoot_calibration.air.plan import LINES, PlanOptions, make_plan, random_phases
from surefoot_calibration.air.plan_check import check_plan
from surefoot_calibration.log.gains import parse_gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.limits import limits_of
from surefoot_safety.settings_loader import load_settings

PHASES = random_phases(np.random.default_rng(0))
SHORT = PlanOptions(seconds=6.0)


def parts_of(name):
    robot = load_robot(name)
    return robot, limits_of(robot, load_settings(name)), parse_gains("25,0.5", robot.joint_names)


@pytest.fixture(scope="module")
def go2():
    return parts_of("go2")


def test_a_plan_rests_at_its_ends_and_moves_all_joints_in_every_part(go2):
    robot, _, _ = go2
    plan = make_plan(robot, SHORT, PHASES)
    home = robot.default_joint_position_rad
    assert len(plan.stamp_s) == 1200
    np.testing.assert_array_equal(plan.target_rad[[0, -1]], np.tile(home, (2, 1)))
    assert [name for name, _ in plan.parts] == ["chirp", "multisine", "ladder"]
    starts = [round(at_s * 200.0) for _, at_s in plan.parts]
    for first, after in zip(starts, [*starts[1:], 1100], strict=True):
        moved = plan.target_rad[first:after] - home
        assert (np.abs(moved).max(axis=0) > 0.05).all()
        np.testing.assert_allclose(moved[[0, -1]], 0.0, atol=0.002)
    assert np.abs(np.diff(plan.target_rad, axis=0)).max() < 0.05  # nowhere a jump


def test_right_legs_move_against_the_left_ones_but_for_their_hips(go2):
    robot, _, _ = go2
    moved = make_plan(robot, SHORT, PHASES).target_rad - robot.default_joint_position_rad
    np.testing.assert_allclose(moved[:, 0], moved[:, 3], atol=1e-12)
    np.testing.assert_allclose(moved[:, 1:3], -moved[:, 4:6], atol=1e-12)
    np.testing.assert_allclose(moved[:, 0:3], moved[:, 6:9], atol=1e-12)


@pytest.mark.parametrize("name", ["a1", "go1", "go2"])
def test_the_plan_is_safe_on_every_robot(name):
    robot, limits, gains = parts_of(name)
    check = check_plan(robot, limits, gains, make_plan(robot, SHORT, PHASES))
    assert check.passed, check
    assert {margin.what for margin in check.margins} >= {"speed", "torque", "room to the lower stop"}


def refused(go2, plan=None, gains=None, limits=None):
    robot, usual, own = go2
    check = check_plan(robot, limits or usual, gains or own, plan or make_plan(robot, SHORT, PHASES))
    assert not check.passed
    return check, [margin.what for margin in check.margins if not margin.kept]


def moved_by(plan, joint, offset_rad):
    target = plan.target_rad.copy()
    target[:, joint] += offset_rad
    return dataclasses.replace(plan, target_rad=target)


def test_what_comes_too_near_a_stop_is_refused(go2):
    plan = make_plan(go2[0], SHORT, PHASES)
    room = go2[1].target_upper_rad[2] - plan.target_rad[:, 2].max()
    check, what = refused(go2, moved_by(plan, 2, room - 0.03))
    assert what == ["room to the upper stop"]
    assert [margin.joint for margin in check.margins if not margin.kept] == ["FL_calf_joint"]


def test_what_the_gate_would_change_is_refused(go2):
    plan = make_plan(go2[0], SHORT, PHASES)
    check, what = refused(go2, moved_by(plan, 2, 0.5))
    assert "room to the upper stop" in what
    assert "FL_calf_joint" in check.gate
    jump = plan.target_rad.copy()
    jump[600, 0] += 0.6
    check, what = refused(go2, dataclasses.replace(plan, target_rad=jump))
    assert what == ["rate of targets"]
    assert check.gate.startswith("at 3.000 s: FL_hip_joint")


def test_gains_that_the_gate_would_lower_are_refused(go2):
    _, what = refused(go2, gains=parse_gains("90,0.5", go2[0].joint_names))
    assert "kp" in what


def test_motors_that_are_too_weak_for_it(go2):
    limits = dataclasses.replace(go2[1], torque_nm=(4.0,) * 12)
    _, what = refused(go2, limits=limits)
    assert "torque" in what


def test_legs_that_would_meet_are_refused(go2):
    plan = make_plan(go2[0], SHORT, PHASES)
    # Front legs far back, rear legs far forward.
    together = moved_by(moved_by(moved_by(plan, 1, 0.9), 2, -0.6), 7, -1.0)
    check, _ = refused(go2, together)
    assert " meets " in check.collision
    assert "FL" in check.collision


def test_the_best_of_several_choices_is_taken_and_the_same_seed_finds_it_again(go2):
    robot, _, gains = go2
    found = list(candidates(robot, gains, SHORT, 3, seed=1))
    assert len({one.information for one in found}) == 3
    best = max(found, key=lambda one: one.information)
    np.testing.assert_array_equal(best_plan(robot, SHORT, found).phases_rad, best.phases_rad)
    (again,) = candidates(robot, gains, SHORT, 1, seed=1)
    assert again.information == found[0].information
    assert best.phases_rad.shape == (3, LINES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": 4.0}, "a plan of 4 s is not valid: must be 5 to 600"),
        ({"rate_hz": 20.0}, "a rate of 20 Hz is not valid"),
        ({"highest_hz": 50.0}, "a highest frequency of 50 Hz is not valid: must be 2 to a fifth of the rate, 40"),
        ({"scale": 1.5}, "a scale of 1.5 is not valid"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(SurefootError, match=message):
        PlanOptions(**options)
