"""Teleop: velocities on /cmd_vel while something is held, requests by the robot node's services."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from surefoot_control.driving import EVENT, STILL, Course, Joystick, Keys, Speeds, Velocity, open_joystick
from surefoot_control.qos import reliable
from surefoot_control.ros import NAMESPACE, running_ros
from surefoot_control.terminal import keys_of, raw_terminal
from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Request
from surefoot_safety.process.ending import Ending

PERIOD_S = 0.05
"""20 Hz: four of five may be lost before a velocity is stale."""
END_S = 0.3
"""How long standing still is said before the end."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What a person chooses."""

    speeds: Speeds = field(default_factory=Speeds)
    course: Course | None = None
    seconds: float = float("inf")
    joystick: Path | None = None
    stamped: bool = False


class Teleop(Node):
    """Publishes velocities and asks for modes."""

    def __init__(self, *, stamped: bool, tell: Callable[[str], None]) -> None:
        super().__init__("teleop", namespace=NAMESPACE)
        self._stamped, self._tell = stamped, tell
        self._velocity = self.create_publisher(TwistStamped if stamped else Twist, "/cmd_vel", reliable())
        self._askers = {
            request: self.create_client(Trigger, request.value)
            for request in (Request.ARM, Request.STAND, Request.WALK, Request.SIT, Request.DISARM, Request.RESET)
        }
        self._askers[Request.STOP] = self.create_client(Trigger, Request.STOP.value)

    def send(self, velocity: Velocity) -> None:
        """Publish one."""
        twist = Twist()
        twist.linear.x, twist.linear.y, twist.angular.z = velocity
        if not self._stamped:
            self._velocity.publish(twist)
            return
        message = TwistStamped(twist=twist)
        message.header.stamp = self.get_clock().now().to_msg()
        self._velocity.publish(message)

    def ask(self, request: Request) -> None:
        """Ask; what comes of it is told when it comes."""
        client = self._askers[request]
        if not client.service_is_ready():
            self._tell(f"{request.value}: no robot node answers")
            return

        def told(future: Future) -> None:
            answer = future.result()
            self._tell(f"{request.value}: {answer.message}")

        client.call_async(Trigger.Request()).add_done_callback(told)


def drive(choice: Drive, tell: Callable[[str], None]) -> None:
    """Until Ctrl-C, or for so long; then stand still."""
    with running_ros([]) as ending, _source(choice) as source:
        node = Teleop(stamped=choice.stamped, tell=tell)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            _loop(node, source, executor, ending, choice.seconds)
        finally:
            node.destroy_node()


def _loop(
    node: Teleop,
    source: Callable[[Teleop], Velocity],
    executor: SingleThreadedExecutor,
    ending: Ending,
    seconds: float,
) -> None:
    end_s, due_s = time.monotonic() + seconds, time.monotonic()
    while (now_s := time.monotonic()) < end_s + END_S:
        if ending.asked and now_s < end_s:
            end_s = now_s
        if now_s >= due_s:
            due_s = now_s + PERIOD_S
            velocity = source(node)
            node.send(velocity if now_s < end_s else STILL)
        executor.spin_once(timeout_sec=max(0.0, due_s - time.monotonic()))


@contextlib.contextmanager
def _source(choice: Drive) -> Iterator[Callable[[Teleop], Velocity]]:
    """Where velocities come from."""
    if choice.course is not None:
        course, began_s = choice.course, time.monotonic()
        yield lambda _node: course.velocity(time.monotonic() - began_s)
    elif choice.joystick is not None:
        with open_joystick(choice.joystick) as file:
            stick = Joystick(choice.speeds)

            def from_stick(_node: Teleop) -> Velocity:
                while len(data := file.read(EVENT.size) or b"") == EVENT.size:
                    stick.event(data)
                return stick.velocity()

            yield from_stick
    else:
        with raw_terminal("use --joystick, or --velocity VX VY YAW with --seconds S") as terminal:
            keys = Keys(choice.speeds)

            def from_keys(node: Teleop) -> Velocity:
                typed = keys_of(terminal)
                if typed is None:  # nobody would be there to drive, and a robot must notice that
                    raise SurefootError("the terminal was closed: no velocities come from here any more")
                for key in typed.lower():
                    request = keys.press(key, time.monotonic())
                    if request is not None:
                        node.ask(request)
                return keys.velocity(time.monotonic())

            yield from_keys
