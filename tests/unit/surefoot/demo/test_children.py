"""Processes of a demonstration: real ones, which do next to nothing."""

import os
import pty

import pytest

from surefoot.demo.children import Children
from surefoot_robots.errors import SurefootError


@pytest.fixture
def children(tmp_path):
    started = Children(tmp_path)
    yield started
    started.close()


def test_what_a_command_prints_is_handed_over(children):
    assert children.run("version", "--version").startswith("surefoot ")
    assert children.answer("hash", "robot", "hash", "go2", "--json")["name"] == "go2"


def test_what_fails_is_said_with_its_last_line(children, tmp_path):
    with pytest.raises(SurefootError, match=r"`surefoot verify nowhere` ended with status 2: .*nowhere") as caught:
        children.run("verify", "verify", "nowhere")
    assert str(tmp_path / "verify.log") in caught.value.hint


def test_status_1_may_be_an_answer(children, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SurefootError, match="status 2"):
        children.run("odd", "robot", "show", "nobody", may_fail=True)
    with pytest.raises(SurefootError, match="printed no result"):
        children.answer("version", "--version")


def test_what_runs_is_ended(children):
    keyboard, terminal = pty.openpty()
    children.start("try", "safety", "try", stdin=terminal)  # waits for what is typed
    os.close(terminal)
    assert children.ended("try") is None
    assert children.end("try") == -15
    os.close(keyboard)


def test_all_that_run_are_ended(tmp_path):
    children = Children(tmp_path)
    keyboard, terminal = pty.openpty()
    for name in ("one", "other"):
        children.start(name, "safety", "try", stdin=terminal)
    os.close(terminal)
    pids = [process.pid for process in children._running.values()]
    children.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    os.close(keyboard)
