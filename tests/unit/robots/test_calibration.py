"""`calibration.yaml` as its users read it."""

import hashlib

import pytest
import yaml
from measured import DELAY, GO2, armature, content, write

from surefoot_robots.calibration import Calibration, read_calibration
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot


def test_what_a_file_says(tmp_path):
    file = write(tmp_path / "mine.yaml", armature(), DELAY)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    read = read_calibration(file, GO2)
    assert read == Calibration("mine.yaml", sha256, "go2", robot_hash(GO2), "in-air", (armature(), DELAY))
    assert read.called == f"mine.yaml (sha256 {sha256[:12]})"


def test_whole_numbers_are_numbers_and_further_keys_are_somebody_elses(tmp_path):
    plain = content(armature())
    plain["parameters"][0].update(value=1, low=0, high=2)
    plain["of_tomorrow"] = {"more": 1}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(plain))
    (one,) = read_calibration(tmp_path / "c.yaml", None).measured
    assert (one.value, one.low, one.high) == (1.0, 0.0, 2.0)
    assert isinstance(one.value, float)


def test_a_files_name_is_shown_on_one_line(tmp_path):
    file = write(tmp_path / ("a\x1b[2J" + 150 * "b" + ".yaml"), armature())
    assert read_calibration(file, None).name == "a?[2J" + 95 * "b"


def first(**changes):
    return lambda plain: plain["parameters"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plain: plain.update(format="x"), r"c\.yaml: format: .*'x', version 1.* must be 'surefoot-calibration'"),
        (lambda plain: plain.update(version=2), "version 2"),
        (lambda plain: plain.pop("robot"), "robot: None is not valid: must be a text"),
        (lambda plain: plain.update(robot_hash=3), "robot_hash: 3 is not valid"),
        (lambda plain: plain.update(parameters=[]), r"parameters: \[\] is not valid: must be a list"),
        (lambda plain: plain.update(parameters=["x"]), r"parameters\[0\]: 'x' is not valid: must be a mapping"),
        (first(name=""), r"parameters\[0\]\.name: '' is not valid"),
        (first(joint=3), r"joint: 3 is not valid: must be a joint's name, or null"),
        (first(verdict="sure"), "verdict: 'sure' is not valid: must be one of identified, weak, not_identifiable"),
        (first(value=True), "value: True is not valid: must be a finite number"),
        (first(high=float("inf")), "high: inf is not valid"),
        (first(high=10**400), "high: 1000.* is not valid"),
        (first(value=9.0), r"value: 9\.0 is not valid: must be within low 0\.0049 and high 0\.0052"),
        (first(name="armature_kgm2", joint="FR_hip_joint"), "armature_kgm2 of FR_hip_joint stands there twice"),
        (first(joint="tail_joint"), "armature_kgm2 of tail_joint: go2 has no such joint"),
    ],
)
def test_files_that_are_wrong(tmp_path, change, message):
    plain = content(armature(), armature(joint="FR_hip_joint"))
    change(plain)
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(plain))
    with pytest.raises(SurefootError, match=message):
        read_calibration(tmp_path / "c.yaml", GO2)


@pytest.mark.parametrize(("robot", "changed"), [("a1", {}), ("go2", {"robot_hash": "0" * 64}), ("go2", {"robot": "x"})])
def test_of_another_robot(tmp_path, robot, changed):
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(content(armature()) | changed))
    with pytest.raises(SurefootError, match=rf"c\.yaml was measured on .*, the robot here is {robot} ") as refused:
        read_calibration(tmp_path / "c.yaml", load_robot(robot))
    assert "--robot" in refused.value.hint
    assert read_calibration(tmp_path / "c.yaml", None).measured == (armature(),)
