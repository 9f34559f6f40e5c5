"""Whatever is measured: what a gait gives is within limits, at bounded rates from the measured pose, or an error."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safe_robot import ROBOTS, load_robot_once, state

from surefoot_safety.command import VelocityCommand
from surefoot_safety.gaits import Collapse, Crawl, Fallback, GaitError, Sit, Stand, StandUp, Trot, plan_of
from surefoot_safety.gaits.drive import slow_rates

PLANS = {robot: plan_of(load_robot_once(robot)) for robot in ROBOTS}
GAITS = [Collapse, Crawl, Fallback, Sit, Stand, StandUp, Trot]
TICK_S = 0.005


def numbers(size, bound):
    return st.tuples(*[st.floats(-bound, bound)] * size)


@st.composite
def samples(draw):
    """Any pose, any speed, any attitude that is one; time goes on, stands still or goes back."""
    turn = draw(numbers(4, 1.0).filter(lambda q: sum(part * part for part in q) > 0.01))
    length = math.sqrt(sum(part * part for part in turn))
    return {
        "joint_position_rad": draw(numbers(12, 7.0)),
        "joint_velocity_radps": draw(numbers(12, 100.0)),
        "orientation_wxyz": tuple(part / length for part in turn),
        "angular_velocity_in_base_radps": draw(numbers(3, 30.0)),
        "acceleration_in_base_mps2": draw(numbers(3, 200.0)),
    }


@pytest.mark.parametrize("kind", GAITS)
@settings(max_examples=40)
@given(
    robot=st.sampled_from(ROBOTS),
    first=samples(),
    later=st.lists(st.tuples(samples(), st.floats(-0.01, 0.1), numbers(3, 3.0)), min_size=1, max_size=12),
    repeats=st.integers(1, 20),
)
def test_within_limits_and_rates(kind, robot, first, later, repeats):
    plan, now_s, sequence = PLANS[robot], 1.0, 1
    gait, twin = kind(plan), kind(plan)
    try:
        gait.begin(state(now_s, robot=robot, **first))
    except GaitError:
        return
    twin.begin(state(now_s, robot=robot, **first))
    before = tuple(
        min(high, max(low, angle))
        for low, angle, high in zip(plan.lower_rad, first["joint_position_rad"], plan.upper_rad, strict=True)
    )
    rates = slow_rates(plan, math.inf)
    for measured, passed_s, asked in later:
        for _ in range(repeats):
            now_s, sequence = now_s + passed_s, sequence + 1
            sample = state(now_s, sequence, robot, **measured)
            command = VelocityCommand(sequence, now_s, *asked)
            try:
                law = gait.tick(sample, command, now_s)
            except GaitError:
                return
            assert twin.tick(sample, command, now_s) == law
            for joint in range(12):
                assert plan.lower_rad[joint] <= law.position_rad[joint] <= plan.upper_rad[joint]
                assert abs(law.torque_nm[joint]) <= plan.torque_nm[joint]
                if kind is not Collapse:
                    most = rates[joint] * min(0.02, max(0.0, passed_s))
                    assert abs(law.position_rad[joint] - before[joint]) <= most + 1e-6
            assert all(0.0 <= kp <= 100.0 for kp in law.kp_nm_per_rad)
            assert all(0.0 <= kd <= 8.0 for kd in law.kd_nms_per_rad)
            assert law.velocity_radps == (0.0,) * 12
            before = law.position_rad


@pytest.mark.parametrize("kind", GAITS)
@given(
    field=st.sampled_from(
        [
            "joint_position_rad",
            "joint_velocity_radps",
            "orientation_wxyz",
            "angular_velocity_in_base_radps",
            "acceleration_in_base_mps2",
        ]
    ),
    index=st.integers(0, 2),
    value=st.sampled_from([math.nan, math.inf, -math.inf]),
    at_first=st.booleans(),
)
def test_what_is_no_number_stops_it(kind, field, index, value, at_first):
    good = state()
    values = list(getattr(good, field))
    values[index] = value
    bad = dataclasses.replace(good, **{field: tuple(values)})
    gait = kind(PLANS["go2"])
    still = VelocityCommand(0, 1.0, 0.0, 0.0, 0.0)
    if at_first:
        with pytest.raises(GaitError, match=field):
            gait.begin(bad)
        return
    gait.begin(good)
    with pytest.raises(GaitError, match=field):
        gait.tick(bad, still, 1.005)
    with pytest.raises(GaitError, match="now_s"):
        gait.tick(good, still, value)
