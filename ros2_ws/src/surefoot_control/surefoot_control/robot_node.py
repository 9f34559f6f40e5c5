"""The robot node: between the processes' channels and ROS. It converts and decides nothing.

    python -m surefoot_control.robot_node --robot go2 --policy go2-velocity-flat

Two threads. One polls the channels and publishes; the other takes messages and requests. No message that has to be
handed on waits for a publisher.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import Trigger

from surefoot_control.clock import Stamps
from surefoot_control.counts import Counts
from surefoot_control.facts import facts_of
from surefoot_control.intake import PolicyFacts, TargetIntake, VelocityIntake
from surefoot_control.parameters import declared
from surefoot_control.qos import reliable
from surefoot_control.ros import NAMESPACE, running_ros, spin, split
from surefoot_control.telling import Telling
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import ROBOT_NODE, TARGET, read_channel, write_channel
from surefoot_safety.channel.records import LoopRecord, TargetRecord, target_record, velocity_command
from surefoot_safety.command import JointCommand, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Request
from surefoot_safety.process.asking import Asker
from surefoot_safety.process.ending import Ending
from surefoot_safety.process.histogram import Histogram
from surefoot_safety.process.mailbox import REQUESTS, STOPS, Mail, socket_path
from surefoot_safety.process.main import begin, clear_away, guarded, parser
from surefoot_safety.process.phases import TELLING_S
from surefoot_safety.process.report import REPORT_S, loop_record
from surefoot_safety.process.ticker import Ticker

SERVICES = {
    request.value: request
    for request in (
        *(Request.STOP, Request.DAMP, Request.RESET, Request.ARM, Request.DISARM),
        *(Request.STAND, Request.SIT, Request.WALK, Request.CRAWL),
    )
}
ANSWER_S = 0.25
"""50 ticks of the supervisor. Joint targets wait meanwhile, but for a supervisor that does not take any."""
SWITCH_S = 0.0005
"""A joint target waits no longer than this for the thread that publishes."""
MOST_CHECK_IN_BYTES = 512
LEVEL_BYTE = 5
"""Of a check-in: see `surefoot_safety.estop_message`."""
RATES_HZ = (10.0, 500.0)
Move: TypeAlias = Trigger.Request
Moved: TypeAlias = Trigger.Response


class RobotNode(Node):
    """One robot's. `tell` is the other thread's; everything else runs in the executor's."""

    def __init__(self, spec: RobotSpec, folder: Path, facts: PolicyFacts) -> None:
        super().__init__("robot", namespace=NAMESPACE)
        self.rate_hz = declared(self, "state_rate_hz", 100.0, RATES_HZ, "of /joint_states and /imu/data")
        stamped = declared(self, "cmd_vel_stamped", False, None, "/cmd_vel is a TwistStamped")
        self._stamps = Stamps.of_now()
        self._counts = Counts(lambda line: self.get_logger().warning(line))
        self._target: JointCommand | None = None
        last = _last_handed_on(folder)
        self._channel = write_channel(folder, TARGET, TargetRecord)
        # The supervisor takes no targets with lower numbers. And a velocity of a second ago is no older since this node
        # was started again: without one the robot would sit down at once.
        self._velocity: VelocityCommand | None = None if last is None else velocity_command(last)
        self._targets = TargetIntake(facts, 0 if last is None else last.command_sequence)
        self._velocities = VelocityIntake(0 if last is None else last.velocity_sequence)
        self._asker = Asker(folder)
        self._mail = {name: Mail(socket_path(folder, name)) for name in (REQUESTS, STOPS)}
        self.telling = Telling(
            self, spec.joint_names, folder, stamps=self._stamps, counts=self._counts, estop=self._mail[REQUESTS]
        )
        # Of a queue of one a second publisher's message would push out the policy's, before anybody has looked at it.
        self.create_subscription(JointState, "joint_target", self._on_target, reliable(10))
        self.create_subscription(
            TwistStamped if stamped else Twist,
            "/cmd_vel",
            self._on_stamped_velocity if stamped else self._on_velocity,
            reliable(),
        )
        # Several endpoints share this topic, too.
        self.create_subscription(UInt8MultiArray, "estop/check_in", self._on_check_in, reliable(10))
        for name, request in SERVICES.items():
            self.create_service(Trigger, name, self._serving(request))

    def _on_target(self, message: JointState) -> None:
        now_s = time.monotonic()
        stamp_s = self._stamps.from_ros(message.header.stamp.sec, message.header.stamp.nanosec)
        taken = self._targets.take(message.name, message.position, stamp_s, message.header.frame_id, now_s)
        if isinstance(taken, str):
            self._counts.note("joint_target", taken, now_s)
            return
        self._target = taken
        self._hand_on(now_s)

    def _on_velocity(self, message: Twist) -> None:
        self._take_velocity(message, None)

    def _on_stamped_velocity(self, message: TwistStamped) -> None:
        stamp = message.header.stamp
        self._take_velocity(message.twist, self._stamps.from_ros(stamp.sec, stamp.nanosec))

    def _take_velocity(self, twist: Twist, stamp_s: float | None) -> None:
        now_s = time.monotonic()
        taken = self._velocities.take((twist.linear.x, twist.linear.y, twist.angular.z), stamp_s, now_s)
        if isinstance(taken, str):
            self._counts.note("cmd_vel", taken, now_s)
            return
        self._velocity = taken
        self._hand_on(now_s)

    def _hand_on(self, now_s: float) -> None:
        self._channel.write(target_record(self._target, self._velocity), now_s)

    def _on_check_in(self, message: UInt8MultiArray) -> None:
        """Handed on unread, but for the level: what asks to stop goes where nothing else does."""
        data = bytes(message.data)
        if not LEVEL_BYTE < len(data) <= MOST_CHECK_IN_BYTES:
            self._counts.note("estop/check_in", f"{len(data)} bytes", time.monotonic())
            return
        self._mail[REQUESTS].send(data)
        if data[LEVEL_BYTE] != EstopLevel.RELEASED:
            self._mail[STOPS].send(data)

    def _serving(self, request: Request) -> object:
        def serve(_asked: Move, answer: Moved) -> Moved:
            got = self._asker.ask(request, ANSWER_S)
            if got is None:
                answer.success, answer.message = False, "the supervisor does not answer: the link damps the robot"
            else:
                answer.success, answer.message = not got.refusal, got.refusal or f"the robot is {got.mode.value}"
            return answer

        return serve

    def close(self) -> None:
        """Let go of everything; the other thread has ended."""
        self.telling.close()
        # What was handed on last stays: a node that is started again goes on from it, and whoever ends last removes it.
        self._channel.close(remove=False)
        self._asker.close()
        for mail in self._mail.values():
            mail.close()


