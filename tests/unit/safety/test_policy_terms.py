"""What a policy's contract rules out, and what the supervisor does about it."""

import dataclasses
import math

import pytest
from safe_robot import Rig, at, limits, pose, target

from surefoot_safety.mode import Mode
from surefoot_safety.policy_terms import BEYOND_RANGE_RAD, GAIN_OFF, PolicyTerms, terms_broken
from surefoot_safety.table import Trigger
from surefoot_safety.violation import STOPPING, Check

NAMES = limits().joint_names
PLAIN = target()
TERMS = PolicyTerms(
    "0" * 64,
    PLAIN.kp_nm_per_rad,
    PLAIN.kd_nms_per_rad,
    tuple(angle - 0.5 for angle in pose()),
    tuple(angle + 0.5 for angle in pose()),
)


def found(**bent):
    return [(violation.check, violation.message) for violation in terms_broken(target(**bent), TERMS, NAMES)]


def test_nothing_is_found_in_what_keeps_to_them():
    assert found() == []
    for joint in range(12):
        for off in (-0.5009, 0.5009):
            assert found(position_rad=at(pose(), joint, pose()[joint] + off)) == []


def test_a_target_may_be_beyond_the_range_by_just_so_much():
    low, high = TERMS.lower_rad[3] - BEYOND_RANGE_RAD, TERMS.upper_rad[3] + BEYOND_RANGE_RAD
    for angle, checks in ((low, 0), (math.nextafter(low, -9.0), 1), (high, 0), (math.nextafter(high, 9.0), 1)):
        assert len(found(position_rad=at(pose(), 3, angle))) == checks


def test_gains_may_be_off_by_just_so_much():
    terms = dataclasses.replace(TERMS, kp_nm_per_rad=(0.0,) * 12, kd_nms_per_rad=(0.0,) * 12)
    for gain, count in ((GAIN_OFF, 0), (math.nextafter(GAIN_OFF, 1.0), 1)):
        bent = target(kp_nm_per_rad=at((0.0,) * 12, 2, gain), kd_nms_per_rad=(0.0,) * 12)
        assert len(terms_broken(bent, terms, NAMES)) == count


@pytest.mark.parametrize("field", ["kp_nm_per_rad", "upper_rad"])
def test_terms_of_another_number_of_joints_are_an_error_of_ours(field):
    short = dataclasses.replace(TERMS, **{field: getattr(TERMS, field)[1:]})
    with pytest.raises(ValueError, match="shorter"):
        terms_broken(PLAIN, short, NAMES)


@pytest.mark.parametrize("joint", range(12))
def test_targets_out_of_range(joint):
    for off in (-0.5011, 0.5011, math.nan, math.inf):
        ((check, message),) = found(position_rad=at(pose(), joint, pose()[joint] + off))
        assert check is Check.COMMAND_RANGE
        assert message.startswith(f"{NAMES[joint]} at ")


@pytest.mark.parametrize("joint", range(12))
@pytest.mark.parametrize("name", ["kp", "kd"])
def test_other_gains(joint, name):
    key = {"kp": "kp_nm_per_rad", "kd": "kd_nms_per_rad"}[name]
    right = getattr(PLAIN, key)
    for off in (-1.1e-6, 1.1e-6, 1.0, math.nan):
        ((check, message),) = found(**{key: at(right, joint, right[joint] + off)})
        assert check is Check.COMMAND_GAIN
        assert message.startswith(f"{NAMES[joint]} {name} ")
    assert found(**{key: at(right, joint, right[joint] + 0.9e-6)}) == []


@pytest.mark.parametrize("name", ["velocity_radps", "torque_nm"])
def test_a_policy_adds_nothing_of_its_own(name):
    for value in (1e-9, -20.0, math.nan):
        ((check, message),) = found(**{name: at((0.0,) * 12, 7, value)})
        assert check is Check.COMMAND_RANGE
        assert message.startswith(f"{NAMES[7]} {name.split('_', maxsplit=1)[0]} ")


def test_both_stop_a_policy():
    assert {Check.COMMAND_GAIN, Check.COMMAND_RANGE} <= STOPPING


@pytest.mark.parametrize(
    "bent",
    [
        {"kp_nm_per_rad": at(PLAIN.kp_nm_per_rad, 3, 26.0)},
        {"kd_nms_per_rad": at(PLAIN.kd_nms_per_rad, 11, 0.0)},
        {"position_rad": at(pose(), 0, pose()[0] + 0.51)},
    ],
)
def test_a_policy_that_breaks_them_is_not_followed(bent):
    free = Rig().to(Mode.WALKING)
    free.tick(policy_bent=bent)
    assert free.mode is Mode.WALKING  # within the robot's own limits
    held = Rig(terms=TERMS).to(Mode.WALKING)
    assert held.tick().status.mode is Mode.WALKING
    status = held.tick(policy_bent=bent).status
    assert status.mode is Mode.FALLBACK
    assert "the policy's contract says" in status.latched[Trigger.POLICY_BAD]


def test_targets_that_are_none_are_found_first():
    rig = Rig(terms=TERMS).to(Mode.WALKING)
    status = rig.tick(policy_bent={"position_rad": (0.0,) * 11}).status
    assert status.mode is Mode.FALLBACK
    assert status.latched[Trigger.POLICY_BAD] == "position_rad must be 12 finite numbers"
