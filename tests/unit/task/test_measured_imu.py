"""An IMU as it was measured, in training."""

import numpy as np
import pytest
from array_api_compat import numpy
from measured import GO2, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.errors import SurefootError
from surefoot_training.run.calibration import refuse_without_effect
from surefoot_training.run.config import RunConfig, config_from_json, config_to_json, load_config, save_config
from surefoot_training.task.arrays import Rng
from surefoot_training.task.calibrated import calibrated_task, changes
from surefoot_training.task.sensors import SensorConfig, SensorModel
from surefoot_training.task.tasks import task_named

TASK = task_named("velocity-flat")


def row(name, value, low, high, verdict="identified"):
    return Measured(name, None, value, low, high, verdict)


ROWS = (
    row("gyro_noise_radps", 0.005, 0.0049, 0.0051),
    row("gyro_drift_radps_per_sqrt_s", 1e-5, 0.0, 2e-5, "not_identifiable"),
    row("gyro_bias_x_radps", 0.01, 0.0095, 0.0105),
    row("gyro_bias_z_radps", -0.004, -0.005, -0.003, "weak"),
    row("tilt_offset_y_rad", 0.012, 0.011, 0.013),
)


def measured(*rows):
    return calibrated_task(TASK, GO2, calibration(*rows)).sensors


def test_ranges_are_those_of_the_axes():
    sensors = measured(*ROWS)
    x, y, z = sensors.measured_gyro_bias_radps
    assert x == pytest.approx((0.009, 0.011))  # twice the interval
    assert y == TASK.sensors.gyro_bias_radps  # nobody measured it
    assert z == TASK.sensors.gyro_bias_radps  # weak: one start's, within what is drawn anyhow
    roll, pitch = sensors.measured_tilt_bias_rad
    assert roll == TASK.sensors.tilt_bias_rad
    assert pitch == pytest.approx((0.01, 0.014))
    assert sensors.gyro_noise_radps == 0.115  # what is measured at rest says little of a walk
    assert sensors.gyro_drift_radps_per_sqrt_s == TASK.sensors.gyro_drift_radps_per_sqrt_s


@pytest.mark.parametrize(
    ("value", "half", "becomes"),
    [
        (0.015, 0.001, (-0.02, 0.02)),  # the next start's may be -0.015
        (0.03, 0.001, (-0.02, 0.031)),
        (-0.03, 0.001, (-0.031, 0.02)),
        (0.03, 0.1, (-0.07, 0.13)),  # nor narrower than the interval
        (0.199, 0.01, (-0.02, 0.2)),
    ],
)
def test_a_weak_bias_only_widens(value, half, becomes):
    sensors = measured(row("gyro_bias_x_radps", value, value - half, value + half, "weak"))
    assert sensors.measured_gyro_bias_radps[0] == pytest.approx(becomes)


@pytest.mark.parametrize(
    ("one", "becomes"),
    [
        (row("gyro_noise_radps", 0.1, 0.09, 0.11), 0.115),  # not below what it was
        (row("gyro_noise_radps", 0.2, 0.19, 0.21), 0.21),  # nor below what it may be
        (row("gyro_noise_radps", 0.005, 0.004, 0.006, "weak"), 0.115),
        (row("gyro_noise_radps", 0.2, 0.1, 0.3, "weak"), 0.3),
    ],
)
def test_noise_is_no_less_than_it_may_be(one, becomes):
    assert measured(one).gyro_noise_radps == pytest.approx(becomes)


@pytest.mark.parametrize(
    ("one", "becomes"),
    [
        (row("gyro_drift_radps_per_sqrt_s", 1e-4, 9e-5, 1.1e-4), 2.2e-4),  # twice the upper end
        (row("gyro_drift_radps_per_sqrt_s", 4e-4, 3e-4, 4.5e-4), 5e-4),  # not beyond what it was
        (row("gyro_drift_radps_per_sqrt_s", 1e-4, 9e-5, 1.1e-4, "weak"), 5e-4),
    ],
)
def test_drift_shrinks_to_what_was_identified(one, becomes):
    assert measured(one).gyro_drift_radps_per_sqrt_s == pytest.approx(becomes)


