from pathlib import Path

import pytest

from surefoot_robots.drivers.opening import KINDS, find_opener
from surefoot_robots.drivers.pretend import FASTEST_RADPS, PERIOD_S, open_pretend
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.command import JointTarget

STILL = (0.0,) * 12


def law(position, kp):
    return JointTarget(position, STILL, STILL, (kp,) * 12, (1.0,) * 12)


@pytest.fixture
def robot(tmp_path):
    return open_pretend(load_robot("go2"), None, tmp_path)


def test_it_begins_lying_and_gives_a_sample_when_one_is_due(robot):
    first = robot.read(5.0)
    assert first.stamp_s == 5.0
    assert first.joint_position_rad == tuple(load_robot("go2").pose_rad("lying").tolist())
    assert robot.read(5.0 + 0.5 * PERIOD_S) is None
    second = robot.read(5.0 + PERIOD_S)
    assert second.acceleration_in_base_mps2 != first.acceleration_in_base_mps2


def test_after_a_pause_it_makes_up_for_one_sample_only(robot):
    robot.read(5.0)
    assert robot.read(6.0) is not None
    assert robot.read(6.0) is not None
    assert robot.read(6.0) is None


def test_joints_go_where_they_are_told_at_a_bounded_speed(robot):
    goal = tuple(load_robot("go2").default_joint_position_rad.tolist())
    before = robot.read(0.0)
    robot.write(law(goal, 20.0), 0.0)
    after = robot.read(PERIOD_S)
    steps = [abs(b - a) for a, b in zip(before.joint_position_rad, after.joint_position_rad, strict=True)]
    assert max(steps) == pytest.approx(FASTEST_RADPS * PERIOD_S)
    assert after.joint_velocity_radps[2] == pytest.approx(FASTEST_RADPS)
    for tick in range(2, 200):
        last = robot.read(tick * PERIOD_S)
    assert last.joint_position_rad == pytest.approx(goal, abs=1e-3)  # 0.4 s: ten times its lag
    robot.write(law(STILL, 0.0), 1.0)  # damping moves nothing
    assert robot.read(1.0).joint_position_rad == last.joint_position_rad
    robot.close()
    assert robot.closed


@pytest.mark.parametrize(("further_rad", "goes_rad"), [(0.2, 0.05), (-0.2, -0.05), (0.4, 0.2), (0.6, 0.4)])
def test_near_the_standing_pose_they_go_a_quarter_of_the_way(robot, further_rad, goes_rad):
    standing = load_robot("go2").default_joint_position_rad
    robot.write(law(tuple((standing + further_rad).tolist()), 20.0), 0.0)
    for tick in range(600):
        last = robot.read(tick * PERIOD_S)
    assert last.joint_position_rad == pytest.approx(tuple((standing + goes_rad).tolist()), abs=1e-6)


def test_drivers_by_name():
    assert find_opener("pretend") is open_pretend
    assert find_opener("surefoot_robots.drivers.pretend:open_pretend") is open_pretend
    assert all(":" in name for name in KINDS.values())


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("wings", "driver 'wings' is unknown: one of sim, pretend"),
        (":open", "is unknown"),
        ("surefoot_robots.wings:open", "there is no module surefoot_robots.wings"),
        ("no_such_package.wings:open", "there is no module no_such_package.wings"),
        ("surefoot_robots.drivers.pretend:fly", "has no fly"),
    ],
)
def test_what_is_no_driver(kind, message):
    with pytest.raises(SurefootError, match=message):
        find_opener(kind)


def test_what_a_driver_lacks_is_not_taken_for_the_driver(tmp_path: Path, monkeypatch):
    (tmp_path / "needy_driver.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        find_opener("needy_driver:open")
