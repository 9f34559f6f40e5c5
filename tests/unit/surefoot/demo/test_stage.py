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
