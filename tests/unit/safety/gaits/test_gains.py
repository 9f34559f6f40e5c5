"""Settings that leave gaits too little to stand with."""

import dataclasses
import math

import pytest
from safe_robot import ROBOTS, limits, load_robot_once

from surefoot_robots.errors import SurefootError
from surefoot_safety.gaits import plan_of
from surefoot_safety.gaits.gains import check_gains

NEEDED = {
    "kp_limit_nm_per_rad": plan_of(load_robot_once("go2")).kp_nm_per_rad[0],
    "kd_limit_nms_per_rad": plan_of(load_robot_once("go2")).kd_nms_per_rad[0],
}


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_shipped_settings_leave_enough(robot):
    check_gains(load_robot_once(robot), limits(robot).settings.command)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("share", [0.999, 0.1, math.nan])
def test_too_little_is_refused(name, share):
    own = dataclasses.replace(limits().settings.command, **{name: share * NEEDED[name]})
    with pytest.raises(SurefootError, match=rf"command\.{name} is .*, and the gaits of go2 stand with") as refused:
        check_gains(load_robot_once("go2"), own)
    assert "--gaits" in refused.value.hint


@pytest.mark.parametrize("name", NEEDED)
def test_just_enough_is_enough(name):
    own = dataclasses.replace(limits().settings.command, **{name: NEEDED[name]})
    check_gains(load_robot_once("go2"), own)
