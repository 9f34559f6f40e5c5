import dataclasses

import numpy as np
import pytest
from safe_robot import ROBOTS, limits

from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import available_robots, load_robot
from surefoot_safety.limits import limits_of
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
