import math

import numpy as np
import pytest
from fault_records import GO2, SETTINGS, STAND, ticks

from surefoot.faults.limits import beyond_limits, joints_went


def beyond(made):
    return int(beyond_limits(made, GO2, SETTINGS).sum())


def timeless():
    """As `ticks`, but nobody knows when commands were given: none of them can have been too fast."""
    made = ticks()
    made["command_s"] = np.nan
    return made


def test_a_robot_that_stands_asks_for_nothing_that_it_must_not():
    assert beyond(ticks()) == 0
    assert beyond(ticks()[:0]) == 0


@pytest.mark.parametrize(
    ("row", "value"),
    [(0, 9.0), (1, 99.0), (2, 99.0), (3, 101.0), (3, -1.0), (4, 8.1), (4, -0.1), (0, math.nan), (2, math.inf)],
)
def test_each_limit_is_looked_at(row, value):
    made = ticks()
    made["law"][100:105, row, 7] = value
    assert beyond(made) == 5


def test_more_torque_than_the_motor_has_is_noticed():
    """23.7 Nm of the Go2's thigh, at 25 Nm/rad: 0.95 rad ahead."""
    made = timeless()
    made["law"][100:105, 0, 1] = STAND[1] + 0.9
    assert beyond(made) == 0
    made["law"][100:105, 0, 1] = STAND[1] + 1.0
    assert beyond(made) == 1  # when it is new: later the motor cuts it
    braking = timeless()
    braking["velocity_radps"][:, 1] = 25.0  # near the speed without load
    braking["law"][100:105, 0, 1] = STAND[1] + 0.9
    assert beyond(braking) >= 1


def test_a_law_that_was_right_for_one_of_the_newest_samples_is_right():
    made = timeless()
    made["law"][100:105, 0, 1] = STAND[1] + 0.9
    made["position_rad"][99:, 1] -= 0.2  # a blow, after the supervisor had looked
    made["law"][105:, 3] = 0.0
    assert beyond(made) == 0
    made["position_rad"][90:, 1] = STAND[1] - 0.2  # it had looked before
    assert beyond(made) == 1


def test_a_law_is_judged_by_the_sample_that_the_supervisor_had_however_long_ago():
    made = timeless()
    made["law"][100:105, 0, 1] = STAND[1] + 0.9
    made["law"][105:, 3] = 0.0
    made["position_rad"][80:, 1] -= 0.2  # ten samples ago: the supervisor was held up since it had looked
    assert beyond(made) == 1
    made["judged_s"][100:105] = made["sample_s"][78]
    assert beyond(made) == 0
    made["judged_s"][100:105] = made["sample_s"][82]
    assert beyond(made) == 1
    made["position_rad"][80:, 1] += 0.2
    made["position_rad"][82:84, 1] -= 0.2  # the newest would let it pass
    assert beyond(made) == 1


def test_targets_that_leap_are_noticed_though_their_torque_is_small():
    """From one side of the joint to the other with every command: 60 rad/s, twice the no-load speed, is 0.3 rad."""
    made = ticks()
    made["law"][:, 3] = 5.0
    side = np.where((np.arange(len(made)) // 5) % 2, 1.0, -1.0)
    made["law"][:, 0, 1] = STAND[1] + 1.0 * side
    assert beyond(made) == 200  # of 201 commands; the first has nothing before it
    made["law"][:, 0, 1] = STAND[1] + 0.14 * side
    assert beyond(made) == 0


def test_a_command_that_came_late_may_have_gone_further():
    made = ticks()
    made["law"][:, 3] = 5.0
    made["law"][500:, 0, 1] += 0.5
    assert beyond(made) == 1
    made["command_s"][500:] += 0.005
    assert beyond(made) == 0
    made["command_s"][495:500] = np.nan  # of the one before nobody knows: counted from the last that is known
    assert beyond(made) == 0
    made["command_s"][500:] -= 0.010
    assert beyond(made) == 1


def test_others_begin_from_the_measured_joints():
    made = ticks()
    made["law"][:, 3] = 5.0
    made["law"][:500, 0, 1] += 0.7
    assert beyond(made) == 0
    made["position_rad"][:, 1] += 0.35  # neither near those before nor near the joint
    assert beyond(made) == 1
    made["law"][495:500, 3] = 0.0
    assert beyond(made) == 1  # after a stop the joint alone counts


def test_targets_further_from_the_joint_than_they_may_be_are_noticed():
    made = timeless()
    made["law"][:, 3] = 1.0
    made["law"][:, 0, 1] = made["position_rad"][:, 1] + SETTINGS.command.target_from_measured_rad
    assert beyond(made) == 0
    made["law"][100:105, 0, 1] += 0.01
    assert beyond(made) == 1


def test_a_target_may_be_carried_along_by_a_joint_that_would_leave_it_behind():
    made = ticks()
    made["law"][:, 3] = 1.0
    made["position_rad"][500:, 1] -= 1.9
    made["law"][505:, 0, 1] = made["position_rad"][505:, 1] + SETTINGS.command.target_from_measured_rad
    assert beyond(made) == 0
    made["law"][505:, 0, 1] -= 0.1
    assert beyond(made) == 1


def test_how_far_the_joints_went():
    made = ticks()
    made["true_position_rad"] = STAND
    inside = joints_went(made, GO2)
    assert inside["beyond_range_rad"] < 0.0
    assert (inside["speed_share"], inside["torque_share"]) == (0.0, 0.0)
    made["true_position_rad"][7, 2] = GO2.joint_lower_rad[2] - 0.05
    made["true_velocity_radps"][8, 3] = -2.0 * GO2.speed_limit_radps[3]
    made["true_torque_nm"][9, 4] = 0.5 * GO2.torque_limit_nm[4]
    assert joints_went(made, GO2) == pytest.approx(
        {"beyond_range_rad": 0.05, "speed_share": 2.0, "torque_share": 0.5}, abs=1e-9
    )
    assert joints_went(made[:0], GO2) == {}
