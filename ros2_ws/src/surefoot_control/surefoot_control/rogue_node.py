"""A node that misbehaves on purpose, for the fault campaign; nothing on a robot starts it.

    python -m surefoot_control.rogue_node --box SOCKET --parent PROCESS

It drives as a well-behaved teleop does until an order comes to its socket: a JSON object with `velocity`, or with
`misdeed`, one of those below or null. The answer says when the first message of it went out, on the monotonic clock;
to null, how many there were in how many seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from geometry_msgs.msg import Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import JointState
from std_msgs.msg import UInt8MultiArray

from surefoot_control.clock import NS_PER_S
from surefoot_control.qos import reliable
from surefoot_control.ros import NAMESPACE, running_ros
from surefoot_safety.process.ending import end_with
from surefoot_safety.process.mailbox import Letter, Mailbox

VELOCITY_S = 0.05
FLOOD_S = 1e-4
"""10 kHz, or as fast as this process can."""
OFTEN_S = 0.02
"""As policies answer."""
PATIENCE_S = 0.01
"""A process that looks a thousand times a second would be a fault of its own on a small machine."""
MANY = 200
AT_ONCE = 20
"""Messages between two looks at other things."""
NEWER_NS = 1000
"""What is to be taken must be newer than what was taken."""
Misdeed: TypeAlias = Callable[[], None]
Tell: TypeAlias = Callable[[dict[str, float]], None]


class RogueNode(Node):
    """Publishes velocities, and what nobody should."""

    def __init__(self) -> None:
        super().__init__(f"rogue_{random.randrange(2**31)}", namespace=NAMESPACE)
        self._velocities = self.create_publisher(Twist, "/cmd_vel", reliable())
        self._targets = self.create_publisher(JointState, "joint_target", reliable())
        self._check_ins = self.create_publisher(UInt8MultiArray, "estop/check_in", reliable(10))
        self._velocity: tuple[float, float, float] | None = None
        self._heard: JointState | None = None
        self._echoed: deque[tuple[int, int]] = deque(maxlen=MANY)
        """Stamps of our own, that come back."""
        self._said_s = self._done_s = -math.inf
        self._random = random.Random(0)
        self._misdeed: Misdeed | None = None
        self._pace_s = OFTEN_S
        self._on_heard: Misdeed | None = None
        self._tell: Tell | None = None
        self._count, self._began_s = 0, math.inf
        self._listening: Subscription | None = self._listen()
        self._misdeeds: dict[str, tuple[Misdeed, float]] = {
            "targets malformed": (self._malformed, OFTEN_S),
            "targets of a second publisher": (self._second, OFTEN_S),
            "targets flooded": (self._second, FLOOD_S),
            "velocities flooded": (self._wild, FLOOD_S),
            "velocities malformed": (self._no_velocity, OFTEN_S),
            "velocities of a second publisher": (self._wild, OFTEN_S),
            "check-ins flooded": (self._garbage, FLOOD_S),
        }
        self._echoes: dict[str, Misdeed] = {
            "targets duplicated": lambda: self._echo(0),
            "targets stamped in the past": lambda: self._echo(-NS_PER_S),
            "targets stamped in the future": lambda: self._echo(NS_PER_S),
            "targets forged without numbers": lambda: self._forge(math.nan, math.nan),
            "targets forged at random": lambda: self._forge(-1.0, 1.0),
            "targets with joints in another order": lambda: self._echo(NEWER_NS, turned=True),
        }

    @property
    def patience_s(self) -> float:
        """How long it may listen before it has to act."""
        return PATIENCE_S if self._misdeed is None or self._pace_s > FLOOD_S else FLOOD_S

    def _listen(self) -> Subscription:
        return self.create_subscription(JointState, "joint_target", self._hear, reliable())

    def order(self, found: dict[str, object], tell: Tell, now_s: float) -> None:
        """How fast to drive, or what to do wrong."""
        velocity, misdeed = found.get("velocity"), found.get("misdeed")
        if isinstance(velocity, list):
            vx, vy, yaw = velocity
            self._velocity, self._said_s = (vx, vy, yaw), -math.inf
            tell({"at_s": now_s})
            return
        self._misdeed, self._on_heard = None, None
        self._listening = self._listening or self._listen()
        if misdeed is None:
            tell({"at_s": now_s, "count": self._count, "seconds": max(0.0, now_s - self._began_s)})
        self._count, self._began_s, self._tell = 0, math.inf, tell
        if misdeed is None:
            return
        if misdeed in self._echoes:
            self._on_heard = self._echoes[str(misdeed)]
        else:
            self._misdeed, self._pace_s = self._misdeeds[str(misdeed)]
        if misdeed == "targets flooded":  # who hears its own flood has less time to make one
            self.destroy_subscription(self._listening)
            self._listening = None

    def act(self, now_s: float) -> None:
        """What is due."""
        if self._velocity is not None and now_s - self._said_s >= VELOCITY_S:
            self._said_s = now_s
            self._publish_velocity(*self._velocity)
        if self._misdeed is None or now_s - self._done_s < self._pace_s:
            return
        many = min(AT_ONCE, max(1, round((now_s - self._done_s) / self._pace_s))) if math.isfinite(self._done_s) else 1
        self._done_s = now_s
        for _ in range(many):
            self._misdeed()
        self._done(many, now_s)

    def _done(self, count: int, at_s: float) -> None:
        """Count, and say when it was first."""
        self._count += count
        if math.isinf(self._began_s):
            self._began_s = at_s
            if self._tell is not None:
                self._tell({"at_s": at_s})

    def _hear(self, message: JointState) -> None:
        if not message.header.frame_id.startswith("policy:"):
            return  # our own
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        if stamp in self._echoed:
            return
        self._heard = message
        if self._on_heard is not None:
            at_s = time.monotonic()
            self._on_heard()
            self._done(1, at_s)

    def _echo(self, shift_ns: int, *, turned: bool = False) -> None:
        """What the policy has just said, once more, with another stamp; the joints in another order, or not."""
        if self._heard is not None:
            step = -1 if turned else 1
            self._say(JointState(name=self._heard.name[::step], position=self._heard.position[::step]), shift_ns)

    def _forge(self, low: float, high: float) -> None:
        """In the policy's name, a little newer than its own."""
        if self._heard is not None:
            names = self._heard.name
            self._say(JointState(name=names, position=[self._random.uniform(low, high) for _ in names]), NEWER_NS)

    def _say(self, message: JointState, shift_ns: int) -> None:
        """In the policy's name, so much newer than what it said last."""
        if self._heard is not None:
            stamp = self._heard.header.stamp
            other = divmod(stamp.sec * NS_PER_S + stamp.nanosec + shift_ns, NS_PER_S)
            message.header.frame_id = self._heard.header.frame_id
            message.header.stamp.sec, message.header.stamp.nanosec = other
            self._echoed.append(other)
        self._targets.publish(message)

    def _malformed(self) -> None:
        names = [] if self._heard is None else list(self._heard.name)
        wrong = [
            JointState(name=names, position=[0.0] * 11),
            JointState(name=names[:3], position=[0.0] * 3),
            JointState(name=[*names[:-1], "tail"], position=[0.0] * len(names)),
            JointState(name=names[:1] * len(names), position=[0.0] * len(names)),
            JointState(name=["x" * 2000] * 100, position=[math.inf] * 100),
            JointState(),
        ]
        self._say(self._random.choice(wrong), NEWER_NS)  # all else is as it should be

    def _second(self) -> None:
        names = [] if self._heard is None else list(self._heard.name)
        message = JointState(name=names, position=[self._random.uniform(-1.0, 1.0) for _ in names])
        message.header.stamp = self.get_clock().now().to_msg()
        message.header.frame_id = "somebody"
        self._targets.publish(message)

    def _wild(self) -> None:
        self._publish_velocity(*(self._random.uniform(-3.0, 3.0) for _ in range(3)))

    def _no_velocity(self) -> None:
        self._publish_velocity(math.nan, math.inf, -math.inf)

    def _garbage(self) -> None:
        self._check_ins.publish(UInt8MultiArray(data=array("B", self._random.randbytes(80))))

    def _publish_velocity(self, vx: float, vy: float, yaw: float) -> None:
        twist = Twist()
        twist.linear.x, twist.linear.y, twist.angular.z = vx, vy, yaw
        self._velocities.publish(twist)


def run(box: Path) -> None:
    """Until asked to end."""
    with running_ros(()) as ending:
        node, mailbox = RogueNode(), Mailbox(box)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            while not ending.asked:
                executor.spin_once(timeout_sec=node.patience_s)
                now_s = time.monotonic()
                for letter in mailbox.take():
                    node.order(json.loads(letter.data), _telling(mailbox, letter), now_s)
                node.act(now_s)
        finally:
            mailbox.close()
            node.destroy_node()


def _telling(mailbox: Mailbox, letter: Letter) -> Tell:
    return lambda told: mailbox.answer(letter, json.dumps(told).encode())


def main(words: Sequence[str]) -> int:
    """The program."""
    made = argparse.ArgumentParser(prog="python -m surefoot_control.rogue_node", allow_abbrev=False)
    made.add_argument("--box", type=Path, required=True)
    made.add_argument("--parent", type=int, required=True)
    arguments = made.parse_args(words)
    end_with(arguments.parent)
    run(arguments.box)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
