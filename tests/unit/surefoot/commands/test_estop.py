"""`surefoot estop` where it cannot work: one line, with the way out."""

import os

import pytest

from surefoot.cli import main
from surefoot.commands.estop import LASTING, _find_robot, _warn_of_lasting_terminals
from surefoot_control import ros
from surefoot_robots.errors import SurefootError
from surefoot_safety.estop_key import write_new_key


@pytest.fixture
def key(tmp_path):
    write_new_key(tmp_path / "key")
    return tmp_path / "key"


def said(capsys, *words):
    assert main(["estop", *map(str, words)]) == 2
    line, _, hint = capsys.readouterr().err.partition("\n")
    return line, hint


def test_without_ros(key, capsys, monkeypatch):
    monkeypatch.setattr(ros.importlib.util, "find_spec", lambda _name: None)
    line, hint = said(capsys, "--key", key)
    assert line == "error: ROS 2 is not installed here: there is no rclpy"
    assert "surefoot[ros]" in hint


@pytest.fixture
def with_ros(monkeypatch):
    monkeypatch.setattr(ros.importlib.util, "find_spec", lambda _name: True)


def test_without_a_key_that_it_can_use(with_ros, key, tmp_path, capsys):
    line, hint = said(capsys, "--key", tmp_path / "none")
    assert "the e-stop key cannot be read" in line
    assert "surefoot safety key" in hint
    key.chmod(0o644)
    assert "others may read the e-stop key" in said(capsys, "--key", key)[0]


def test_by_a_name_that_is_none(with_ros, key, capsys):
    assert "'my button' is not a valid name" in said(capsys, "--key", key, "--name", "my button")[0]


@pytest.mark.parametrize(
    ("variable", "words"), [("SSH_CONNECTION", "reached by ssh"), ("TMUX", "one of tmux"), ("STY", "one of screen")]
)
def test_a_terminal_that_outlasts_its_person_is_told(capsys, monkeypatch, variable, words):
    for each in LASTING:
        monkeypatch.delenv(each, raising=False)
    _warn_of_lasting_terminals()
    assert capsys.readouterr().err == ""
    monkeypatch.setenv(variable, "somewhere")
    _warn_of_lasting_terminals()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: this terminal is {words}")
    assert "Run it on the machine in front of you" in line


def test_where_the_robot_is_is_told_to_ros(monkeypatch):
    monkeypatch.setenv("ROS_STATIC_PEERS", "10.0.0.1")
    monkeypatch.setenv("ROS_DOMAIN_ID", "3")
    _find_robot([], None)
    assert (os.environ["ROS_STATIC_PEERS"], os.environ["ROS_DOMAIN_ID"]) == ("10.0.0.1", "3")
    _find_robot(["192.168.0.10", "dog.local"], 7)
    assert os.environ["ROS_STATIC_PEERS"] == "10.0.0.1;192.168.0.10;dog.local"
    assert os.environ["ROS_DOMAIN_ID"] == "7"
    for wrong in ("", "a;b", " a"):
        with pytest.raises(SurefootError, match="is no address"):
            _find_robot([wrong], None)
    with pytest.raises(SurefootError, match="--domain 233"):
        _find_robot([], 233)
