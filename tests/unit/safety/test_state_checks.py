"""Whether a sample can be used. Every number of it is made NaN, infinite, of another type and of another length."""

import dataclasses
import math

import pytest
from safe_robot import ROBOTS, limits, state

from surefoot_safety.finite import are_finite, is_count, is_finite
from surefoot_safety.state import RobotState
from surefoot_safety.state_checks import (
    in_future,
    lost,
    not_finite,
    out_of_order,
    too_old,
    wrong_norm,
    wrong_robot,
)
from surefoot_safety.violation import Check

GOOD = state()
NUMBERS = {
    field.name: getattr(GOOD, field.name)
    for field in dataclasses.fields(RobotState)
    if field.name not in {"robot_hash", "sequence", "foot_contact", "faults"}
}
BAD_NUMBERS = (math.nan, math.inf, -math.inf, None, "1.0", 1, True)


def places():
    """Every float of a sample: the field, and where in it."""
    for name, value in NUMBERS.items():
        if isinstance(value, tuple):
            yield from ((name, index) for index in range(len(value)))
        else:
            yield name, None


def test_there_are_as_many_numbers_as_it_looks():
    assert len(list(places())) == 1 + 3 * 12 + 4 + 3 + 3 + 1 + 2 * 12 + 1


@pytest.mark.parametrize(("name", "index"), list(places()))
@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_every_bad_number_is_found(name, index, bad):
    if index is None and bad is None and name in {"base_height_m", "battery_voltage_v"}:
        pytest.skip("it may be unknown")
    value = bad if index is None else (*NUMBERS[name][:index], bad, *NUMBERS[name][index + 1 :])
    found = not_finite(dataclasses.replace(GOOD, **{name: value}), 12)
    assert [violation.check for violation in found] == [Check.STATE_FINITE]
    assert found[0].message.startswith(f"{name} ")
    assert "must be" in found[0].message


@pytest.mark.parametrize("name", [name for name, value in NUMBERS.items() if isinstance(value, tuple)])
def test_every_wrong_length_is_found(name):
    for value in (NUMBERS[name][:-1], (*NUMBERS[name], 0.0), (), list(NUMBERS[name])):
        found = not_finite(dataclasses.replace(GOOD, **{name: value}), 12)
        assert [violation.check for violation in found] == [Check.STATE_FINITE], value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sequence", -1),
        ("sequence", 1.0),
        ("sequence", True),
        ("sequence", None),
        ("foot_contact", (True,) * 3),
        ("foot_contact", (True, True, True, 1)),
        ("foot_contact", [True] * 4),
        ("faults", ["hot"]),
        ("faults", (1,)),
        ("faults", None),
    ],
)
def test_other_fields_are_looked_at_too(name, value):
    found = not_finite(dataclasses.replace(GOOD, **{name: value}), 12)
    assert [violation.check for violation in found] == [Check.STATE_FINITE]
    assert name in found[0].message


def test_what_a_robot_does_not_report_may_be_missing():
    silent = dict.fromkeys(
        ("foot_contact", "base_height_m", "motor_temperature_c", "motor_current_a", "battery_voltage_v")
    )
    assert not_finite(dataclasses.replace(GOOD, **silent), 12) == []
    assert not_finite(dataclasses.replace(GOOD, sequence=0, faults=("hot",)), 12) == []


def test_long_values_are_shortened():
    (found,) = not_finite(dataclasses.replace(GOOD, faults="x" * 500), 12)
    assert "..." in found.message
    assert len(found.message) < 120


def test_finite():
    assert [is_finite(value) for value in (0.0, 1e308, math.nan, math.inf, 1, None)] == [True, True, *[False] * 4]
    assert are_finite((1.0, 2.0), 2)
    assert are_finite((), 0)
    assert not are_finite((1.0, math.nan), 2)
    assert [is_count(value) for value in (0, 7, -1, 1.0, True)] == [True, True, False, False, False]


@pytest.mark.parametrize("own", ROBOTS)
@pytest.mark.parametrize("other", ROBOTS)
def test_only_its_own_samples(own, other):
    found = wrong_robot(state(robot=other), limits(own))
    assert [violation.check for violation in found] == ([] if own == other else [Check.STATE_ROBOT])


def test_a_hash_that_is_no_text_is_not_its_own():
    (found,) = wrong_robot(state(robot_hash=None), limits())
    assert "None" in found.message
    assert "go2" in found.message


@pytest.mark.parametrize(
    ("stamp_s", "trips"),
    [(1.0, False), (1.005, False), (1.00501, True), (math.nan, True), (math.inf, True), (0.0, False)],
)
def test_the_future(stamp_s, trips):
    found = in_future(stamp_s, 1.0, 0.00500000001, Check.STATE_FUTURE)
    assert [violation.check for violation in found] == ([Check.STATE_FUTURE] if trips else [])
    assert in_future(1.0, math.nan, 0.005, Check.COMMAND_FUTURE)[0].check is Check.COMMAND_FUTURE


@pytest.mark.parametrize(
    ("previous", "sequence", "stamp_s", "trips"),
    [
        (None, 0, 0.0, False),
        ((5, 1.0), 6, 1.1, False),
        ((5, 1.0), 6, 1.0, False),
        ((5, 1.0), 99, 9.0, False),
        ((5, 1.0), 5, 1.0, False),
        ((5, 1.0), 5, 1.1, True),
        ((5, 1.0), 5, 0.9, True),
        ((5, 1.0), 4, 1.0, True),
        ((5, 1.0), 4, 1.1, True),
        ((5, 1.0), 4, 0.9, True),
        ((5, 1.0), 6, 0.9, True),
        ((5, 1.0), 6, math.nan, True),
    ],
)
def test_order(previous, sequence, stamp_s, trips):
    found = out_of_order(previous, sequence, stamp_s, Check.COMMAND_ORDER)
    assert [violation.check for violation in found] == ([Check.COMMAND_ORDER] if trips else [])


def test_lost_numbers():
    assert lost(None, 99, 2, Check.STATE_LOST) == []
    assert lost((5, 1.0), 8, 2, Check.STATE_LOST) == []
    (found,) = lost((5, 1.0), 9, 2, Check.STATE_LOST)
    assert found.check is Check.STATE_LOST
    assert found.message == "3 lost before number 9 > 2"


@pytest.mark.parametrize(
    ("length", "trips"), [(1.0, False), (1.019, False), (0.981, False), (1.021, True), (0.979, True), (0.0, True)]
)
def test_the_length_of_an_orientation(length, trips):
    half = 0.5 * length
    found = wrong_norm((half, half, -half, half))
    assert [violation.check for violation in found] == ([Check.ORIENTATION_NORM] if trips else [])


@pytest.mark.parametrize("index", range(4))
def test_an_orientation_of_nan(index):
    broken = [0.5] * 4
    broken[index] = math.nan
    assert wrong_norm(tuple(broken))[0].check is Check.ORIENTATION_NORM


@pytest.mark.parametrize(
    ("age_s", "check"),
    [
        (0.0, None),
        (-0.005, None),
        (-0.0051, Check.STATE_STALE),
        (0.02, None),
        (0.0201, Check.STATE_LATE),
        (0.05, Check.STATE_LATE),
        (0.0501, Check.STATE_STALE),
        (math.nan, Check.STATE_STALE),
        (math.inf, Check.STATE_STALE),
        (-math.inf, Check.STATE_STALE),
    ],
)
def test_age(age_s, check):
    found = too_old(age_s, 0.02, 0.05, 0.005)
    assert [violation.check for violation in found] == ([check] if check else [])
