"""The acts of `surefoot demo` that need robots, with real processes; and what is left when somebody interrupts them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread
from real_processes import LONGEST_S, is_running, wait_for

from surefoot.demo import acts
from surefoot.demo.children import Children
from surefoot_safety.channel.place import ROOT_VARIABLE

pytest.importorskip("rclpy", reason="needs ROS 2: source an installation, or pip install 'surefoot[ros]'")
SHORT_COURSE = ((0.0, 0.0, 0.0, 4.0), (0.5, 0.0, 0.0, 3.0))


@pytest.fixture
def root(tmp_path_factory, monkeypatch):
    """A run folder of our own, and a domain."""
    folder = tmp_path_factory.mktemp("r")  # short: sockets have short paths
    monkeypatch.setenv(ROOT_VARIABLE, str(folder / "run"))
    monkeypatch.setenv("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    (folder / "logs").mkdir()
    return folder


@pytest.fixture
def play(root):
    children = Children(root / "logs")
    playing = acts.Play(children, root, 0, quick=True, patient=True)
    yield playing
    children.close()
    if playing.stage is not None:
        playing.stage.close()


@pytest.mark.slow
def test_the_robot_is_started_walked_pushed_bereft_of_its_policy_and_stopped(play, root, monkeypatch):
    monkeypatch.setattr(acts, "COURSE", SHORT_COURSE)
    assert "policy 50 Hz; both ends of the e-stop have checked in" in acts.start(play)
    walked = acts.walk(play)
    assert walked.startswith("stood ")
    assert play.robot.truth.qpos[0] > 0.3
    assert acts.push(play).startswith("it leaned by ")
    assert acts.kill_policy(play).endswith("another policy has been started")
    assert acts.press_estop(play).endswith("and it stands again")
    acts.end(play)
    assert not (root / "run").exists()
    assert play.stage is None
    acts.report(play)
    (page,) = (page for page, _ in play.pages)
    said = page.read_text()
    assert "estop_settle" in said
    assert "policy" in said


INTERRUPTED = """\
import sys
from surefoot.cli import main
from surefoot.demo import acts
acts.acts = lambda quick: (acts.Act("start", acts.start), acts.Act("walk", acts.walk))
sys.exit(main(["demo", "--patient", "--out", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_running(root, number):
    out, log = root / "demo", (root / "demo.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(out)], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        wait_for(lambda: "damped" in said(out / "logs" / "up.log"), "a robot that is armed")
        children = processes_below(process.pid)
        assert len(children) >= 2
        process.send_signal(number)
        assert process.wait(LONGEST_S) == 130
        wait_for(lambda: not any(map(is_running, children)), "the end of all")
    finally:
        process.kill()
        process.wait()
        log.close()
    assert said(root / "demo.log").splitlines()[-2:] == ["       ending what was started", "interrupted"]
    assert not (root / "run").exists()


def said(file):
    return file.read_text() if file.exists() else ""


def processes_below(parent):
    """By the kernel's own list."""
    return [
        int(number)
        for task in Path(f"/proc/{parent}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]


def test_the_picture_is_one(play, monkeypatch):
    monkeypatch.setattr(acts, "PICTURED", 22)
    monkeypatch.setattr(acts, "PICTURE_S", 0.1)
    told = acts.draw(play)
    # Without OpenGL it is left out, and the demonstration says so.
    if (play.out / "robots.png").exists():
        assert imread(play.out / "robots.png").std() > 0.05
    else:
        assert told.startswith("left out: no picture without OpenGL")
