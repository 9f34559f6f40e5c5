"""Noise whose size is known: found, with intervals that hold it, and nothing said of what a log is too short for."""

from dataclasses import replace

import numpy as np
import pytest
from sensed_logs import noise_log

from surefoot_calibration.log.joint_log import Gap
from surefoot_calibration.sensors.noise import GYRO, noise
from surefoot_calibration.sensors.results import Imu, imu_rows, of_starts, together

DENSITY = 2e-4


def found(log, gaps=()):
    return noise(log.t, log.gyro, gaps, GYRO)


@pytest.fixture(scope="module")
def several():
    """Six logs of five minutes: axes with no walk, one that is seen and one that is plain."""
    logs = []
    for seed in range(6):
        log = noise_log(300.0, 100.0, seed=seed, density=DENSITY, walk=np.array([0.0, 3e-5, 3e-4]))
        logs.append(found(log))
    return logs


@pytest.mark.parametrize(
    ("figure", "truth"),
    [
        (lambda axis: axis.density, [DENSITY] * 3),
        (lambda axis: axis.spread, [10.0 * DENSITY] * 3),  # sqrt(100 Hz)
        (lambda axis: axis.walk, [0.0, 3e-5, 3e-4]),
    ],
)
def test_intervals_hold_the_truth(several, figure, truth):
    """At 95 %, of eighteen hardly more than two may miss."""
    each = [(figure(one.axes[place]), truth[place]) for one in several for place in range(3)]
    assert sum(one.low <= value <= one.high for one, value in each) >= 16


def test_what_a_log_supports(several):
    for one in several:
        none, _, plain = one.axes
        assert none.density.verdict == plain.density.verdict == "identified"
        assert none.density.value == pytest.approx(DENSITY, rel=0.05)
        assert none.walk.verdict == "not_identifiable"
        assert "of stillness" in none.walk.needs
        assert none.walk.high < 3e-5
        assert plain.walk.verdict == "identified"
        assert plain.walk.value == pytest.approx(3e-4, rel=0.3)
        assert plain.instability.verdict != "not_identifiable"
        assert (none.instability.verdict, none.instability.low) == ("not_identifiable", 0.0)
        assert none.instability.needs == "about 3 h of stillness"
        assert none.bias.low < 0.002 < none.bias.high
        assert none.bias.verdict == "weak"


def test_measured_times_count_not_the_assumed_rate():
    """The same samples at half the rate: √2 of the density, 1/√2 of the walk."""
    log = noise_log(100.0, 100.0)
    slow = replace(log, t=2.0 * log.t)
    one, other = found(log).axes[0], found(slow).axes[0]
    assert other.density.value == pytest.approx(np.sqrt(2.0) * one.density.value)
    assert other.spread.value == pytest.approx(one.spread.value, rel=0.02)


def test_a_gap_is_not_bridged():
    """Behind a gap the bias is another: what lies between is no noise."""
    log = noise_log(120.0, 100.0)
    log.t[6000:] += 50.0
    log.gyro[6000:] += 0.01
    gap = Gap(float(log.t[5999]), 50.01)
    assert found(log, [gap]).axes[0].density.value == pytest.approx(DENSITY, rel=0.05)
    long = found(log, [gap]).allan
    assert long.deviation[-1, 0] < 1e-4 < found(log).allan.deviation[-1, 0]


def test_a_filtered_sensor_is_white_only_behind_its_filter():
    """A mean over ten samples hides white noise from short stretches; the density is that of the long ones."""
    log = noise_log(300.0, 500.0, density=DENSITY)
    kernel = np.full(10, 0.1)
    log.gyro = np.stack([np.convolve(axis, kernel, "same") for axis in log.gyro.T], axis=1)
    axis = found(log).axes[0]
    assert axis.density.value == pytest.approx(DENSITY, rel=0.07)
    assert axis.spread.value == pytest.approx(DENSITY * np.sqrt(500.0 / 10.0), rel=0.05)
    assert found(log).allan.deviation[0, 0] < 0.5 * DENSITY * np.sqrt(500.0)


def test_biases_of_the_next_start():
    """Of three starts with 1, 2 and 3 mrad/s: mean 2, t(0.975, 2) = 4.303, times 1 mrad/s √(1 + 1/3)."""
    own = found(noise_log(60.0)).axes[0].bias
    each = [replace(own, value=value, low=value, high=value) for value in (0.001, 0.002, 0.003)]
    both = of_starts(each, GYRO)
    assert (both.value, both.high - both.value) == (pytest.approx(0.002), pytest.approx(0.004968, abs=1e-6))
    assert both.verdict == "weak"
    steady = of_starts([replace(one, value=0.002) for one in each], GYRO)
    assert steady.verdict == "identified"


def test_axes_together_are_as_sure_as_the_least_sure(several):
    figures = [axis.walk for axis in several[0].axes]
    both = together(figures)
    assert both.verdict == "not_identifiable"
    assert both.value == pytest.approx(np.sqrt(np.mean([one.value**2 for one in figures])))


def test_rows_of_starts_and_of_one():
    each = tuple(found(noise_log(40.0 + 10.0 * seed, seed=seed, bias=0.001 + 0.001 * seed)) for seed in range(3))
    for starts, value, half in ((True, 0.002, 0.004968), (False, 0.003, 1e-4)):
        rows = {row.name: row for row in imu_rows(Imu(each, (), None, None, starts=starts))}
        bias = rows["gyro_bias_x_radps"]
        assert bias.value == pytest.approx(value, abs=1e-4)
        assert bias.high - bias.value == pytest.approx(half, rel=0.5)
        assert rows["gyro_density_x_radps_per_sqrt_hz"].value == each[2].axes[0].density.value  # of the longest
    assert not any(name.startswith("acceleration") for name in rows)
