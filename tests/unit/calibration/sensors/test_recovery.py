"""What the bench of sensors adds up, and that it hides what it says."""

import numpy as np
import pytest
from joint_logs import GO2

from surefoot_calibration.bench.sensor_recovery import Case, _attitudes, _rolled, _stops, sensor_summary
from surefoot_calibration.sensors.feet import contacts, turns
from surefoot_calibration.sensors.figures import Figure

SURE = Figure(1.1, 1.0, 1.2, "identified")
WEAK = Figure(0.5, 0.4, 0.6, "weak")


def test_figures_of_a_kind_are_one_row():
    cases = [Case("a", "relative", SURE, 1.0), Case("b", "rad", SURE, 1.0), Case("a", "relative", WEAK, 1.0)]
    first, second = sensor_summary([cases[:2], cases[2:]])
    assert (first.name, first.count, first.most, first.inside, first.identified) == ("a", 2, 0.5, 0.5, 0.5)
    assert first.median == pytest.approx(0.3)
    assert (second.name, second.count, second.inside) == ("b", 1, 1.0)
    assert second.median == pytest.approx(0.1)


def test_every_joint_and_axis_has_its_truth():
    stops = list(_stops(GO2, np.random.default_rng(0)))
    assert len(stops) == 12
    assert max(case.off for case in stops) < 0.02 < max(abs(case.truth) for case in stops) + 0.005
    attitudes = list(_attitudes(np.random.default_rng(0)))
    assert [case.name for case in attitudes] == ["acceleration_bias_mps2", "acceleration_scale"] * 3
    assert all(case.off < 0.02 for case in attitudes)


def test_feet_roll_and_do_not_slide():
    """A tenth of a radian about x: what the legs then tell is that, and points of the ground stay where they are."""
    rates = np.zeros((20, 3))
    rates[:, 0] = 1.0  # rad/s, at 200 Hz
    turned = np.arange(20) / 200.0
    up = np.stack((np.zeros(20), np.sin(turned), np.cos(turned)), axis=1)
    angles = _rolled(GO2, rates, up)
    assert angles.shape == (21, 12)
    found, slid_m = turns(GO2, angles)
    # By then it stands askew on feet that are no plane any more: nearly so.
    np.testing.assert_allclose(found.sum(axis=0), [0.1, 0.0, 0.0], atol=2e-3)
    assert slid_m.max() < 1e-4
    touching, jacobian = contacts(GO2, angles[0], np.array([0.0, 0.0, 1.0]))
    assert touching.shape == (4, 3)
    assert jacobian.shape == (4, 3, 3)