def run(words: Sequence[str]) -> None:
    """Convert until asked to end."""
    ours, ros_words = split(words)
    arguments = _parser().parse_args(ours)
    spec, _settings, folder = begin(arguments)
    facts = facts_of(spec, arguments.policy)
    try:
        with running_ros(ros_words) as ending:
            node = RobotNode(spec, folder, facts)
            teller = threading.Thread(target=_tell, args=(node, folder, ending))
            teller.start()
            try:
                spin(node, ending)
            finally:
                ending.asked = ending.asked or 1  # whatever ended this thread ends the other
                teller.join()
                node.close()
                node.destroy_node()
    finally:
        clear_away(folder)


def _tell(node: RobotNode, folder: Path, ending: Ending) -> None:
    """Publish at the rate of samples; half a period later, once the policy has answered, what takes longer to make.

    The other thread must not wait for this one: Python lets a thread go on for 5 ms unless told otherwise.
    """
    sys.setswitchinterval(SWITCH_S)
    ticker, rest_s, reported_s = Ticker(node.rate_hz, phase_s=TELLING_S), 0.5 / node.rate_hz, 0.0
    loop = write_channel(folder, ROBOT_NODE, LoopRecord)
    while not ending.asked:
        now_s = ticker.wait()
        node.telling.tell(now_s)
        time.sleep(max(0.0, now_s + rest_s - time.monotonic()))
        node.telling.report(time.monotonic())
        if now_s - reported_s >= REPORT_S:
            reported_s = now_s
            loop.write(loop_record(ticker, Histogram(), "", ""), now_s)
    loop.close()


def _last_handed_on(folder: Path) -> TargetRecord | None:
    """What a robot node before this one handed on last."""
    reader = read_channel(folder, TARGET, TargetRecord)
    found = reader.read(time.monotonic())
    reader.close()
    return None if found is None else found.record


def _parser() -> argparse.ArgumentParser:
    made = parser("surefoot_control.robot_node")
    made.add_argument("--policy", type=Path, help="the file whose gains go with joint targets, or a shipped one's name")
    return made


def main() -> int:
    """The program."""
    return guarded(lambda: run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
