import dataclasses
import math

import pytest
from safe_robot import limits, pose, target

from surefoot_safety.transition import Transition, from_measured, led

MOTION = dataclasses.replace(limits().settings.motion, transition_rate_radps=2.0, transition_growth_radps2=10.0)


def at(angle):
    return (angle,) * 12


def test_it_begins_at_the_measured_pose():
    transition = from_measured(pose(), 5.0)
    assert transition == Transition(pose(), 5.0, 5.0)
    law, onward = led(target(position_rad=at(1.0)), transition, 5.0, MOTION)
    assert law.position_rad == pose()
    assert onward == transition


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_it_moves_at_a_bounded_rate_that_grows(sign):
    # 0.1 s in: 2 + 10 × 0.1 = 3 rad/s, for 20 ms since the last tick: 0.06 rad.
    transition = Transition(at(0.5), 5.0, 5.08)
    law, onward = led(
        target(position_rad=at(0.5 + sign), velocity_radps=at(1.0), torque_nm=at(2.0)), transition, 5.1, MOTION
    )
    assert law.position_rad == pytest.approx(at(0.5 + sign * 0.06))
    assert law.velocity_radps == at(0.0)
    assert law.torque_nm == at(2.0)
    assert (law.kp_nm_per_rad, law.kd_nms_per_rad) == (target().kp_nm_per_rad, target().kd_nms_per_rad)
    assert onward.position_rad == law.position_rad
    assert (onward.began_s, onward.last_s) == (5.0, 5.1)


def test_it_is_over_once_all_joints_have_arrived_and_half_a_second_has_passed():
    wanted = target(position_rad=(0.501, *at(0.5)[1:]), velocity_radps=at(1.0))
    assert led(wanted, Transition(at(0.5), 5.0, 5.49), 5.5, MOTION) == (wanted, None)
    law, onward = led(wanted, Transition(at(0.5), 5.0, 5.48), 5.49, MOTION)
    assert (law, onward) == (wanted, Transition(wanted.position_rad, 5.0, 5.49))
    far = target(position_rad=(0.9, *at(0.501)[1:]))
    law, onward = led(far, Transition(at(0.5), 5.0, 5.59), 5.6, MOTION)
    # 8 rad/s × 10 ms for the first, there already for the others.
    assert law.position_rad == pytest.approx((0.58, *at(0.501)[1:]))
    assert onward is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_does_not_become_one(value):
    law, _ = led(target(position_rad=(*at(0.5)[1:], value)), Transition(at(0.5), 5.0, 5.0), 5.1, MOTION)
    assert str(law.position_rad[-1]) == str(value)


def test_exactly_a_step_away():
    # 2 + 10 × 0.1 = 3 rad/s; for 0.25 s that is 0.75 rad, exact in binary.
    for wanted in (1.25, -0.25):
        law, _ = led(target(position_rad=at(wanted)), Transition(at(0.5), 5.0, 4.85), 5.1, MOTION)
        assert law.position_rad == pytest.approx(at(wanted))


def test_it_catches_up_with_what_moves():
    transition, ticks, now_s = from_measured(at(0.0), 0.0), 0, 0.0
    while transition is not None:
        ticks, now_s = ticks + 1, now_s + 0.005
        _, transition = led(target(position_rad=at(0.5 + 8.0 * now_s)), transition, now_s, MOTION)
        assert ticks < 1000
    assert ticks > 10


def test_too_few_joints_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        led(target(position_rad=at(0.5)[1:]), Transition(at(0.5), 5.0, 5.0), 5.1, MOTION)
