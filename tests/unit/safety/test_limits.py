import dataclasses

import numpy as np
import pytest
from safe_robot import ROBOTS, limits

from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import available_robots, load_robot
from surefoot_safety.leg_weight import leg_weights_nm, lifted_share
from surefoot_safety.limits import hanging_limits, leading_limits, limits_of
from surefoot_safety.settings_loader import load_settings


def test_every_robot_has_settings():
    assert available_robots() == ROBOTS


@pytest.mark.parametrize("robot", ROBOTS)
def test_they_are_the_specs_with_margins(robot):
    spec, found = load_robot(robot), limits(robot)
    assert (found.robot, found.robot_hash, found.joint_names) == (robot, robot_hash(spec), spec.joint_names)
    for ours, theirs in [
        (found.target_lower_rad, spec.joint_lower_rad + 0.02),
        (found.target_upper_rad, spec.joint_upper_rad - 0.02),
        (found.measured_lower_rad, spec.joint_lower_rad - 0.1),
        (found.measured_upper_rad, spec.joint_upper_rad + 0.1),
        (found.measured_speed_radps, 1.2 * spec.speed_limit_radps),
        (found.torque_nm, spec.torque_limit_nm),
        (found.full_torque_speed_radps, spec.full_torque_speed_radps),
        (found.no_load_speed_radps, spec.speed_limit_radps),
        (found.target_rate_radps, 2.0 * spec.speed_limit_radps),
        (found.damping_kd_nms_per_rad, np.full(12, 5.0)),
    ]:
        assert all(type(value) is float for value in ours)
        np.testing.assert_allclose(ours, theirs)
    assert found.least_base_height_m == pytest.approx(0.4 * spec.standing_height_m)
    assert found.settings == load_settings(robot)


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_poses_of_a_robot_are_within_its_limits(robot):
    for pose in load_robot(robot).poses.values():
        assert (np.array(limits(robot).target_lower_rad) <= pose).all()
        assert (np.array(limits(robot).target_upper_rad) >= pose).all()


def test_torque_may_be_held_back():
    settings = load_settings("go2")
    half = dataclasses.replace(settings, command=dataclasses.replace(settings.command, torque_share=0.5))
    np.testing.assert_allclose(limits_of(load_robot("go2"), half).torque_nm, 0.5 * load_robot("go2").torque_limit_nm)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("other", ROBOTS)
def test_settings_of_another_robot_are_refused(robot, other):
    if robot == other:
        return
    with pytest.raises(SurefootError, match=f"settings of '{other}' cannot be used on '{robot}'") as caught:
        limits_of(load_robot(robot), load_settings(other))
    assert caught.value.hint == f"load those of '{robot}'"


def test_a_margin_that_leaves_no_room():
    settings = load_settings("go2")
    wide = dataclasses.replace(settings, command=dataclasses.replace(settings.command, position_margin_rad=0.95))
    with pytest.raises(SurefootError, match=r"FL_calf_joint: a margin of 0\.95 rad on both sides") as caught:
        limits_of(load_robot("go2"), wide)
    assert caught.value.hint == "lower command.position_margin_rad"


@pytest.mark.parametrize("robot", ROBOTS)
def test_legs_that_hang_take_their_weight_and_some_friction(robot):
    found, friction_nm = limits(robot), limits(robot).settings.hanging.leg_friction_nm
    weights = leg_weights_nm(load_robot(robot))
    np.testing.assert_allclose(found.leg_torque_nm, np.add(weights, friction_nm))
    assert max(found.leg_torque_nm) < min(found.torque_nm)


@pytest.mark.parametrize("robot", ROBOTS)
def test_in_the_air_limits_are_no_milder_and_nothing_else_changes(robot):
    own = limits(robot)
    hanging, leading = hanging_limits(own), leading_limits(own)
    numbers = own.settings.hanging
    np.testing.assert_allclose(hanging.target_rate_radps, 0.75 * np.array(own.no_load_speed_radps))
    command = dataclasses.replace(own.settings.command, kp_limit_nm_per_rad=40.0, kd_limit_nms_per_rad=2.0)
    motion = dataclasses.replace(own.settings.motion, transition_rate_radps=0.5, transition_growth_radps2=0.0)
    settings = dataclasses.replace(own.settings, command=command, motion=motion)
    assert (numbers.kp_limit_nm_per_rad, numbers.kd_limit_nms_per_rad, numbers.lead_rate_radps) == (40.0, 2.0, 0.5)
    rates = {"settings": settings, "target_rate_radps": hanging.target_rate_radps}
    assert hanging == dataclasses.replace(own, **rates)
    rates["target_rate_radps"] = (1.0,) * 12  # twice the lead's
    assert leading == dataclasses.replace(own, **rates, torque_nm=own.leg_torque_nm)


def test_motors_that_have_less_than_legs_take_give_no_more():
    weak = dataclasses.replace(limits(), torque_nm=(1.0,) * 12)
    assert leading_limits(weak).torque_nm == (1.0,) * 12


def test_half_its_weight_is_just_not_too_much(monkeypatch):
    spec, found = load_robot("go2"), limits()
    share = lifted_share(spec, found.underside.legs, found.leg_torque_nm)
    monkeypatch.setattr("surefoot_safety.limits.LIFTED_SHARE", share)
    assert limits_of(spec, load_settings("go2")) == found
    monkeypatch.setattr("surefoot_safety.limits.LIFTED_SHARE", np.nextafter(share, 0.0))
    with pytest.raises(SurefootError, match="could push up 23% of its weight: at most 23%"):
        limits_of(spec, load_settings("go2"))


def test_legs_that_could_lift_the_robot_are_refused():
    settings = load_settings("go2")

    def strong(friction_nm):
        return dataclasses.replace(settings, hanging=dataclasses.replace(settings.hanging, leg_friction_nm=friction_nm))

    spec = load_robot("go2")
    assert limits_of(spec, strong(3.0)).leg_torque_nm[2] == pytest.approx(3.0 + leg_weights_nm(spec)[2])
    with pytest.raises(SurefootError, match=r"go2: legs that are led in the air could push up 5\d% of its") as caught:
        limits_of(spec, strong(4.0))
    assert caught.value.hint == "lower hanging.leg_friction_nm"
    light = dataclasses.replace(
        spec, trunk=dataclasses.replace(spec.trunk, inertial=dataclasses.replace(spec.trunk.inertial, mass_kg=-3.0))
    )
    with pytest.raises(SurefootError, match="of its weight: at most 50%"):
        limits_of(light, strong(1.5))
