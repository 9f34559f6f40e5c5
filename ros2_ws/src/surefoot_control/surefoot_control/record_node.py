"""The recorder: every topic of the robot into one MCAP file.

python -m surefoot_control.record_node --out walk.mcap
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import String

from surefoot_control.bag import Bag, definition_of, free_name
from surefoot_control.clock import NS_PER_S, Stamps
from surefoot_control.parameters import declared
from surefoot_control.qos import latched, newest, reliable
from surefoot_control.ros import NAMESPACE, running_ros, spin, split
from surefoot_robots.errors import SurefootError
from surefoot_safety.process.ending import Ending
from surefoot_safety.process.main import begin, guarded, parser

LOG = logging.getLogger(__name__)
MANY = 100
"""Messages that may wait while the disk is slow."""
LOOK_S = 1.0


class RecordNode(Node):
    """Writes what it hears."""

    def __init__(self, bag: Bag, give_up: Callable[[str], None]) -> None:
        super().__init__("record", namespace=NAMESPACE)
        self._bag, self._give_up = bag, give_up
        self._stamps = Stamps.of_now()
        velocity = (
            TwistStamped if declared(self, "cmd_vel_stamped", False, None, "/cmd_vel is a TwistStamped") else Twist
        )
        self._record("/joint_states", JointState, newest())
        self._record("/imu/data", Imu, newest())
        self._record("/cmd_vel", velocity, reliable())
        self._record("/diagnostics", DiagnosticArray, reliable())
        self._record("joint_target", JointState, reliable())
        self._record("mode", String, latched())
        self._record("status", DiagnosticArray, reliable())
        self._record("velocity_estimate", TwistStamped, newest())
        self.create_timer(LOOK_S, self._look)

    def _record(self, topic: str, kind: type, qos: QoSProfile) -> None:
        name = self.resolve_topic_name(topic)
        type_name = f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
        self._bag.add_topic(name, type_name, definition_of(type_name))
        qos.depth = MANY

        def write(data: bytes) -> None:
            self._write(name, data)

        self.create_subscription(kind, topic, write, qos, raw=True)

    def _write(self, topic: str, data: bytes) -> None:
        seconds, nanoseconds = self._stamps.to_ros(time.monotonic())
        try:
            self._bag.add(topic, data, seconds * NS_PER_S + nanoseconds)
        except OSError as error:
            self._give_up(f"{self._bag.path}: {error.strerror}")

    def _look(self) -> None:
        try:
            self._bag.flush()
        except OSError as error:
            self._give_up(f"{self._bag.path}: {error.strerror}")
            return
        if not self._bag.has_room:
            self._give_up(f"{self._bag.path}: the disk is nearly full")


def record(out: Path, ros_words: Sequence[str], seconds: float = float("inf")) -> int:
    """Until asked to end, or for so long; how many messages. A full disk ends it, with an error that says so."""
    with running_ros(ros_words) as ending:
        bag = Bag(free_name(out))
        faults: list[str] = []

        def give_up(why: str) -> None:
            faults.append(why)
            ending.asked += 1

        node = RecordNode(bag, give_up)
        LOG.info("recording to %s", bag.path)
        try:
            _limited(node, ending, seconds)
            spin(node, ending)
        finally:
            node.destroy_node()
            _close(bag, faults)
    if faults:
        raise SurefootError(f"{faults[0]}: recording ended after {bag.messages} messages", hint="free some space")
    return bag.messages


def _limited(node: RecordNode, ending: Ending, seconds: float) -> None:
    if seconds != float("inf"):

        def end() -> None:
            ending.asked += 1

        node.create_timer(seconds, end)


def _close(bag: Bag, faults: list[str]) -> None:
    """End the file properly if the disk still takes it."""
    try:
        bag.close()
    except OSError as error:
        faults.append(f"{bag.path}: {error.strerror}")
        bag.abandon()


def run(words: Sequence[str]) -> None:
    """Record until asked to end."""
    ours, ros_words = split(words)
    made = parser("surefoot_control.record_node")
    made.add_argument("--out", type=Path, required=True, help="the file to write; numbered if it is there")
    arguments: argparse.Namespace = made.parse_args(ours)
    begin(arguments)
    LOG.info("%d messages recorded", record(arguments.out, ros_words))


def main() -> int:
    """The program."""
    return guarded(lambda: run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
