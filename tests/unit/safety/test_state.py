import math

import pytest
from safe_robot import tilted

from surefoot_safety.state import gravity_in_base, tilt_rad, tilt_rate_radps

NAN = math.nan


def test_level_and_upside_down():
    assert gravity_in_base((1.0, 0.0, 0.0, 0.0)) == (0.0, 0.0, -1.0)
    assert gravity_in_base((0.0, 1.0, 0.0, 0.0)) == (0.0, 0.0, 1.0)


def test_pitched_down_gravity_points_forward_and_rolled_right_it_points_right():
    # Nose down by 30°: R_y(30°)ᵀ (0, 0, −1) = (sin 30°, 0, −cos 30°). Right side down: (0, −sin 30°, −cos 30°).
    assert gravity_in_base(tilted(math.pi / 6, "y")) == pytest.approx((0.5, 0.0, -math.cos(math.pi / 6)))
    assert gravity_in_base(tilted(math.pi / 6, "x")) == pytest.approx((0.0, -0.5, -math.cos(math.pi / 6)))


def test_yaw_does_not_matter():
    yaw = (math.cos(0.4), 0.0, 0.0, math.sin(0.4))
    assert gravity_in_base(yaw) == pytest.approx((0.0, 0.0, -1.0))


def test_of_a_general_orientation():
    # 0.5 (1, 1, 1, 1) turns x to y, y to z, z to x: down, −z of the world, is −y of the base.
    assert gravity_in_base((0.5, 0.5, 0.5, 0.5)) == pytest.approx((0.0, -1.0, 0.0))
    # 0.5 (1, −1, 1, 1) turns x to −z: there is down.
    assert gravity_in_base((0.5, -0.5, 0.5, 0.5)) == pytest.approx((1.0, 0.0, 0.0))


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("angle", [0.0, 0.3, 1.0, 2.0, 3.1])
def test_tilt_is_the_angle_turned(axis, angle):
    assert tilt_rad(gravity_in_base(tilted(angle, axis))) == pytest.approx(angle)


def test_tilt_of_nan_is_nan():
    assert math.isnan(tilt_rad((NAN, 0.0, -1.0)))
    assert math.isnan(tilt_rad((0.0, NAN, -1.0)))
    assert math.isnan(tilt_rad((0.0, 0.0, NAN)))


@pytest.mark.parametrize(("axis", "turn"), [("x", (2.0, 0.0, 0.0)), ("y", (0.0, 2.0, 0.0))])
def test_tilt_rate_is_that_of_the_turn_and_has_its_sign(axis, turn):
    gravity = gravity_in_base(tilted(0.4, axis))
    assert tilt_rate_radps(gravity, turn) == pytest.approx(2.0)
    assert tilt_rate_radps(gravity, tuple(-part for part in turn)) == pytest.approx(-2.0)


def test_tilt_rate_across_the_tilt_and_about_the_vertical_is_zero():
    gravity = gravity_in_base(tilted(0.4, "x"))
    assert tilt_rate_radps(gravity, (0.0, 2.0, 0.0)) == pytest.approx(0.0)
    assert tilt_rate_radps((0.0, 0.0, -1.0), (0.0, 0.0, 5.0)) == 0.0


def test_level_any_horizontal_turn_raises_the_tilt():
    assert tilt_rate_radps((0.0, 0.0, -1.0), (-3.0, 4.0, 9.0)) == pytest.approx(5.0)
    assert tilt_rate_radps((9e-7, 0.0, -1.0), (-3.0, 4.0, 9.0)) == pytest.approx(5.0)
    assert tilt_rate_radps((1.1e-6, 0.0, -1.0), (-3.0, 4.0, 9.0)) == pytest.approx(4.0)
