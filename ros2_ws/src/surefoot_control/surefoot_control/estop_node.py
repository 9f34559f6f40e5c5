"""An e-stop endpoint over ROS: checks in for as long as it runs, and stops the robot at the press of a key."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String, UInt8MultiArray

from surefoot_control.estop_button import END_KEY, Button, Sight
from surefoot_control.qos import latched, reliable
from surefoot_control.ros import NAMESPACE, running_ros
from surefoot_control.terminal import keys_of, raw_terminal
from surefoot_robots.errors import SurefootError
from surefoot_safety.process.ending import Ending

PERIOD_S = 0.05
"""Ten within the shipped timeout of 0.5 s; a third of the shortest that can be asked of a network."""
LOOK_S = 0.01
"""Longer than this no key waits."""
Show = Callable[[Sight, str], None]


class EstopNode(Node):
    """Hands messages over, and decides nothing."""

    def __init__(self, button: Button) -> None:
        super().__init__(f"estop_{button.name}", namespace=NAMESPACE)
        self._button = button
        self._check_ins = self.create_publisher(UInt8MultiArray, "estop/check_in", reliable(10))
        self.create_subscription(UInt8MultiArray, "estop/challenge", self._on_challenge, reliable(10))
        self.create_subscription(String, "mode", self._on_mode, latched())

    def check_in(self) -> None:
        """Say that somebody is there, or that the robot is to stop."""
        self._check_ins.publish(UInt8MultiArray(data=self._button.check_in()))

    def _on_challenge(self, message: UInt8MultiArray) -> None:
        self._button.challenged(bytes(message.data), time.monotonic())

    def _on_mode(self, message: String) -> None:
        self._button.robot_mode = message.data


def attend(button: Button, show: Show) -> None:
    """Check in until the end is asked for; `show` what a person at the button must see."""
    hint = "an e-stop needs somebody who can press it: run it in a terminal of its own"
    with raw_terminal(hint) as terminal, running_ros([]) as ending:
        node = EstopNode(button)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            due_s = time.monotonic()
            while not ending.asked:
                _take_keys(terminal, button, node, ending)
                now_s = time.monotonic()
                if now_s >= due_s:
                    due_s = now_s + PERIOD_S
                    node.check_in()
                    show(button.sight(now_s), button.words(now_s))
                executor.spin_once(timeout_sec=LOOK_S)
        finally:
            node.destroy_node()


def _take_keys(terminal: int, button: Button, node: EstopNode, ending: Ending) -> None:
    keys = keys_of(terminal)
    if keys is None:
        raise SurefootError("the terminal was closed: this endpoint is silent from now on, and the robot sits down")
    for key in keys:
        if button.press(key):
            node.check_in()
        if key.lower() == END_KEY:
            ending.asked += 1
