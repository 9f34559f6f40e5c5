import math

import pytest

from surefoot_control.clock import Stamps
from surefoot_control.counts import Counts
from surefoot_control.intake import PolicyFacts, TargetIntake, VelocityIntake
from surefoot_control.names import ByName
from surefoot_safety.command import CommandKind

NAMES = ("a", "b", "c")
FACTS = PolicyFacts("hash", NAMES, (1.0, 2.0, 3.0), (0.1, 0.2, 0.3), "d1")
OURS = "policy:d1:x"


def take(intake, names=NAMES, position=(0.1, 0.2, 0.3), *, stamp_s=10.0, source=OURS, now_s=10.01):
    return intake.take(names, position, stamp_s, source, now_s)


def test_targets_are_ordered_by_name_and_get_the_contracts_gains():
    command = take(TargetIntake(FACTS, 41), ("c", "a", "b"), (0.3, 0.1, 0.2))
    assert command.target.position_rad == (0.1, 0.2, 0.3)
    assert command.target.kp_nm_per_rad == (1.0, 2.0, 3.0)
    assert command.target.kd_nms_per_rad == (0.1, 0.2, 0.3)
    assert command.target.velocity_radps == command.target.torque_nm == (0.0, 0.0, 0.0)
    assert (command.robot_hash, command.sequence, command.stamp_s) == ("hash", 42, 10.0)
    assert command.kind is CommandKind.TRACK


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"names": ("a", "b")}, "3 positions for 2 joints"),
        ({"names": ("a", "b"), "position": (0.1, 0.2)}, "2 joints, must be 3"),
        ({"names": ("a", "b", "x")}, "joint c is missing"),
        ({"names": ("a", "b", "b")}, "joint c is missing"),
        ({"names": (), "position": ()}, "0 joints, must be 3"),
        ({"position": (0.1, 0.2, 0.3, 0.4)}, "4 positions for 3 joints"),
        ({"stamp_s": 10.02}, "stamped 0.010 s in the future"),
        ({"stamp_s": math.nan}, "in the future"),
        ({"source": "policy:other:x"}, "of policy other, must be d1"),
    ],
)
def test_what_is_no_target_is_dropped_with_the_reason_and_changes_nothing(wrong, why):
    intake = TargetIntake(FACTS)
    assert why in take(intake, **wrong)
    assert take(intake).sequence == 1


def test_duplicates_and_old_ones_are_dropped():
    intake = TargetIntake(FACTS)
    take(intake)
    assert take(intake) == "not newer than the last: 0.000 s older"
    assert take(intake, stamp_s=9.98) == "not newer than the last: 0.020 s older"
    assert take(intake, stamp_s=10.005).sequence == 2


def test_the_age_of_targets_is_left_to_the_supervisor():
    assert take(TargetIntake(FACTS), stamp_s=1.0).stamp_s == 1.0


def test_targets_that_are_no_numbers_are_handed_on_to_be_judged():
    assert math.isnan(take(TargetIntake(FACTS), position=(0.1, math.nan, 0.3)).target.position_rad[1])


def test_a_second_publisher_is_dropped_until_the_first_has_been_silent():
    intake = TargetIntake(FACTS)
    take(intake)
    assert take(intake, stamp_s=10.1, source="", now_s=10.4) == f"from '' while {OURS!r} is heard"
    assert take(intake, stamp_s=10.1, source="", now_s=10.51).sequence == 2


def test_without_a_policy_of_its_own_the_robot_node_takes_any():
    facts = PolicyFacts("hash", NAMES, (1.0,) * 3, (0.1,) * 3)
    assert take(TargetIntake(facts), source="policy:other:x").sequence == 1


def test_velocities_without_a_stamp_are_stamped_on_arrival():
    intake = VelocityIntake()
    first, second = intake.take((0.5, 0.1, -0.2), None, 3.0), intake.take((0.5, 0.1, -0.2), None, 3.0)
    assert (first.vx_mps, first.vy_mps, first.yaw_rate_radps, first.stamp_s) == (0.5, 0.1, -0.2, 3.0)
    assert (first.sequence, second.sequence) == (1, 2)


@pytest.mark.parametrize(
    ("velocity", "stamp_s", "why"),
    [
        ((math.nan, 0.0, 0.0), None, "not made of numbers"),
        ((0.0, math.inf, 0.0), None, "not made of numbers"),
        ((0.0, 0.0, 0.0), 3600.0, "in the future"),
        ((0.0, 0.0, 0.0), 9.7, "0.30 s old"),
        ((0.0, 0.0, 0.0), 9.9, "not newer than the last"),
    ],
)
def test_velocities_that_are_none_or_untimely_are_dropped(velocity, stamp_s, why):
    intake = VelocityIntake()
    if why.startswith("not newer"):
        intake.take((0.0, 0.0, 0.0), 9.9, 10.0)
    assert why in intake.take(velocity, stamp_s, 10.0)


def test_names_in_another_order_than_before_are_followed():
    names = ByName(NAMES)
    assert names.fault(["b", "c", "a"]) == ""
    assert names.ordered((2, 3, 1)) == (1, 2, 3)
    assert names.fault(["a", "b", "c"]) == ""
    assert names.ordered((1, 2, 3)) == (1, 2, 3)


def test_stamps_come_back_to_the_nanosecond():
    stamps = Stamps(1_795_281_646_000_000_123)
    seconds, nanoseconds = stamps.to_ros(30123.456789012)
    assert (seconds, nanoseconds) == (1_795_311_769, 456_789_135)
    assert stamps.from_ros(seconds, nanoseconds) == pytest.approx(30123.456789012, abs=1e-9)


def test_of_a_flood_a_line_every_two_seconds_and_all_are_counted():
    lines = []
    counts = Counts(lines.append)
    for tenth in range(41):
        counts.note("cmd_vel", f"why {tenth}", 0.1 * tenth)
    counts.note("imu", "other", 0.0)
    assert counts.counts == {"cmd_vel": 41, "imu": 1}
    assert counts.last["cmd_vel"] == "why 40"
    assert lines == [
        "cmd_vel dropped (1 so far): why 0",
        "cmd_vel dropped (21 so far): why 20",
        "cmd_vel dropped (41 so far): why 40",
        "imu dropped (1 so far): other",
    ]