def test_without_it_everything_is_as_it_was():
    assert measured(row("armature_kgm2", 1.0, 1.0, 1.0, "not_identifiable")) == TASK.sensors


def test_changes_are_shown():
    each = {change.name: change for change in changes(TASK, GO2, calibration(*ROWS))}
    assert set(each) == {one.name for one in ROWS}
    assert each["gyro_noise_radps"].before_range == (0.115, 0.115)
    assert each["gyro_noise_radps"].range == (0.115, 0.115)
    assert each["gyro_bias_x_radps"].range == pytest.approx((0.009, 0.011))
    assert each["tilt_offset_y_rad"].before_range == TASK.sensors.tilt_bias_rad
    assert each["gyro_drift_radps_per_sqrt_s"].range == (0.0005, 0.0005)


def test_biases_are_drawn_from_each_axis_own_range():
    config = SensorConfig(
        measured_gyro_bias_radps=((0.1, 0.2), (-0.2, -0.1), (0.0, 0.0)), measured_tilt_bias_rad=((0.3, 0.3), (0.0, 0.1))
    )
    model = SensorModel(config, 500, 12, 0.02, numpy)
    model.reset(np.arange(500), Rng(0, numpy))
    bias, tilt = model._bias[:, :3], model._tilt_rad
    assert bias.min(axis=0) == pytest.approx([0.1, -0.2, 0.0], abs=2e-3)
    assert bias.max(axis=0) == pytest.approx([0.2, -0.1, 0.0], abs=2e-3)
    assert tilt[:, 0] == pytest.approx(0.3)
    assert (tilt[:, 1].min(), tilt[:, 1].max()) == (pytest.approx(0.0, abs=2e-3), pytest.approx(0.1, abs=2e-3))


@pytest.mark.parametrize(
    ("field", "spans", "message"),
    [
        ("measured_gyro_bias_radps", ((0.0, 0.1),), "has 1 ranges: must be 3"),
        ("measured_tilt_bias_rad", ((0.0, 0.1),) * 3, "has 3 ranges: must be 2"),
        ("measured_tilt_bias_rad", ((0.1, 0.0), (0.0, 0.1)), r"measured_tilt_bias_rad\[0\]"),
    ],
)
def test_ranges_that_are_wrong(field, spans, message):
    with pytest.raises(SurefootError, match=message):
        SensorConfig(**{field: spans})


def test_ranges_of_all_axes_have_no_effect_any_more():
    task = calibrated_task(TASK, GO2, calibration(*ROWS))
    with pytest.raises(SurefootError, match=r"task\.sensors\.tilt_bias_rad would have no effect"):
        refuse_without_effect(task, ["task.sensors.tilt_bias_rad=0,0"])
    refuse_without_effect(task, ["task.sensors.gyro_noise_radps=0.115"])


def test_a_run_keeps_it(tmp_path):
    run = RunConfig(TASK, minutes=1.0).with_calibration(calibration(*ROWS))
    save_config(run, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == run
    assert config_from_json(config_to_json(run)) == run
    wide = run.with_settings(["task.sensors.gyro_noise_radps=0.115", "task.sensors.measured_tilt_bias_rad=none"])
    assert wide.task.sensors.gyro_noise_radps == 0.115
    assert wide.task.sensors.measured_tilt_bias_rad is None


def test_runs_without_it_are_what_they_were():
    written = config_to_json(RunConfig(TASK, minutes=1.0))
    assert "measured_gyro_bias" not in written
    assert "measured_tilt_bias" not in written


@pytest.mark.parametrize("name", ["gyro_noise_radps", "gyro_bias_x_radps", "tilt_offset_x_rad"])
def test_what_no_robot_has_is_refused(name):
    with pytest.raises(SurefootError, match=f"{name} 3 is not physical"):
        measured(row(name, 3.0, 3.0, 3.0))
