"""What a person at an e-stop button presses and sees. The robot's side is the supervisor's own e-stop."""

import pytest

from surefoot_control.estop_button import HEARD_S, Button, Sight
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel

KEY, OTHER_KEY = bytes(range(32)), bytes(32)


class Robot:
    """An e-stop that needs this endpoint, and a line to it."""

    def __init__(self):
        self.estop = EStop(KEY)
        self.estop.configure([Endpoint("button", 0.5, 3.0)], motors_on=False)

    def hear(self, button, now_s):
        button.challenged(self.estop.check_in(button.check_in(), now_s).message, now_s)


@pytest.fixture
def robot():
    return Robot()


@pytest.fixture
def button():
    return Button(EstopEndpoint("button", KEY))


def test_nobody_answers(button):
    assert button.sight(1.0) is Sight.UNHEARD
    assert button.words(1.0).startswith("NOT CONNECTED: nobody answers: is the robot up, with --estop-endpoint button")


def test_it_releases_once_it_has_answered(robot, button):
    robot.hear(button, 1.0)
    assert robot.estop.level(1.0) is EstopLevel.ZERO_TORQUE  # it has only asked
    robot.hear(button, 1.1)
    assert robot.estop.level(1.1) is EstopLevel.RELEASED
    assert button.sight(1.1) is Sight.RELEASED
    assert "does not say" in button.words(1.1)
    button.robot_mode = "unknown"
    assert button.words(1.1) == "RELEASED: the robot's supervisor is silent; space or Enter stops it"
    button.robot_mode = "walking"
    assert button.words(1.1) == "RELEASED: the robot is walking; space or Enter stops it"


@pytest.mark.parametrize("key", [" ", "\r", "\n"])
def test_a_press_stops_and_stays(robot, button, key):
    for now_s in (1.0, 1.1):
        robot.hear(button, now_s)
    assert button.press(key)
    robot.hear(button, 1.2)
    assert robot.estop.level(1.2) is EstopLevel.SETTLE_THEN_DAMP
    assert button.sight(1.2) is Sight.STOP
    robot.hear(button, 1.3)
    assert robot.estop.level(1.3) is EstopLevel.SETTLE_THEN_DAMP
    assert not button.press("r")
    robot.hear(button, 1.4)
    assert robot.estop.level(1.4) is EstopLevel.RELEASED
    assert button.sight(1.4) is Sight.RELEASED


def test_other_keys_do_nothing(button):
    assert not any(button.press(key) for key in "qx0\x1b")
    assert button.level is EstopLevel.RELEASED


def test_a_press_may_take_the_torque(robot):
    button = Button(EstopEndpoint("button", KEY), EstopLevel.ZERO_TORQUE)
    for now_s in (1.0, 1.1):
        robot.hear(button, now_s)
    button.press(" ")
    robot.hear(button, 1.2)
    assert robot.estop.level(1.2) is EstopLevel.ZERO_TORQUE


def test_a_network_that_goes_away_is_seen(robot, button):
    robot.hear(button, 1.0)
    assert button.sight(1.0 + HEARD_S) is Sight.RELEASED
    assert button.sight(1.01 + HEARD_S) is Sight.LOST
    assert (
        button.words(4.0) == "LOST: no answer for 3.0 s: a robot that does not hear this endpoint sits down by itself"
    )
    button.press(" ")
    assert button.sight(4.0) is Sight.STOP_UNHEARD
    assert "use the button at the robot" in button.words(4.0)


def test_with_another_key_it_is_not_heard_but_stops_all_the_same(robot):
    stranger = Button(EstopEndpoint("button", OTHER_KEY))
    robot.hear(stranger, 1.0)
    assert stranger.sight(1.0) is Sight.UNHEARD
    stranger.press(" ")
    robot.hear(stranger, 1.1)
    assert any("a stop by 'button'" in reason for reason in robot.estop.reasons(1.1))
