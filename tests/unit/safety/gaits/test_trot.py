"""Steps that catch a robot in motion: by hand."""

import copy
import math

import numpy as np
import pytest
from obedient_robot import Obedient
from safe_robot import load_robot_once, state, tilted

from surefoot_safety.gaits import Trot, plan_of
from surefoot_safety.gaits.plan import SLOW_RADPS
from surefoot_safety.gaits.trot import (
    ALARM_S,
    CLEARANCE_SHARE,
    LOADS_KNOWN_S,
    LONGEST_SHARE,
    REACH_SHARE,
    SETTLED_S,
    SHORTEST_SHARE,
    STEP_SHARE,
)
from surefoot_safety.leg import feet_of

PLAN = plan_of(load_robot_once("go2"))
STEP_S = STEP_SHARE * PLAN.fall_time_s
BUSY = (2.0,) * 12
"""Joint speeds of a robot that does not stand still; they cancel in no leg."""


def joints_for(feet):
    return tuple(angle for leg, foot in zip(PLAN.legs, feet, strict=True) for angle in leg.joints(foot))


def in_stride(up_m=0.0, pair=(1, 2)):
    """Standing, but for one diagonal in the air."""
    return joints_for([(x, y, z + (up_m if leg in pair else 0.0)) for leg, (x, y, z) in enumerate(PLAN.feet_m)])


def speeds_for(velocity, joints):
    """Joint speeds with which all feet stand still under a base of this velocity."""
    found = []
    for _, columns in feet_of(PLAN.legs, joints):
        found += np.linalg.solve(np.array(columns).T, -np.array(velocity)).tolist()
    return tuple(found)


def test_one_that_stands_stands():
    one = Obedient(Trot(PLAN), at=PLAN.standing_rad)
    assert one.gait.resting
    one.run(1.0)
    np.testing.assert_allclose(one.joints, PLAN.standing_rad, atol=1e-3)
    assert one.gait.resting
    assert not one.gait.finished


@pytest.mark.parametrize(
    "moving",
    [
        {"joint_velocity_radps": BUSY},
        {"angular_velocity_in_base_radps": (0.6, 0.0, 0.0)},
        {"joint_position_rad": in_stride(0.05)},
    ],
)
def test_one_that_moves_steps(moving):
    gait = Trot(PLAN)
    gait.begin(state(**{"joint_position_rad": PLAN.standing_rad, **moving}))
    assert not gait.resting


def test_the_pair_in_the_air_comes_down_and_it_rests():
    one = Obedient(Trot(PLAN), at=in_stride(0.05))
    one.run(0.5 * STEP_S + 0.02)
    # Half a step was left. Then it steps once more, until it has looked for long enough.
    assert not one.gait.resting
    one.run(STEP_S)
    assert one.gait.resting
    np.testing.assert_allclose([z for _, _, z in one.feet()], -PLAN.height_m, atol=0.01)


@pytest.mark.parametrize("pair", [(1, 2), (0, 3)])
def test_which_pair_stands(pair):
    one = Obedient(Trot(PLAN), at=in_stride(0.04, pair))
    other = [leg for leg in range(4) if leg not in pair]
    one.run(0.02)
    feet = one.feet()
    assert min(feet[leg][2] for leg in pair) > max(feet[leg][2] for leg in other)


def test_feet_are_put_ahead_by_the_capture_point():
    """V T / tanh(step / T) ahead of where they stand, T the time in which it falls."""
    one = Obedient(Trot(PLAN), at=in_stride(0.05))
    velocity = (0.3, 0.0, 0.0)
    for _ in range(round(0.45 * STEP_S / 0.005)):  # half of the step is done when it begins
        moving = speeds_for(velocity, one.joints)
        one.run(0.005, joint_velocity_radps=moving, acceleration_in_base_mps2=(0.0, 0.0, 9.81))
    ahead = 0.3 * PLAN.fall_time_s / math.tanh(STEP_SHARE)
    for leg in (1, 2):
        assert one.feet()[leg][0] == pytest.approx(PLAN.feet_m[leg][0] + ahead, abs=0.015)
        assert one.feet()[leg][1] == pytest.approx(PLAN.feet_m[leg][1], abs=0.01)


def test_feet_go_no_further_than_they_hold():
    one = Obedient(Trot(PLAN), at=in_stride(0.05))
    one.gait._odometry.velocity_mps = (9.0, -9.0, 0.0)
    x, y = one.gait._spot(1)
    assert (x - PLAN.feet_m[1][0], y - PLAN.feet_m[1][1]) == pytest.approx(
        (REACH_SHARE * PLAN.height_m, -REACH_SHARE * PLAN.height_m)
    )


