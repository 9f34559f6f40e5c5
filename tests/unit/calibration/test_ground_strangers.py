"""Calibrations that somebody else made, or wrote by hand, where they are used on the ground."""

import dataclasses

import numpy as np
import pytest

from surefoot_calibration.air.parameters import KINDS, nominal_parameters
from surefoot_calibration.ground.compare import calibrated_robot
from surefoot_calibration.ground.parameters import FRICTION, TRUNK_NAMES, values_of
from surefoot_calibration.ground.priors import ground_priors
from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")


def calibration(**values):
    """The file's robot, exactly, but for `values` by name, for all joints."""
    own, trunk = nominal_parameters(GO2), values_of(GO2.trunk.inertial)
    found = {
        (kind, joint): float(value)
        for kind, row in zip(KINDS, own.table, strict=True)
        for joint, value in zip(GO2.joint_names, row, strict=True)
    }
    found |= {("action_delay_s", None): own.action_delay_s, (FRICTION, None): GO2.foot_friction}
    found |= {(name, None): float(value) for name, value in zip(TRUNK_NAMES, trunk, strict=True)}
    rows = []
    for (name, joint), nominal in found.items():
        value = values.get(name, nominal)
        rows.append(Measured(name, joint, value, value, value, "identified"))
    return Calibration("strange.yaml", "a" * 64, "go2", robot_hash(GO2), "in-air+ground", tuple(rows))


def test_the_file_itself_is_a_robot():
    found = calibrated_robot(GO2, calibration())
    np.testing.assert_allclose(values_of(found.ground.trunk), values_of(GO2.trunk.inertial))
    np.testing.assert_array_equal(found.joints.table, nominal_parameters(GO2).table)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("armature_kgm2", 0.0, "armature_kgm2 of FL_hip_joint 0 is not physical: must be above 0"),
        ("motor_strength", 0.0, "motor_strength of FL_hip_joint 0 is not physical: must be within 0.1 to 10"),
        ("friction_nm", -0.1, "friction_nm of FL_hip_joint -0.1 is not physical: must be at least 0"),
        ("action_delay_s", -0.01, "action_delay_s -0.01 is not physical"),
        ("base_mass_kg", -5.0, "base_mass_kg -5 is not physical: must be at least 0.1"),
        ("base_inertia_yy_kgm2", -5.0, "base_inertia_yy_kgm2 -5 is not physical"),
    ],
)
def test_what_no_robot_has_is_refused(name, value, match):
    for used in (ground_priors, calibrated_robot):
        with pytest.raises(SurefootError, match=rf"strange.yaml: {match}"):
            used(GO2, calibration(**{name: value}))


def test_an_inertia_that_no_body_has_is_refused():
    for values in ({"base_inertia_yy_kgm2": 50.0}, {"base_inertia_xz_kgm2": 50.0}):
        with pytest.raises(SurefootError, match=r"base_inertia: principal moments .* are not physical"):
            calibrated_robot(GO2, calibration(**values))


def test_a_file_without_any_trunk_is_refused():
    found = calibration()
    joints = tuple(one for one in found.measured if one.joint is not None)
    with pytest.raises(SurefootError, match="says nothing of the trunk"):
        calibrated_robot(GO2, dataclasses.replace(found, measured=joints))


def test_nothing_is_known_exactly():
    """A friction of nothing, and nothing to either side, is divided by like any other."""
    priors = ground_priors(GO2, calibration(friction_nm=0.0, damping_nms_per_rad=0.0))
    assert (priors.deviation > 0.0).all()
    assert np.isfinite(priors.mean / priors.deviation).all()
