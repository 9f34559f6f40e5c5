"""An IMU's mounting by rocking: what clocks and gaps do to it."""

from dataclasses import replace

import numpy as np
import pytest
from joint_logs import GO2
from scipy.spatial.transform import Rotation

from surefoot_calibration.bench.sensor_recovery import _swung, rocking_log
from surefoot_calibration.sensors.rocking import rocked
from surefoot_robots.errors import SurefootError

TURN_RAD = (0.02, -0.03, 0.01)


def circled(time_s):
    """A cone of 0.1 rad in a second: both axes alike, 90° apart; out of the middle within a second."""
    size, phase = 0.1 * np.clip(time_s, 0.0, 1.0), 2.0 * np.pi * time_s
    return np.stack((size * np.cos(phase), size * np.sin(phase), np.zeros_like(size)), axis=1)


def made(swung):
    return rocking_log(GO2, swung, Rotation.from_rotvec(TURN_RAD), np.random.default_rng(0))


@pytest.fixture(scope="module")
def circles():
    return made(circled)


@pytest.fixture(scope="module")
def swings():
    return made(_swung)


def late(log, seconds):
    return replace(log, imu=replace(log.imu, stamp_s=log.imu.stamp_s + seconds))


def off(log):
    figures = rocked(log, GO2).mounting_rad
    assert all(one.low <= truth <= one.high for one, truth in zip(figures, TURN_RAD, strict=True))
    return [one.value - truth for one, truth in zip(figures, TURN_RAD, strict=True)], figures


def test_circles_are_no_turn_of_the_imu(circles):
    (_, _, z), figures = off(circles)
    assert abs(z) < 0.002
    # 2π rad/s for half of 5 ms, which nobody can tell from a turn.
    assert 0.5 * (figures[2].high - figures[2].low) == pytest.approx(0.0157 + 0.001, abs=0.001)
    assert figures[2].verdict == "weak"


@pytest.mark.parametrize("seconds", [-0.0025, 0.0025])
def test_clocks_that_are_half_a_sample_off_are_within(circles, seconds):
    (_, _, z), _ = off(late(circles, seconds))
    assert abs(z) == pytest.approx(0.0157, abs=0.002)


@pytest.mark.parametrize("seconds", [-0.0025, 0.0, 0.0025])
def test_swings_tell_them_apart(swings, seconds):
    (_, _, z), figures = off(late(swings, seconds))
    assert abs(z) < 0.004
    assert 0.5 * (figures[2].high - figures[2].low) < 0.007


def cut(log, which, *gaps_s):
    """Without one sensor's samples in these stretches."""
    sensor = getattr(log, which)
    kept = np.all([(sensor.stamp_s < first) | (sensor.stamp_s > last) for first, last in gaps_s], axis=0)
    names = ("stamp_s", *(name for name in sensor.__slots__ if name != "stamp_s"))
    return replace(log, **{which: replace(sensor, **{name: getattr(sensor, name)[kept] for name in names})})


@pytest.mark.parametrize("which", ["joints", "imu"])
def test_nothing_is_made_up_across_gaps(swings, which):
    """Five times 0.4 s: a third of a swing, which a straight line is far from."""
    gaps = [(start_s, start_s + 0.4) for start_s in (2.0, 4.3, 6.1, 9.2, 12.4)]
    whole, found = rocked(swings, GO2), rocked(cut(swings, which, *gaps), GO2)
    for one, other in zip(whole.mounting_rad, found.mounting_rad, strict=True):
        assert other.value == pytest.approx(one.value, abs=0.001)
    assert found.off_radps == pytest.approx(whole.off_radps, rel=0.1)


def test_what_gaps_leave_must_be_enough(swings):
    with pytest.raises(SurefootError, match=r"rocks for 5\.\d s, gaps left out"):
        rocked(cut(swings, "imu", (3.0, 13.0)), GO2)
