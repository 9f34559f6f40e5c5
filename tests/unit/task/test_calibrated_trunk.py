"""What a calibration on the ground makes of trunk and feet, by numbers worked out by hand."""

import numpy as np
import pytest
from measured import GO2, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng
from surefoot_training.task.calibrated import calibrated_task, changes, measured_robot, unused_names
from surefoot_training.task.measured_ranges import MeasuredRanges
from surefoot_training.task.randomization import sample
from surefoot_training.task.tasks import TASKS

FLAT = TASKS["velocity-flat"]


def of_robot(name, value, half, verdict="identified"):
    return Measured(name, None, value, value - half, value + half, verdict)


MOMENTS = (
    of_robot("base_inertia_xx_kgm2", 0.03, 0.0012),  # ± 4 %
    of_robot("base_inertia_yy_kgm2", 0.1, 0.002),
    of_robot("base_inertia_zz_kgm2", 0.11, 0.0022),
)


def test_inertia_is_the_measured_one_with_the_widest_moments_range():
    found = calibration(*MOMENTS, of_robot("base_inertia_xz_kgm2", 0.004, 0.001))
    inertia = measured_robot(GO2, found).trunk.inertial.inertia_kgm2
    assert (inertia.xx, inertia.yy, inertia.zz, inertia.xz) == (0.03, 0.1, 0.11, 0.004)
    assert inertia.xy == GO2.trunk.inertial.inertia_kgm2.xy
    task = calibrated_task(FLAT, GO2, found)
    assert task.randomization.measured.trunk_inertia_scale == pytest.approx((0.92, 1.08))  # 2 · 4 %
    assert task.randomization.link_inertia_scale == FLAT.randomization.link_inertia_scale
    row = changes(FLAT, GO2, found)[1]
    assert (row.name, row.value) == ("base_inertia_yy_kgm2", 0.1)
    assert row.range == pytest.approx((0.092, 0.108))
    assert row.before_range == pytest.approx((0.8 * 0.098077, 1.2 * 0.098077))


def test_a_moment_that_is_hardly_known_widens_no_range():
    found = calibration(of_robot("base_inertia_xx_kgm2", 0.03, 0.02, "weak"), *MOMENTS[1:])
    scale = calibrated_task(FLAT, GO2, found).randomization.measured.trunk_inertia_scale
    assert scale == pytest.approx((0.8, 1.2))


def test_inertia_without_one_of_its_moments_is_the_files_as_heavy_as_measured():
    found = calibration(*MOMENTS[:2], of_robot("base_mass_kg", 2 * 6.921, 0.1))
    inertia = measured_robot(GO2, found).trunk.inertial.inertia_kgm2
    assert inertia.xx == pytest.approx(2 * 0.02448)
    assert calibrated_task(FLAT, GO2, found).randomization.measured.trunk_inertia_scale is None
    row = changes(FLAT, GO2, found)[0]
    assert (row.value, row.range) == (pytest.approx(2 * 0.02448), pytest.approx((1.6 * 0.02448, 2.4 * 0.02448)))


def test_bodies_that_cannot_be_are_refused():
    wrong = (*MOMENTS[:2], of_robot("base_inertia_zz_kgm2", 0.2, 0.001))
    with pytest.raises(SurefootError, match=r"principal moments .* not physical"):
        measured_robot(GO2, calibration(*wrong))


@pytest.mark.parametrize(
    ("one", "value", "ends"),
    [
        (of_robot("foot_friction", 0.6, 0.03), 0.6, (0.4, 1.2)),
        (of_robot("foot_friction", 0.3, 0.02), 0.3, (0.28, 1.2)),  # a floor beyond what is randomized
        (Measured("foot_friction", None, 1.3, 1.3, 2.0, "weak"), 1.3, (0.4, 1.3)),  # feet have held so much
        (Measured("foot_friction", None, 0.8, 0.3, 2.0, "not_identifiable"), 0.8, (0.4, 1.2)),
    ],
)
def test_one_floors_friction_narrows_nothing(one, value, ends):
    found = calibration(one)
    assert measured_robot(GO2, found).foot_friction == value
    assert calibrated_task(FLAT, GO2, found).randomization.foot_friction == pytest.approx(ends)
    (row,) = changes(FLAT, GO2, found)
    assert (row.value, row.before) == (value, 0.8)
    assert row.range == pytest.approx(ends)


def test_only_the_trunks_inertia_is_drawn_from_its_own_range():
    task = calibrated_task(FLAT, GO2, calibration(*MOMENTS))
    drawn = sample(task.randomization, 500, Rng(0, np))["link_inertia_scale"]
    assert (drawn[:, 0].min() >= 0.92, drawn[:, 0].max() <= 1.08) == (True, True)
    assert drawn[:, 1:].max() > 1.15
    with pytest.raises(SurefootError, match="trunk_inertia_scale"):
        MeasuredRanges(trunk_inertia_scale=(0.0, 1.0))


def test_a_torque_limit_is_not_for_training():
    found = calibration(Measured("torque_limit_nm", "FL_hip_joint", 20.0, 19.0, 21.0, "identified"))
    assert unused_names(found) == ("torque_limit_nm",)
    assert measured_robot(GO2, found) == GO2
