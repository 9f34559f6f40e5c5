"""The console's end of the e-stop against the supervisor's own, over real mailboxes, with a clock of its own."""

import pytest

from surefoot.console.endpoint import HEARD_S, PageEndpoint
from surefoot_safety.channel.place import KEY
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_key import read_key, write_new_key
from surefoot_safety.estop_message import CHECK_IN_MAGIC, EstopLevel
from surefoot_safety.mode import Request
from surefoot_safety.process.mailbox import REQUESTS, STOPS, Mailbox, socket_path
from surefoot_safety.process.requests import parse_request

RELEASED, SETTLE, ZERO = EstopLevel.RELEASED, EstopLevel.SETTLE_THEN_DAMP, EstopLevel.ZERO_TORQUE


class Robot:
    """The supervisor's side: what it was asked, and how far its e-stop lets the robot go."""

    def __init__(self, folder, names=("console",)):
        write_new_key(folder / KEY)
        self.boxes = [Mailbox(socket_path(folder, name)) for name in (STOPS, REQUESTS)]
        self.estop = EStop(read_key(folder / KEY))
        self.estop.configure([Endpoint(name, 0.5, 3.5) for name in names], motors_on=False)
        self.asked = []

    def tick(self, now_s):
        for box in self.boxes:
            for letter in box.take():
                if letter.data.startswith(CHECK_IN_MAGIC):
                    reply = self.estop.check_in(letter.data, now_s)
                    if reply.message:
                        box.answer(letter, reply.message)
                else:
                    self.asked.append(parse_request(letter.data)[0])
        return self.estop.level(now_s)

    def close(self):
        for box in self.boxes:
            box.close()


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def robot(folder):
    made = Robot(folder)
    yield made
    made.close()


@pytest.fixture
def page(folder):
    made = PageEndpoint(folder, None)
    yield made
    made.close()


def go_on(page, robot, begin_s, end_s, *, is_alive=True):
    """Both tick every 25 ms; the level in the end."""
    level, now_s = None, begin_s
    while now_s < end_s:
        page.tick(now_s, is_alive=is_alive)
        level = robot.tick(now_s)
        now_s += 0.025
    return level


def test_it_releases_while_the_page_is_there_and_silence_settles_then_lets_go(page, robot):
    assert robot.tick(0.0) is ZERO
    assert go_on(page, robot, 0.0, 1.0) is RELEASED
    assert page.is_waited_for(1.0)
    assert go_on(page, robot, 1.0, 1.45, is_alive=False) is RELEASED
    assert go_on(page, robot, 1.45, 1.6, is_alive=False) is SETTLE
    assert go_on(page, robot, 1.6, 5.2, is_alive=False) is ZERO
    assert robot.asked == []


def test_a_stop_counts_at_once_and_holds_until_it_is_released(page, robot):
    go_on(page, robot, 0.0, 1.0)
    page.stop(Request.STOP, 1.0)
    assert robot.tick(1.0) is SETTLE
    assert robot.asked[0] is Request.STOP
    assert go_on(page, robot, 1.0, 3.0) is SETTLE
    assert page.is_pressed
    said = len(robot.asked)
    assert said > 10  # lest one be lost
    page.release()
    robot.estop.clear_strangers()  # as a reset does
    assert go_on(page, robot, 3.0, 3.5) is RELEASED
    assert len(robot.asked) == said


def test_damping_is_asked_for_as_such(page, robot):
    page.stop(Request.DAMP, 0.0)
    go_on(page, robot, 0.0, 0.1)
    assert set(robot.asked) == {Request.DAMP}


def test_without_a_page_it_can_stop(page, robot):
    page.stop(Request.STOP, 0.0)
    page.tick(0.0, is_alive=False)
    robot.tick(0.0)
    assert robot.asked[0] is Request.STOP


def test_without_the_key_it_can_stop_and_nothing_else(folder, tmp_path, robot):
    page = PageEndpoint(folder, tmp_path / "none")
    assert go_on(page, robot, 0.0, 1.0) is ZERO
    assert "cannot be read" in page.key_fault
    assert not page.is_waited_for(1.0)
    page.stop(Request.STOP, 1.0)
    robot.tick(1.0)
    assert robot.asked == [Request.STOP]
    assert "a stop by 'console'" in robot.estop.reasons(1.0)
    page.close()


def test_a_run_that_does_not_wait_for_it_is_stopped_by_it_all_the_same(folder):
    robot, page = Robot(folder, names=("operator",)), PageEndpoint(folder, None)
    go_on(page, robot, 0.0, 1.0)
    assert not page.is_waited_for(1.0)
    page.stop(Request.STOP, 1.0)
    assert go_on(page, robot, 1.0, 1.1) is ZERO
    assert "a stop by 'console'" in robot.estop.reasons(1.1)
    page.close()
    robot.close()


def test_the_next_run_has_another_key(folder, page):
    first = Robot(folder)
    go_on(page, first, 0.0, 1.0)
    first.close()
    (folder / KEY).unlink()
    second = Robot(folder)
    assert go_on(page, second, 1.0 + HEARD_S, 5.0 + HEARD_S) is RELEASED
    second.close()


def test_nobody_there_is_no_error(page):
    page.tick(0.0, is_alive=True)
    page.stop(Request.STOP, 0.0)
    page.tick(0.1, is_alive=True)
    assert not page.is_waited_for(0.1)
