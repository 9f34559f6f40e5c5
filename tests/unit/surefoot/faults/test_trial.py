from types import SimpleNamespace

import pytest
from fault_records import FAULT_S, GO2, SETTINGS, ticks

from surefoot.faults import trial as trying
from surefoot.faults.injecting import Injected
from surefoot.faults.kinds import cells
from surefoot.faults.table import FAULTS
from surefoot.faults.trial import Judge, tried
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.memory import Received
from surefoot_safety.mode import Mode

(CELL,) = cells(FAULTS, ["nothing, standing"])
END_S = FAULT_S + CELL.fault.watch_s + trying.STILL_S + 0.1


class Robot:
    """It stands; its clock goes on as somebody waits."""

    setup, kills, ready_asked = SimpleNamespace(has_ros=False), 0, 0

    def __init__(self, *parts):
        self.now_s, self.parts = FAULT_S - 0.05, list(parts)

    @property
    def status(self):
        record = SimpleNamespace(mode=Mode.STANDING, in_mode_s=self.now_s, reasons="", active=0, latched=0)
        return Received(record, 1, self.now_s, 1)

    def wait(self, seconds, until=lambda: False):
        self.now_s += seconds
        return until()

    def take_ticks(self):
        return self.parts.pop(0)

    def drive(self, *_):
        pass

    def ready(self):
        self.ready_asked += 1


def watched():
    return ticks(END_S - FAULT_S + 0.3, FAULT_S - 0.2)


def bad():
    made = ticks()
    made["law"][100:102, 1, 4] = 99.0
    return made


@pytest.fixture
def of(monkeypatch):
    """What comes of a robot's trial, in which nothing happens."""
    undone = []

    def run(robot, undo=lambda: None, again=lambda: None, stand=lambda _: False):
        def taken_away():
            undone.append(robot.now_s)
            return undo()

        monkeypatch.setattr(trying, "time", SimpleNamespace(monotonic=lambda: robot.now_s))
        monkeypatch.setattr(trying, "reach", lambda *_: None)
        monkeypatch.setattr(trying, "inject", lambda *_: Injected(robot.now_s, taken_away, again))
        monkeypatch.setattr(trying, "stand", stand)
        return tried(robot, CELL, 0, Judge(GO2, SETTINGS, judges_times=True))

    run.undone = undone
    return run


def test_a_trial_in_which_nothing_happens(of):
    found = of(Robot(ticks(), watched(), ticks()))
    assert found.verdict.right, found.note
    assert (found.recovered, found.lifted, found.note, found.beyond_limits) == (True, False, "", 0)


def test_commands_on_the_way_there_and_back_count(of):
    assert of(Robot(bad(), watched(), ticks())).beyond_limits == 2
    assert of(Robot(ticks(), watched(), bad())).beyond_limits == 2
    gap = ticks()[[*range(300), *range(301, 1001)]]
    for parts in ((gap, watched(), ticks()), (ticks(), watched(), gap)):
        found = of(Robot(*parts))
        assert found.verdict is None
        assert found.note == "1 records of the motors are missing before or after the fault"


def test_what_there_is_to_say_of_a_fault_is_in_the_notes(of):
    assert of(Robot(ticks(), watched(), ticks()), lambda: "9000 messages").note == "9000 messages"


def test_whatever_becomes_of_us_the_fault_is_taken_away(of):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        of(Robot(ticks()), again=interrupted)
    assert len(of.undone) == 1


def test_nodes_that_were_killed_must_be_heard_again(of):
    robot = Robot(ticks(), watched(), ticks())
    robot.setup = SimpleNamespace(has_ros=True)
    assert of(robot).recovered
    assert robot.ready_asked == 1

    def deaf():
        raise SurefootError("the nodes give no targets")

    robot = Robot(ticks(), watched(), ticks())
    robot.setup, robot.ready = SimpleNamespace(has_ros=True), deaf
    found = of(robot)
    assert (found.recovered, found.note) == (False, "the nodes give no targets")
