"""What the main programs of all nodes have in common: environment, start, loop, end."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError
from surefoot_safety.process.ending import Ending

if TYPE_CHECKING:
    from rclpy.node import Node

NAMESPACE = "surefoot"
LOOK_S = 0.1
"""How often a node looks whether it was asked to end."""
DEFAULTS = {
    # A node that is killed leaves its segments of Fast DDS's shared-memory transport behind; datagrams leave nothing.
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
    "RCUTILS_CONSOLE_OUTPUT_FORMAT": "{message}",
}
QUIET = "--disable-external-lib-logs"
"""No file in ~/.ros for every start: what nodes say goes to stderr, and to /rosout."""


def check_ros() -> None:
    """Refuse where there is no ROS."""
    if importlib.util.find_spec("rclpy") is None:
        raise SurefootError(
            "ROS 2 is not installed here: there is no rclpy",
            hint="source a ROS 2 installation, or pip install 'surefoot[ros]' (x86-64 Linux, Python 3.11 to 3.13)",
        )


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own words, and those for ROS: between `--ros-args` and `--`, or to the end."""
    ours: list[str] = []
    theirs: list[str] = []
    for_ros = False
    for word in words:
        if word == "--ros-args":
            for_ros = True
        elif for_ros and word == "--":
            for_ros = False
        else:
            (theirs if for_ros else ours).append(word)
    return ours, theirs


@contextmanager
def running_ros(ros_words: Sequence[str]) -> Iterator[Ending]:
    """ROS from here to the end, with signals handled by us: they ask to end, and nothing is torn down meanwhile."""
    check_ros()
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    ending = Ending()
    rclpy.init(args=["--ros-args", QUIET, *ros_words], signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield ending
    finally:
        rclpy.try_shutdown()


def spin(node: Node, ending: Ending) -> None:
    """Let a node work until asked to end."""
    from rclpy.executors import SingleThreadedExecutor

    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not ending.asked:
        executor.spin_once(timeout_sec=LOOK_S)
    executor.remove_node(node)
