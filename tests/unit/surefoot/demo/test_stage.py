"""A demonstration keeps away from robots that run already."""

import pytest

from surefoot.demo.children import Children
from surefoot.demo.stage import Robot
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import ROOT_VARIABLE, RunLock, folder_of


@pytest.fixture
def folder(tmp_path_factory, monkeypatch):
    root = tmp_path_factory.mktemp("r")  # short: sockets have short paths
    monkeypatch.setenv(ROOT_VARIABLE, str(root / "run"))
    return folder_of("go2")


class Started(Children):
    """Notes what would have been started."""

    def start(self, name, *words, **_):
        self._running[name] = words


def test_a_robot_that_runs_is_left_alone(folder, tmp_path):
    children = Started(tmp_path)
    lock = RunLock(folder)
    with pytest.raises(SurefootError, match="go2 is running already"):
        Robot(children, "up", [], None)
    lock.release()
    assert not children._running


def test_what_a_crash_left_is_no_robot(folder, tmp_path):
    children = Started(tmp_path)
    RunLock(folder).release()
    assert folder.exists()
    Robot(children, "up", ["--ros"], tmp_path / "patient.yaml").close()
    assert not folder.exists()
    assert children._running == {
        "up": ("up", "--sim", "--robot", "go2", "--ros", "--settings", tmp_path / "patient.yaml", "--no-release")
    }


def test_what_it_waits_for_is_named(folder, tmp_path):
    robot = Robot(Started(tmp_path), "up", [], None)
    assert robot.missing() == ["the supervisor"]
    robot._children.ended = lambda _name: None
    with pytest.raises(SurefootError, match=r"within 0 s: to be ready; it is without a supervisor$"):
        robot.until(lambda: False, "to be ready", 0.0)
    robot._children.ended = lambda _name: 2
    robot._children.last_line = lambda _name: "error: no such policy"
    with pytest.raises(SurefootError, match=r"`surefoot up` ended with status 2: error: no such policy"):
        robot.until(lambda: False, "to be ready")
    robot.close()
