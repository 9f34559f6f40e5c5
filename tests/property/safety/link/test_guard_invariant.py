"""Whatever comes, what the link hands to the motors is a stop or a finite command within the robot's limits."""

import math

from hypothesis import given
from hypothesis import strategies as st
from safe_robot import load_robot_once

from surefoot_safety.command import CommandKind, JointCommand, JointTarget
from surefoot_safety.link.guard import COMMAND_AGE_S, ROUNDING, GuardMemory, link_limits_of, ordered
from surefoot_safety.settings_loader import load_settings

LIMITS = link_limits_of(load_robot_once("go2"), load_settings("go2"))
WILD = st.floats() | st.sampled_from([0.0, -0.0, 1e-12, 23.7, 30.1, 100.0, math.nan, math.inf])


def near(limit):
    return st.floats(-1.2 * limit, 1.2 * limit) | st.just(limit)


def joints(values):
    return st.lists(values, min_size=12, max_size=12).map(tuple)


def laws(values):
    return st.builds(JointTarget, joints(values), joints(values), joints(values), joints(values), joints(values))


WITHIN = st.builds(
    JointTarget,
    st.tuples(*(st.floats(low, high) for low, high in zip(LIMITS.lower_rad, LIMITS.upper_rad, strict=True))),
    joints(near(15.0)),
    joints(near(20.0)),
    joints(near(90.0).map(abs)),
    joints(near(7.0).map(abs)),
)
STOP = st.just(LIMITS.damping)
COMMANDS = st.none() | st.builds(
    JointCommand,
    st.sampled_from([LIMITS.robot_hash, "0" * 64]) | st.just(LIMITS.robot_hash),
    st.integers(-1, 1000),
    WILD | st.floats(0.0, 1000.0),
    st.sampled_from(CommandKind),
    laws(WILD) | WITHIN | STOP,
)


def is_within(target):
    def between(values, low, high):
        return all(a - ROUNDING <= value <= b + ROUNDING for a, value, b in zip(low, values, high, strict=True))

    speed, torque = LIMITS.speed_radps, LIMITS.torque_nm
    return (
        between(target.position_rad, LIMITS.lower_rad, LIMITS.upper_rad)
        and between(target.velocity_radps, [-most for most in speed], speed)
        and between(target.torque_nm, [-most for most in torque], torque)
        and between(target.kp_nm_per_rad, [0.0] * 12, [LIMITS.kp_nm_per_rad] * 12)
        and between(target.kd_nms_per_rad, [0.0] * 12, [LIMITS.kd_nms_per_rad] * 12)
    )


def is_stop(target):
    moves = (*target.kp_nm_per_rad, *target.velocity_radps, *target.torque_nm)
    brakes = all(0.0 <= kd <= LIMITS.kd_nms_per_rad + ROUNDING for kd in target.kd_nms_per_rad)
    return not any(moves) and brakes and all(map(math.isfinite, target.position_rad))


@given(st.lists(st.tuples(COMMANDS, WILD | st.floats(0.0, 0.06)), max_size=8))
def test_a_stop_or_within_limits_and_targets_only_after_a_stop(events):
    memory, stopped_last = GuardMemory(), False
    for command, age_s in events:
        order, memory = ordered(command, age_s, LIMITS, memory)
        if order.kind is CommandKind.TRACK:
            assert is_within(order.target)
            assert stopped_last
            assert age_s <= COMMAND_AGE_S
            assert order.target is command.target
        else:
            assert is_stop(order.target)
            stopped_last = not order.reason  # the supervisor's own stop, not one in its place
