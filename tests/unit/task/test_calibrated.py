"""What becomes of models and ranges, by numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from measured import DELAY, GO2, armature, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.task.arrays import Rng
from surefoot_training.task.calibrated import calibrated_task, changes, measured_robot, unused_names
from surefoot_training.task.measured_ranges import MeasuredRanges
from surefoot_training.task.randomization import RandomizationConfig, normalised, sample
from surefoot_training.task.sensors import SensorConfig
from surefoot_training.task.tasks import TASKS

FLAT = TASKS["velocity-flat"]
HIP = "FL_hip_joint"


def of_joint(name, value, low, high, verdict="identified"):
    return Measured(name, HIP, value, low, high, verdict)


def of_robot(name, value, low, high, verdict="identified"):
    return Measured(name, None, value, low, high, verdict)


def change(one, factor=2.0):
    (found,) = changes(FLAT, GO2, calibration(one), factor)
    return found


@pytest.mark.parametrize(
    ("one", "factor", "value", "ends"),
    [
        # 0.005 − 2 · 0.0001 to 0.005 + 2 · 0.0002
        (armature(), 2.0, 0.005, (0.0048, 0.0054)),
        (armature(), 1.0, 0.005, (0.0049, 0.0052)),
        # Not beyond what was randomized before, ±50 %, about the new value.
        (armature(), 100.0, 0.005, (0.0025, 0.0075)),
        # Down to −0.03 even as measured: friction does not drive. Above, 0.05 + 0.05, as wide as the interval is.
        (of_joint("friction_nm", 0.05, -0.03, 0.1), 2.0, 0.05, (0.0, 0.1)),
        # As wide as before, ±50 %, about the estimate; or as the interval.
        (of_joint("damping_nms_per_rad", 0.12, 0.1, 0.14, "weak"), 2.0, 0.12, (0.06, 0.18)),
        (of_joint("damping_nms_per_rad", 0.12, 0.02, 0.3, "weak"), 2.0, 0.12, (0.02, 0.3)),
        # The file's 0.1 and ±50 %.
        (of_joint("damping_nms_per_rad", 0.7, 0.0, 3.0, "not_identifiable"), 2.0, 0.1, (0.05, 0.15)),
        (of_joint("motor_strength", 0.85, 0.84, 0.87), 2.0, 0.85, (0.83, 0.89)),
        (of_joint("motor_strength", 0.15, 0.12, 0.2, "weak"), 2.0, 0.15, (0.1, 0.25)),  # 0.05 is no motor
        (of_joint("encoder_offset_rad", 0.02, 0.019, 0.021), 2.0, 0.02, (0.018, 0.022)),
        (of_joint("encoder_offset_rad", 0.02, 0.019, 0.021, "weak"), 2.0, 0.02, (0.005, 0.035)),
        # 0.0123 ± 2 · 0.0003, from one physics step of 5 ms lower.
        (DELAY, 2.0, 0.0123, (0.0067, 0.0129)),
        (of_robot("action_delay_s", 0.0, 0.0, 0.002), 2.0, 0.0, (0.0, 0.004)),
        (of_robot("base_mass_kg", 8.0, 7.9, 8.2), 2.0, 8.0, (7.8, 8.4)),
        # ±20 % of the link's mass, and ±2 kg, half of −1 to 3 kg.
        (of_robot("base_mass_kg", 8.0, 7.9, 8.2, "weak"), 2.0, 8.0, (6.4 - 2.0, 9.6 + 2.0)),
        (of_robot("base_com_x_m", 0.03, 0.028, 0.033), 2.0, 0.03, (0.026, 0.036)),
        (of_robot("base_com_z_m", 0.01, 0.0, 0.02, "weak"), 2.0, 0.01, (-0.02, 0.04)),
    ],
)
def test_range_of_one_parameter(one, factor, value, ends):
    found = change(one, factor)
    assert found.value == pytest.approx(value)
    assert found.range == pytest.approx(ends)


def test_what_was_before_is_told_with_it():
    found = change(armature())
    assert (found.before, found.before_range) == (0.00448, pytest.approx((0.00224, 0.00672)))
    # 0.6 of 4.48
    assert found.width_share == pytest.approx(0.1339, abs=1e-4)


def test_only_the_joint_that_was_measured_changes():
    task, robot = calibrated_task(FLAT, GO2, calibration(armature())), measured_robot(GO2, calibration(armature()))
    first, *others = task.randomization.measured.armature_scale
    assert first == pytest.approx((0.96, 1.08))
    assert others == [(0.5, 1.5)] * 11
    assert robot.armature_kgm2.tolist() == [0.005, *GO2.armature_kgm2[1:].tolist()]
    rest = MeasuredRanges(armature_scale=task.randomization.measured.armature_scale)
    assert task == replace(FLAT, randomization=replace(FLAT.randomization, measured=rest))


def test_nothing_measured_is_nothing_changed():
    nothing = calibration(of_joint("motor_strength", 0.8, 0.1, 2.0, "not_identifiable"), of_robot("charm", 1, 1, 1))
    assert calibrated_task(FLAT, GO2, nothing) == FLAT
    assert measured_robot(GO2, nothing) == GO2
    assert unused_names(nothing) == ("charm",)


def test_a_heavier_trunk_has_more_inertia_and_no_other_scale():
    rows = calibration(of_robot("base_mass_kg", 2 * 6.921, 13.8, 13.9), of_robot("base_com_x_m", 0.03, 0.02, 0.04))
    robot, task = measured_robot(GO2, rows), calibrated_task(FLAT, GO2, rows)
    trunk, before = robot.trunk.inertial, GO2.trunk.inertial
    assert trunk.com_m == (0.03, *before.com_m[1:])
    assert trunk.inertia_kgm2.yy == pytest.approx(2 * before.inertia_kgm2.yy)
    assert task.randomization.measured.trunk_mass_scale == (1.0, 1.0)
    drawn = sample(task.randomization, 50, Rng(0, np))
    assert (drawn["link_mass_scale"][:, 0] == 1.0).all()
    assert drawn["link_mass_scale"][:, 1:].std() > 0.1
    # Twice from 13.842 kg to 13.8 and to 13.9.
    assert task.randomization.base_mass_added_kg == pytest.approx((-0.084, 0.116))


def test_a_light_trunk_is_never_lighter_than_nothing():
    found = calibrated_task(FLAT, GO2, calibration(of_robot("base_mass_kg", 1.0, 0.9, 1.1, "weak"))).randomization
    # 0.8 kg is the lightest that the link's scale leaves; 0.1 kg must remain.
    assert found.base_mass_added_kg == pytest.approx((-0.7, 2.0))


def test_a_quantity_that_is_nothing_may_be_as_much_as_the_interval_says():
    one = of_joint("damping_nms_per_rad", 0.0, 0.0, 0.04)
    assert measured_robot(GO2, calibration(one)).damping_nms_per_rad[0] == 0.04
    assert change(one).range == pytest.approx((0.0, 0.04))
    none = of_joint("damping_nms_per_rad", 0.0, 0.0, 0.0)
    assert measured_robot(GO2, calibration(none)).damping_nms_per_rad[0] == 0.0
    assert change(none).range == (0.0, 0.0)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            of_joint("armature_kgm2", 0.0, 0.0, 0.1),
            r"armature_kgm2 of FL_hip_joint 0 is not physical: must be above 0",
        ),
        (of_joint("friction_nm", -0.1, -0.2, 0.1), r"friction_nm of FL_hip_joint -0\.1 is not physical"),
        (of_joint("motor_strength", 0.0, 0.0, 0.1), r"not physical: must be within 0\.1 to 10"),
        (
            of_joint("action_delay_s", 0.01, 0.0, 0.1),
            "action_delay_s of FL_hip_joint: it must be one of the whole robot",
        ),
        (of_robot("armature_kgm2", 0.01, 0.0, 0.1), "armature_kgm2: it must be one of each joint"),
    ],
)
def test_what_cannot_be_is_refused(one, message):
    with pytest.raises(SurefootError, match=message):
        measured_robot(GO2, calibration(one))


@pytest.mark.parametrize("factor", [0.99, float("nan"), 101.0])
def test_factors_that_are_none(factor):
    with pytest.raises(SurefootError, match="safety factor"):
        calibrated_task(FLAT, GO2, calibration(armature()), factor)


def test_another_robot():
    with pytest.raises(SurefootError, match="was measured on go2"):
        measured_robot(load_robot("a1"), calibration(armature()))


def test_each_joint_is_drawn_from_its_own_range_and_shown_by_it():
    strengths = tuple((0.5 + 0.05 * joint, 0.52 + 0.05 * joint) for joint in range(12))
    config = RandomizationConfig(measured=MeasuredRanges(motor_strength=strengths, trunk_mass_scale=(2.0, 2.5)))
    drawn = sample(config, 4000, Rng(0, np))
    np.testing.assert_allclose(drawn["motor_strength"].min(0), [low for low, _ in strengths], atol=1e-3)
    np.testing.assert_allclose(drawn["motor_strength"].max(0), [high for _, high in strengths], atol=1e-3)
    np.testing.assert_allclose(drawn["link_mass_scale"][:, :2].min(0), [2.0, 0.8], atol=1e-2)
    shown = normalised(drawn, config, ("motor_strength", "link_mass_scale"))
    assert shown.shape == (4000, 25)
    np.testing.assert_allclose(shown.min(0), -1.0, atol=0.1)
    np.testing.assert_allclose(shown.max(0), 1.0, atol=0.1)


def test_ranges_of_another_number_of_joints():
    with pytest.raises(SurefootError, match="motor_strength has measured ranges of 3 joints, the robot has 12"):
        sample(RandomizationConfig(measured=MeasuredRanges(motor_strength=((1.0, 1.0),) * 3)), 1, Rng(0, np))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: MeasuredRanges(armature_scale=((-0.1, 1.0),)),
            r"armature_scale\[0\] \(-0\.1, 1\.0\) is out of bounds",
        ),
        (
            lambda: MeasuredRanges(motor_strength=((1.0, 1.0), (2.0, 1.0))),
            r"motor_strength\[1\] .* highest value first",
        ),
        (lambda: MeasuredRanges(trunk_mass_scale=(0.0, 1.0)), "trunk_mass_scale"),
        (lambda: SensorConfig(measured_encoder_offset_rad=((0.0, 4.0),)), "measured_encoder_offset_rad"),
    ],
)
def test_ranges_that_are_none(make, message):
    with pytest.raises(SurefootError, match=message):
        make()
