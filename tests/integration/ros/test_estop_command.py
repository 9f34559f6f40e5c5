"""`surefoot estop` at a terminal of its own, and a robot that needs it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from real_processes import LONGEST_S, wait_for

from surefoot_safety.estop_key import write_new_key
from surefoot_safety.mode import Mode, Request

STOPS = {Mode.SETTLING, Mode.STOPPED}


class Person:
    """At the keyboard."""

    def __init__(self, key, *words):
        self._keyboard, terminal = pty.openpty()
        self.log = key.with_name("estop.log").open("w+")
        command = [sys.executable, "-m", "surefoot", "estop", "--key", str(key), *words]
        self.process = subprocess.Popen(
            command, stdin=terminal, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )
        os.close(terminal)

    def types(self, keys):
        os.write(self._keyboard, keys.encode())

    @property
    def sees(self):
        """The last line."""
        return (Path(self.log.name).read_text().splitlines() or [""])[-1]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._keyboard)
        self.log.close()


@pytest.fixture
def key(tmp_path):
    write_new_key(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def person(key):
    people = []

    def arrives():
        people.append(Person(key, "--name", "button"))
        return people[-1]

    yield arrives
    for each in people:
        each.close()


def test_a_robot_needs_it_is_stopped_by_it_and_does_not_outlive_it(start, person, key):
    stack = start("--sim", "--ros", "--estop-key", str(key), "--estop-endpoint", "button")
    wait_for(lambda: (s := stack.view().status) and "button has not checked in" in s.record.estop_reasons, stack.said)
    at_it = person()
    wait_for(lambda: "RELEASED: the robot is" in at_it.sees, at_it.sees)
    stack.to(Mode.STANDING)

    at_it.types(" ")
    wait_for(lambda: stack.mode() in STOPS, "a stop")
    wait_for(lambda: "STOP: the robot is" in at_it.sees, at_it.sees)
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the robot at rest")
    assert "the e-stop asks to settle" in stack.operator.ask(Request.RESET).refusal
    at_it.types("r")
    wait_for(lambda: "RELEASED" in at_it.sees, at_it.sees)
    stack.to(Mode.STANDING)

    at_it.process.kill()
    wait_for(lambda: stack.mode() in STOPS, "a robot that settles")
    wait_for(lambda: "button is silent" in stack.view().status.record.estop_reasons, "why")
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the robot at rest")

    again = person()
    stack.to(Mode.DAMPED)
    again.types("q")
    assert again.process.wait(LONGEST_S) == 0
    assert again.sees == "ended: button is silent, and a robot that needs it sits down"
    wait_for(lambda: stack.mode() is Mode.STOPPED, "a stop")
