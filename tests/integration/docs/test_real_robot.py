"""docs/real-robot.md: its snippets run, its settings load, and its table says which way joints go."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from sensed_robot import sensed

from surefoot.sensor_text import roll_pitch_yaw_rad, sensor_lines
from surefoot_robots.drivers.opening import KINDS, find_opener
from surefoot_robots.loader import load_robot
from surefoot_safety.command import JointTarget
from surefoot_safety.gaits.plan import plan_of
from surefoot_safety.limits import limits_of
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.state import gravity_in_base

PAGE = (Path(__file__).parents[3] / "docs" / "real-robot.md").read_text(encoding="utf-8")
(WRAPPER,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SETTINGS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
GO2 = load_robot("go2")


@pytest.fixture
def read_only(monkeypatch):
    """The wrapper as the module it is to be saved as."""
    module = types.ModuleType("read_only")
    exec(compile(WRAPPER, "read_only.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "read_only", module)
    return module


def test_drivers_are_those_that_it_says():
    assert set(KINDS) == {"sim", "pretend"}, "say in docs/real-robot.md that there is another driver"


def test_through_the_wrapper_nothing_is_written(read_only, tmp_path):
    wrapped = find_opener("read_only:open_read_only")(GO2, None, tmp_path)
    lying = wrapped.read(0.0).joint_position_rad
    standing, still = tuple(GO2.default_joint_position_rad.tolist()), (0.0,) * 12
    wrapped.write(JointTarget(standing, still, still, (20.0,) * 12, (1.0,) * 12), 0.0)
    assert wrapped.read(1.0).joint_position_rad == lying
    wrapped.close()
    assert wrapped._driver.closed


@pytest.mark.parametrize(
    ("done", "wxyz", "gravity", "angles"),
    [  # half a radian about y: nose down; about x, backwards: its right side up. Then sin and cos of it.
        ("lift the tail", (np.cos(0.25), 0.0, np.sin(0.25), 0.0), (np.sin(0.5), 0.0, -np.cos(0.5)), (0.0, 0.5, 0.0)),
        ("right side", (np.cos(0.25), -np.sin(0.25), 0.0, 0.0), (0.0, np.sin(0.5), -np.cos(0.5)), (-0.5, 0.0, 0.0)),
        ("to its left", (np.cos(0.25), 0.0, 0.0, np.sin(0.25)), (0.0, 0.0, -1.0), (0.0, 0.0, 0.5)),
    ],
)
def test_the_trunk_is_sensed_as_the_table_says(done, wxyz, gravity, angles):
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| ") and done in line]
    np.testing.assert_allclose(gravity_in_base(wxyz), gravity, atol=1e-12)
    np.testing.assert_allclose(roll_pitch_yaw_rad(wxyz), angles, atol=1e-12)
    shown = "\n".join(sensor_lines(sensed(orientation_wxyz=wxyz), "go2"))
    for words in re.findall(r"`(.*? down)`", row):
        assert f"({words})" in shown


@pytest.mark.parametrize("pose", ["default", "lying"])
def test_joints_grow_as_the_table_says(pose):
    hip, thigh, _ = np.moveaxis(GO2.kinematics.foot_jacobian_in_base(GO2.pose_rad(pose)), -1, 0)
    assert (hip[:, 1] > 0).all(), "to the left"
    assert (thigh[:, 0] < 0).all(), "back"
    # Away from the thigh's joint: the knee stretches.
    kinematics = GO2.kinematics
    joints = GO2.pose_rad(pose)
    stretched = joints + np.tile([0.0, 0.0, 0.1], 4)
    reach = [
        np.linalg.norm(kinematics.foot_position_in_base(angles) - kinematics.hip_in_base_m, axis=-1)
        for angles in (joints, stretched)
    ]
    assert (reach[1] > reach[0]).all()
    assert (GO2.joint_upper_rad[2::3] < 0).all(), "it is negative"


def test_its_settings_are_stricter_and_let_the_gaits_work(tmp_path):
    assert len(SETTINGS) == 2
    for text in SETTINGS:
        own = tmp_path / "own.yaml"
        own.write_text(text)
        settings = load_settings("go2", own)
        assert settings != load_settings("go2")
        assert limits_of(GO2, settings).settings.command.kp_limit_nm_per_rad > plan_of(GO2).kp_nm_per_rad[0]