def test_diagonals_step_in_turns():
    one = Obedient(Trot(PLAN), at=PLAN.standing_rad, joint_velocity_radps=BUSY)
    lifted = []
    for _ in range(round(3.5 * STEP_S / 0.005)):
        moving = speeds_for((1.2, 0.0, 0.0), one.joints)
        one.run(0.005, joint_velocity_radps=moving, acceleration_in_base_mps2=(0.0, 0.0, 9.81))
        heights = [z for _, _, z in one.feet()]
        lifted.append(heights[0] - heights[1])
    # Both diagonals were up in turns, by about the clearance.
    assert max(lifted) > 0.5 * CLEARANCE_SHARE * PLAN.height_m
    assert min(lifted) < -0.5 * CLEARANCE_SHARE * PLAN.height_m


def test_feet_find_level_ground_under_a_trunk_that_leans():
    gait = Trot(PLAN)
    gait.begin(state(joint_position_rad=PLAN.standing_rad, orientation_wxyz=tilted(0.2, "y")))  # nose down
    below = PLAN.height_m
    # down = (sin, 0, −cos): x sin − z cos = depth.
    assert gait._down_to(below, 0.2, 0.1) == pytest.approx((0.2 * math.sin(0.2) - below) / math.cos(0.2))
    assert gait._down_to(9.0, 0.0, 0.0) == pytest.approx(-LONGEST_SHARE * PLAN.height_m)
    assert gait._down_to(0.0, 0.0, 0.0) == pytest.approx(-SHORTEST_SHARE * PLAN.height_m)


def falling(one, seconds):
    """Legs and accelerometer say that the base runs away sideways, after a blow of one tick."""
    for tick in range(round(seconds / 0.005)):
        moving = speeds_for((0.0, 1.5, 0.0), one.joints)
        blow = 1.5 / 0.005 if tick == 0 else 0.0
        one.run(0.005, joint_velocity_radps=moving, acceleration_in_base_mps2=(0.0, blow, 9.81))


@pytest.mark.parametrize("higher", [(1, 2), (0, 3)])
def test_the_pair_that_stands_is_found_by_how_it_moves(higher):
    """A foot about to land may be the lower one: which stands, the accelerometer tells before the loads are known."""
    lower = tuple(leg for leg in range(4) if leg not in higher)
    one = Obedient(Trot(PLAN), at=in_stride(0.005, higher), joint_velocity_radps=BUSY)
    for tick in range(round(LOADS_KNOWN_S / 0.005) + 2):
        # What swings does not go on swinging as evenly as what stands stands.
        swing = speeds_for((-1.0 + 0.1 * tick, 0.0, 0.0), one.joints)
        stand = speeds_for((1.0, 0.0, 0.0), one.joints)
        speeds = tuple((swing if joint // 3 in lower else stand)[joint] for joint in range(12))
        one.run(0.005, joint_velocity_radps=speeds, acceleration_in_base_mps2=(0.0, 0.0, 9.81))
    assert one.gait._odometry.velocity_mps[0] == pytest.approx(1.0, abs=0.1)


def test_one_that_is_pushed_steps_again():
    one = Obedient(Trot(PLAN), at=PLAN.standing_rad)
    one.run(0.5)
    before = one.joints
    falling(one, 0.05 + ALARM_S)
    assert not one.gait.resting
    assert max(abs(a - b) for a, b in zip(before, one.joints, strict=True)) < 0.5  # no jump


def test_one_that_has_settled_steps_no_more():
    one = Obedient(Trot(PLAN, settles=True), at=PLAN.standing_rad)
    one.run(SETTLED_S + 0.1)
    falling(one, 0.3)
    assert one.gait.resting
    one = Obedient(Trot(PLAN, settles=True), at=PLAN.standing_rad)
    one.run(SETTLED_S - 0.5)
    falling(one, 0.3)
    assert not one.gait.resting


def test_takes_over_from_another_that_stands():
    one = Obedient(Trot(PLAN), at=in_stride(0.05))
    aside = tuple(angle + 0.01 for angle in PLAN.standing_rad)
    one.gait.stand_from(one.sample(), aside, one.now_s)
    assert one.gait.resting
    assert one.gait.position_rad == aside
    one.run(0.005)
    assert max(abs(a - b) for a, b in zip(aside, one.joints, strict=True)) < 0.02


def test_targets_do_not_leap_where_stepping_turns_into_standing():
    """Found by hypothesis: stepping moved on once more in the tick in which it came to rest, and standing took it back.

    Seen while its feet are still far from where they should be.
    """
    one = Obedient(Trot(PLAN), at=in_stride(0.05))
    while not one.gait.resting:
        last = copy.deepcopy(one)
        one.run(0.005)
    last.gait._feet = [(x + 0.05, y, z) for x, y, z in last.gait._feet]
    # Stepping goes as fast as motors can, up to 0.1 rad a tick; standing is slow, and begins where that was.
    for _ in range(2):
        before = last.joints
        last.run(0.005)
        assert last.gait.resting
        assert max(abs(a - b) for a, b in zip(before, last.joints, strict=True)) <= SLOW_RADPS * 0.005 + 1e-9
