import pytest

from surefoot.cli import main
from surefoot_control.ros import split
from surefoot_safety.process.runner import Choice, describe


@pytest.fixture
def no_ros(monkeypatch):
    from importlib import util

    real = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *more: None if name == "rclpy" else real(name, *more))


@pytest.mark.parametrize(
    "words",
    [
        ["up", "--sim", "--ros"],
        ["up", "--sim", "--policy", "go2-velocity-flat"],
        ["up", "--sim", "--record", "x.mcap"],
        ["drive"],
        ["record", "x.mcap"],
    ],
)
def test_without_ros_it_is_one_clear_line_and_nothing_is_started(no_ros, words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SUREFOOT_RUN_DIR", str(tmp_path / "run"))
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: ROS 2 is not installed here: there is no rclpy"
    assert said[1].startswith("hint: source a ROS 2 installation, or pip install 'surefoot[ros]'")
    assert not (tmp_path / "run").exists()


def test_words_for_ros_lie_between_their_marks():
    assert split(["--robot", "go2", "--ros-args", "-p", "a:=1", "--", "--parent", "7"]) == (
        ["--robot", "go2", "--parent", "7"],
        ["-p", "a:=1"],
    )
    assert split(["a", "--ros-args", "b"]) == (["a"], ["b"])


def test_nodes_are_described_when_they_are_asked_for_and_end_last(tmp_path):
    def names(**chosen):
        return [one.name for one in describe(Choice("go2", "sim", **chosen))]

    assert names() == ["supervisor", "link"]
    assert names(ros=True) == ["supervisor", "link", "robot"]
    assert names(policy=tmp_path / "p") == ["supervisor", "link", "robot", "policy"]
    assert names(record=tmp_path / "r") == ["supervisor", "link", "robot", "record"]


def test_the_robot_goes_on_without_nodes(tmp_path):
    parts = describe(Choice("go2", "sim", policy=tmp_path / "p", ros_parameters=tmp_path / "q"))
    assert {one.name: one.is_needed for one in parts} == {
        "supervisor": True, "link": True, "robot": False, "policy": False,
    }  # fmt: skip
    for one in parts[2:]:
        ours, theirs = split(one.words[2:])
        assert ours == ["--robot", "go2", "--policy", str(tmp_path / "p")]
        assert theirs == ["--params-file", str(tmp_path / "q")]
