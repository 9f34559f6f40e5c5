"""The console where a robot node is: velocities over ROS 2, and recordings."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from console_page import STILL, Console, Page
from real_processes import Stack, wait_for

from surefoot.console.recorder import Recorder
from surefoot.console.sending import ROBOT_LOG
from surefoot_safety.channel.place import make_folder

pytest.importorskip("rclpy", reason="needs ROS 2: source an installation, or pip install 'surefoot[ros]'")

ROS = {
    "ROS_DOMAIN_ID": str(1 + os.getpid() % 100),
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
}
SOME_BYTES = 2000


@pytest.fixture
def robot(tmp_path_factory, monkeypatch):
    """A stack with a robot node, a console and its page."""
    for name, value in ROS.items():
        monkeypatch.setenv(name, value)
    stack = Stack(tmp_path_factory.mktemp("r"), "--driver", "pretend", "--console", "--ros")
    console = Console(stack.root)
    page = Page(console)
    yield stack, page
    page.close()
    console.close()
    stack.close()


def test_it_drives_and_records_over_ros(robot):
    stack, page = robot
    page.until(lambda frame: frame["way"] == "over ROS 2", "the robot node to listen")
    page.drive((1.0, 0.0, -0.5), [0.5, 0.0, -0.4])
    page.hold = STILL
    wait_for(lambda: stack.view().status.record.velocity == STILL, "zero velocity")
    page.say(kind="record", on=True)
    page.until(lambda frame: frame["recording"]["on"], "the recorder")
    page.say(kind="record", on=True)
    wait_for(lambda: page.heard("recording already"), "a second one to be refused")
    page.until(lambda frame: frame["recording"]["bytes"] > SOME_BYTES, "something recorded")
    page.say(kind="record", on=False)
    page.until(lambda frame: not frame["recording"]["on"], "the end of it")
    wait_for(lambda: page.heard("MB); surefoot report"), "where it is")
    (file,) = Path(stack.root).glob("go2-*.mcap")
    assert file.read_bytes()[-8:] == b"\x89MCAP0\r\n"  # whole: with the magic that ends a file
    page.say(kind="record", on=False)
    wait_for(lambda: page.heard("nothing is being recorded"), "that there is none")


def test_a_recording_that_fails_is_told(tmp_path_factory, monkeypatch):
    for name, value in ROS.items():
        monkeypatch.setenv(name, value)
    root = tmp_path_factory.mktemp("r")
    folder = root / "go2"
    make_folder(folder)
    (folder / ROBOT_LOG).touch()
    recorder = Recorder(folder, root, root / "nowhere", robot="go2", stamped=True)
    assert recorder.begin(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)).endswith("nowhere/go2-20260102-030405.mcap")
    told = wait_for(lambda: recorder.poll(0.0), "its end")
    assert told.startswith("the recorder ended with status 2: ")
    assert "No such file" in told
    assert not recorder.state.on
    recorder.close()
