"""`calibration.yaml`: written, read back, and refused where it is wrong."""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import yaml
from joint_logs import GO2, Motion

from surefoot_calibration.air.identify import HeldOut, Identification
from surefoot_calibration.air.verdicts import Estimate, names_of
from surefoot_calibration.calibration_file import (
    calibration_mapping,
    digest_of,
    load_calibration,
    provenance,
    vector_of,
    write_calibration,
)
from surefoot_calibration.log.read import read_log
from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash

ONE = Estimate("armature_kgm2", "FL_hip_joint", 0.005, 0.0049, 0.0051, "kg m²", "identified", 0.00448, "", "")
DELAY = Estimate("action_delay_s", None, 0.01, 0.0, 0.02, "s", "not_identifiable", 0.01, "x of y", "a chirp")
FOUND = Identification((ONE, DELAY), HeldOut(("a", "b"), (3.0, 4.0), (0.3, 0.4)), (0.0005,) * 12, 100, 1)


@pytest.fixture
def content(tmp_path):
    file = Motion().write_csv(tmp_path / "a.csv")
    source = provenance([read_log(file, GO2)], [file], datetime(2026, 1, 2, tzinfo=UTC))
    return calibration_mapping(GO2, "in-air", FOUND, source)


def test_what_is_written_is_read(tmp_path, content):
    write_calibration(tmp_path / "calibration.yaml", content)
    read = load_calibration(tmp_path / "calibration.yaml")
    of_all = read.calibration
    assert (of_all.robot, of_all.robot_hash, of_all.protocol) == ("go2", robot_hash(GO2), "in-air")
    assert [(one.name, one.joint, one.value) for one in of_all.measured] == [
        ("armature_kgm2", "FL_hip_joint", 0.005),
        ("action_delay_s", None, 0.01),
    ]
    assert read.estimates == (ONE, DELAY)
    assert read.logs == (digest_of(tmp_path / "a.csv"),)


def test_a_disk_that_fills_up_leaves_the_calibration_that_was_there(tmp_path, content, monkeypatch):
    file = tmp_path / "calibration.yaml"
    write_calibration(file, content)
    before = file.read_bytes()

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_calibration(file, content | {"robot": "a1"})
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "calibration.yaml"}


def test_parameters_come_in_the_robots_order():
    names = names_of(GO2)
    found = tuple(
        Measured(name, joint, float(place), place, place, "weak") for place, (name, joint) in enumerate(names)
    )
    whole = Calibration("c.yaml", "0" * 64, "go2", robot_hash(GO2), "in-air", found[::-1])
    np.testing.assert_array_equal(vector_of(whole, GO2), np.arange(61.0))
    more = Measured("warmth", None, 0.0, 0.0, 0.0, "weak")
    np.testing.assert_array_equal(vector_of(replace(whole, measured=(more, *found)), GO2), np.arange(61.0))
    message = "c.yaml: parameters: 1 of the 61 of joints in air are missing, armature_kgm2 of FL_hip_joint among them"
    with pytest.raises(SurefootError, match=message):
        vector_of(replace(whole, measured=found[1:]), GO2)
    with pytest.raises(SurefootError, match=r"c\.yaml was measured on go2 00000, the robot here is go2"):
        vector_of(replace(whole, robot_hash="00000"), GO2)


def test_it_says_what_it_is_made_from(content):
    assert content["made"]["at"] == "2026-01-02T00:00:00+00:00"
    assert content["made"]["packages"]["mujoco"].startswith("4.")
    (log,) = content["logs"]
    assert (log["file"], log["seconds"], log["rate_hz"], len(log["sha256"])) == ("a.csv", 0.995, 200.0, 64)
    assert log["gains"].startswith("go2.yaml")
    # √((3² + 4²) / 2)
    assert content["held_out_rmse_rad"]["before"] == pytest.approx(3.5355339)
    assert content["held_out_rmse_rad"]["joints"]["b"] == {"before": 4.0, "after": 0.4}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(version=2), r"format: .*version 2.* must be 'surefoot-calibration', version 1"),
        (lambda c: c.update(more=1), "has other keys than a calibration: more"),
        (lambda c: c.pop("logs"), "has other keys than a calibration: logs"),
        (lambda c: c.update(logs=[{"file": "a.csv"}]), "logs: .* must be a list of logs, each with its sha256"),
        (lambda c: c.update(robot=3), "robot: 3 is not valid: must be a text"),
        (lambda c: c.update(parameters=[]), "parameters: .* must be a list"),
        (lambda c: c["parameters"][0].pop("unit"), r"parameters\[0\]: .* must be a mapping with"),
        (lambda c: c["parameters"][0].update(unit=1), r"parameters\[0\].unit: 1 is not valid"),
        (lambda c: c["parameters"][0].update(prior=float("inf")), r"parameters\[0\].prior: inf is not valid"),
        (
            lambda c: c["parameters"].append(dict(c["parameters"][0])),
            "armature_kgm2 of FL_hip_joint stands there twice",
        ),
        (lambda c: c["parameters"][0].update(joint=1), r"parameters\[0\].joint: 1 is not valid"),
        (
            lambda c: c["parameters"][0].update(verdict="sure"),
            r"verdict: 'sure' is not valid: must be one of identified",
        ),
        (lambda c: c["parameters"][0].update(value=float("nan")), r"value: nan is not valid: must be a finite number"),
        (lambda c: c["parameters"][0].update(high=10**400), r"high: 1000.* is not valid: must be a finite number"),
        (lambda c: c["parameters"][0].update(value=True), "value: True is not valid"),
        (lambda c: c["parameters"][0].update(value=0.006), r"value: 0.006 is not valid: must be within low 0.0049"),
    ],
)
def test_files_that_are_wrong(tmp_path, content, change, message):
    plain = yaml.safe_load(yaml.safe_dump(content))
    change(plain)
    write_calibration(tmp_path / "c.yaml", plain)
    with pytest.raises(SurefootError, match=message):
        load_calibration(tmp_path / "c.yaml")
