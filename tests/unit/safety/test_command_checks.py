import dataclasses
import math

import pytest
from safe_robot import ROBOTS, at, command, limits, target

from surefoot_safety.command import JointTarget
from surefoot_safety.command_checks import (
    command_not_finite,
    command_of_wrong_robot,
    command_too_old,
    gains_out_of_range,
)
from surefoot_safety.gate import command_violations
from surefoot_safety.violation import Check

FIELDS = [field.name for field in dataclasses.fields(JointTarget)]


def checks(found):
    return [violation.check for violation in found]


def test_a_sound_command():
    assert command_violations(command(1.0), 1.0, limits(), None) == []
    assert command_violations(command(1.0, 5), 1.02, limits(), (4, 0.9)) == []


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("joint", range(12))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None, 1, "x"])
def test_every_bad_number_of_a_target_is_found(name, joint, bad):
    found = command_not_finite(command(**{name: at(getattr(target(), name), joint, bad)}), 12)
    assert checks(found) == [Check.COMMAND_FINITE]
    assert found[0].message == f"{name} must be 12 finite numbers"


@pytest.mark.parametrize("name", FIELDS)
def test_every_wrong_length_is_found(name):
    for value in (getattr(target(), name)[:-1], list(getattr(target(), name)), None, ()):
        assert checks(command_not_finite(command(**{name: value}), 12)) == [Check.COMMAND_FINITE]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("sequence", -1),
        ("sequence", 1.0),
        ("stamp_s", math.nan),
        ("stamp_s", math.inf),
        ("stamp_s", None),
        ("kind", "track"),
    ],
)
def test_the_head_is_looked_at_too(name, bad):
    found = command_violations(dataclasses.replace(command(), **{name: bad}), 1.0, limits(), None)
    assert checks(found) == [Check.COMMAND_FINITE]
    assert found[0].message.startswith(name)


@pytest.mark.parametrize("bad", [None, 7, object(), dataclasses.replace(command(), target=None)])
def test_what_is_no_command(bad):
    (found,) = command_violations(bad, 1.0, limits(), None)
    assert found.check is Check.COMMAND_FINITE
    assert found.message.startswith("not a command: ")


@pytest.mark.parametrize("own", ROBOTS)
@pytest.mark.parametrize("other", ROBOTS)
def test_every_robot_refuses_every_other_ones_commands(own, other):
    found = command_of_wrong_robot(command(robot=other), limits(own))
    assert checks(found) == ([] if own == other else [Check.COMMAND_ROBOT])
    assert all(own in violation.message for violation in found)


@pytest.mark.parametrize(
    ("age_s", "trips"), [(0.0, False), (0.0599, False), (0.0601, True), (math.nan, True), (math.inf, True)]
)
def test_age(age_s, trips):
    assert checks(command_too_old(5.0, 5.0 + age_s, 0.06)) == ([Check.COMMAND_AGE] if trips else [])
    assert checks(command_too_old(math.nan, 5.0, 0.06)) == [Check.COMMAND_AGE]


@pytest.mark.parametrize(("name", "most"), [("kp_nm_per_rad", 100.0), ("kd_nms_per_rad", 8.0)])
@pytest.mark.parametrize("joint", range(12))
def test_gains(name, most, joint):
    for gain, trips in [
        (0.0, False),
        (most, False),
        (math.nextafter(most, math.inf), True),
        (-1e-300, True),
        (math.nan, True),
        (math.inf, True),
    ]:
        found = gains_out_of_range(command(**{name: at((1.0,) * 12, joint, gain)}), limits())
        assert checks(found) == ([Check.COMMAND_GAIN] if trips else []), gain
        assert all(f"{limits().joint_names[joint]} {name}" in violation.message for violation in found)


def test_everything_at_once():
    wrong = dataclasses.replace(command(2.0, 3, robot="a1"), stamp_s=2.0)
    stiff = dataclasses.replace(wrong, target=target(kp_nm_per_rad=(200.0,) * 12))
    found = command_violations(stiff, 1.0, limits(), (9, 0.5))
    assert checks(found) == [Check.COMMAND_ROBOT, Check.COMMAND_FUTURE, Check.COMMAND_ORDER, *[Check.COMMAND_GAIN] * 12]
    old = command_violations(command(1.0, 99), 2.0, limits(), (3, 0.5))
    assert checks(old) == [Check.COMMAND_AGE, Check.COMMAND_LOST]


def test_so_many_may_be_lost():
    assert command_violations(command(1.0, 14), 1.0, limits(), (3, 0.5)) == []
    assert checks(command_violations(command(1.0, 15), 1.0, limits(), (3, 0.5))) == [Check.COMMAND_LOST]
