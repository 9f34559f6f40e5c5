"""Which way velocities go, on real channels, with a clock of its own."""

import importlib.util
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from surefoot.console import recorder, sending
from surefoot.console.recorder import Recorder
from surefoot.console.sending import Sending
from surefoot_safety.channel.channels import TARGET, channel_path, read_channel, write_channel
from surefoot_safety.channel.place import make_folder
from surefoot_safety.channel.records import TargetRecord

AHEAD = (0.5, 0.0, -0.1)


@pytest.fixture
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("r") / "go2"
    make_folder(made)
    return made


@pytest.fixture
def way(folder):
    made = Sending(folder, stamped=False)
    yield made
    made.close()


def target(folder):
    reader = read_channel(folder, TARGET, TargetRecord)
    found = reader.read(time.monotonic())
    reader.close()
    return None if found is None else found.record


def test_without_a_supervisor_they_go_nowhere_and_nothing_is_held(folder, way):
    way.look(0.0, is_running=False)
    way.send(AHEAD, 0.0)
    assert way.words == sending.NOWHERE
    assert not channel_path(folder, TARGET).exists()


def test_without_a_robot_node_they_go_straight_to_the_supervisor(folder, way):
    way.look(0.0, is_running=True)
    assert way.words == sending.STRAIGHT
    way.send(AHEAD, 7.0)
    way.send(AHEAD, 7.05)
    record = target(folder)
    assert (record.has_command, record.has_velocity, record.velocity) == (False, True, AHEAD)
    assert (record.velocity_sequence, record.velocity_stamp_s) == (2, 7.05)
    way.look(0.5, is_running=False)  # `surefoot up` may be started again
    assert way.words == sending.NOWHERE
    assert not channel_path(folder, TARGET).exists()
    assert not way.asked_to_end


def test_a_robot_node_has_them_even_before_it_listens(folder, way, monkeypatch):
    way.look(0.0, is_running=True)
    (folder / sending.ROBOT_LOG).touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    way.send(AHEAD, 0.1)  # not past it
    assert target(folder) is None
    way.look(2.0, is_running=True)
    assert way.words == sending.NO_ROS
    assert not channel_path(folder, TARGET).exists()


def test_somebody_elses_channel_is_left_alone(folder, way):
    other = write_channel(folder, TARGET, TargetRecord)
    way.look(0.0, is_running=True)
    assert "has a writer already" in way.words
    way.send(AHEAD, 0.0)
    assert target(folder) is None
    other.close()
    way.look(0.5, is_running=True)
    assert "has a writer already" in way.words  # not tried all the time
    way.look(2.0, is_running=True)
    assert way.words == sending.STRAIGHT


def test_what_a_recording_takes(folder, tmp_path, monkeypatch):
    records = Recorder(folder, folder.parent, tmp_path, robot="go2", stamped=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert records.state.why_not == recorder.NO_ROS
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert records.state.why_not == recorder.NO_NODE
    assert records.begin(datetime.now(UTC)) == f"not recording: {recorder.NO_NODE}"
    assert records.end(0.0) == "nothing is being recorded"
    assert records.poll(0.0) == ""
    (folder / sending.ROBOT_LOG).touch()
    (folder / recorder.UP_RECORDS).touch()
    assert (records.state.why_not, records.state.by_up, records.state.on) == ("", True, False)
    records.close()


def test_a_broken_installation_of_ros_is_told(folder, way, monkeypatch):
    def broken(*, stamped):
        raise ImportError("librcl.so: cannot open shared object file")

    (folder / sending.ROBOT_LOG).touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(sending, "RosWay", broken)
    way.look(0.0, is_running=True)
    way.send(AHEAD, 0.1)
    assert way.words == "nowhere: ROS 2 does not start: librcl.so: cannot open shared object file"


def test_ros_is_imported_before_anybody_relies_on_check_ins():
    code = "import sys; from surefoot.console.sending import load_ros; load_ros(); print('rclpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(importlib.util.find_spec("rclpy") is not None)


def test_whoever_has_no_ros_or_a_broken_one_gets_his_page(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    sending.load_ros()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "surefoot_control.drive", None)  # importing it fails
    sending.load_ros()
