"""A run's configuration with what was measured of its robot."""

import json
from dataclasses import replace

import pytest
from measured import DELAY, GO2, armature, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.errors import SurefootError
from surefoot_training.run.calibration import UsedCalibration
from surefoot_training.run.config import RunConfig, config_from_json, config_to_json, load_config, save_config
from surefoot_training.run.folder import RunFolder
from surefoot_training.sim.identity import digest
from surefoot_training.task.tasks import TASKS

OFFSET = Measured("encoder_offset_rad", "RR_calf_joint", 0.02, 0.019, 0.021, "identified")
MEASURED = calibration(armature(), OFFSET, DELAY)


@pytest.fixture
def plain_run() -> RunConfig:
    return RunConfig(TASKS["velocity-flat"], minutes=1.0)


@pytest.fixture
def run(plain_run) -> RunConfig:
    return plain_run.with_calibration(MEASURED)


def test_all_of_it_is_kept(run, tmp_path):
    save_config(run, tmp_path / "config.yaml")
    read = load_config(tmp_path / "config.yaml")
    assert read == run
    assert config_from_json(config_to_json(run)) == run
    assert read.calibration.calibration == MEASURED
    assert read.calibration.safety_factor == 2.0
    assert (
        "- [armature_kgm2, FL_hip_joint, 0.005, 0.0049, 0.0052, identified]" in (tmp_path / "config.yaml").read_text()
    )


def test_the_robot_is_the_measured_one(run, plain_run):
    assert plain_run.robot_spec() == GO2
    robot = run.robot_spec()
    assert (robot.armature_kgm2[0], robot.action_delay_s) == (0.005, 0.0123)
    assert run.task.randomization.action_delay_s == pytest.approx((0.0067, 0.0129))
    assert run.task.sensors.measured_encoder_offset_rad[-1] == pytest.approx((0.018, 0.022))


def test_each_calibration_is_another_run(run, plain_run):
    other = replace(MEASURED, sha256="b" * 64)
    runs = (run, plain_run, plain_run.with_calibration(other), plain_run.with_calibration(MEASURED, 3.0))
    assert len({one.sha256 for one in runs}) == 4
    assert len({digest(one.task) for one in runs}) == 3


def test_runs_without_one_are_what_they_were_before_there_were_any(plain_run):
    plain = json.loads(config_to_json(plain_run))
    assert "calibration" not in plain
    assert "measured" not in plain["task"]["randomization"]
    assert "measured_encoder_offset_rad" not in plain["task"]["sensors"]
    assert config_from_json(config_to_json(plain_run)) == plain_run


def test_settings_have_the_last_word(run):
    changed = run.with_settings(["task.randomization.action_delay_s=0,0.03"])
    assert changed.task.randomization.action_delay_s == (0.0, 0.03)
    wide = run.with_settings(
        ["task.randomization.measured.armature_scale=none", "task.randomization.armature_scale=0.2,2"]
    )
    assert (wide.task.randomization.measured.armature_scale, wide.task.randomization.armature_scale) == (
        None,
        (0.2, 2.0),
    )


@pytest.mark.parametrize("path", ["randomization.armature_scale", "sensors.encoder_offset_rad"])
def test_settings_without_effect_are_refused(run, plain_run, path):
    with pytest.raises(SurefootError, match=f"task.{path} would have no effect") as refused:
        run.with_settings([f"task.{path}=0,0.1"])
    assert "=none" in refused.value.hint
    plain_run.with_settings([f"task.{path}=0,0.1"])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("robot=a1", "calibration.yaml was measured on go2"),
        ("calibration=none", "there is no setting calibration"),
        ("calibration.safety_factor=9", "there is no setting calibration"),
    ],
)
def test_what_was_measured_is_not_typed(run, setting, message):
    with pytest.raises(SurefootError, match=message):
        run.with_settings([setting])


def test_an_edited_factor_is_refused():
    with pytest.raises(SurefootError, match=r"safety factor 0\.5"):
        UsedCalibration.of(MEASURED, 0.5)


def test_the_file_itself_is_kept_too(run, tmp_path):
    RunFolder(tmp_path).keep(run, b"as it was")
    assert (tmp_path / "calibration.yaml").read_bytes() == b"as it was"
    RunFolder(tmp_path).keep(run.with_budget(2.0, None))
    assert (tmp_path / "calibration.yaml").read_bytes() == b"as it was"
