"""The policy node: a lifecycle node that answers samples with joint targets.

    python -m surefoot_control.policy_node --robot go2 --policy go2-velocity-flat

configure: load, verify, warm up; activate: tick at the policy's own rate, on new samples; deactivate, cleanup. It sets
no gains and knows no limits: those are the contract's and the supervisor's. Started by itself or by `surefoot up` it
configures and activates itself; with the parameter `autostart` false it waits for somebody to do so.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import String

from surefoot_control.clock import NS_PER_S, Stamps
from surefoot_control.counts import Counts
from surefoot_control.deciding import Deciding
from surefoot_control.intake import DIGEST_LETTERS, SOURCE_PREFIX, VelocityIntake
from surefoot_control.messages import BASE_FRAME
from surefoot_control.parameters import declared
from surefoot_control.qos import latched, newest, reliable
from surefoot_control.ros import NAMESPACE, running_ros, spin, split
from surefoot_control.senses import Sensed, Senses
from surefoot_control.timing import AnswerTimes
from surefoot_robots.calibration import called
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import POLICY_NODE, write_channel
from surefoot_safety.channel.records import LoopRecord
from surefoot_safety.process.main import begin, clear_away, guarded, parser
from surefoot_safety.process.realtime import freeze_garbage
from surefoot_safety.process.report import REPORT_S
from surefoot_safety.settings import Settings

DONE, REFUSED = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class PolicyNode(LifecycleNode):
    """One robot's."""

    def __init__(self, spec: RobotSpec, settings: Settings, policy: str, folder: Path) -> None:
        super().__init__("policy", namespace=NAMESPACE)
        self._loop = write_channel(folder, POLICY_NODE, LoopRecord)
        self._stamps, self._reported_s = Stamps.of_now(), 0.0
        self._times = AnswerTimes(settings.timing.policy_period_s)
        self._spec, self._settings = spec, settings
        self.declare_parameter("policy", policy)
        self.autostart = declared(self, "autostart", True, None, "configure and activate at the start")
        self._stamped = declared(self, "cmd_vel_stamped", False, None, "/cmd_vel is a TwistStamped")
        self._counts = Counts(lambda line: self.get_logger().warning(line))
        self._is_active = False
        self._work: Deciding | None = None
        self._senses = Senses(spec.joint_names)
        self._velocities = VelocityIntake()
        self._source = ""
        self.refusal = ""
        """Why it could not be configured."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, verify, warm up."""
        file = Path(self.get_parameter("policy").get_parameter_value().string_value)
        try:
            self._work = Deciding.of_file(file, self._spec, self._settings)
        except (SurefootError, OSError) as error:
            self.refusal = str(error)
            self.get_logger().error(f"policy refused: {error}")
            return REFUSED
        contract = self._work.contract
        self._senses = Senses(contract.joint_names)
        self._source = f"{SOURCE_PREFIX}:{contract.sha256[:DIGEST_LETTERS]}:{secrets.token_hex(4)}"
        self._names = list(contract.joint_names)
        self._targets = self.create_lifecycle_publisher(JointState, "joint_target", reliable())
        self._believed = self.create_lifecycle_publisher(TwistStamped, "velocity_estimate", newest())
        self._listening = [
            self.create_subscription(JointState, "/joint_states", self._on_joints, newest()),
            self.create_subscription(Imu, "/imu/data", self._on_imu, newest()),
            self.create_subscription(String, "mode", self._on_mode, latched()),
            self.create_subscription(
                TwistStamped if self._stamped else Twist, "/cmd_vel", self._on_velocity, reliable()
            ),
        ]
        freeze_garbage()
        self._times = AnswerTimes(contract.control_dt_s)
        known = contract.trained_with.calibration
        trained = f", calibration {called(known.name, known.sha256)}" if known else ""
        rate_hz = 1.0 / contract.control_dt_s
        self.get_logger().info(f"policy {file}, {rate_hz:g} Hz, sha256 {contract.sha256[:12]}…{trained}")
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to answer samples, remembering nothing."""
        if self._work is None:
            return REFUSED
        self._work.restart()
        self._times.pause()
        self._is_active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Answer nothing more."""
        self._is_active = False
        return super().on_deactivate(state)

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the policy: another one may be configured."""
        self._forget()
        return DONE

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """End."""
        self._forget()
        return DONE

    def _forget(self) -> None:
        self._is_active = False
        if self._work is None:
            return
        self._work = None
        for subscription in self._listening:
            self.destroy_subscription(subscription)
        for publisher in (self._targets, self._believed):
            self.destroy_lifecycle_publisher(publisher)

    def _on_joints(self, message: JointState) -> None:
        stamp = message.header.stamp
        found = self._senses.joints(_ns(stamp), message.name, message.position, message.velocity)
        self._on_sensed("joint_states", found, stamp)

    def _on_imu(self, message: Imu) -> None:
        turned, rate, stamp = message.orientation, message.angular_velocity, message.header.stamp
        found = self._senses.imu(_ns(stamp), (turned.w, turned.x, turned.y, turned.z), (rate.x, rate.y, rate.z))
        self._on_sensed("imu", found, stamp)

    def _on_sensed(self, kind: str, found: Sensed | str, stamp: Time) -> None:
        if isinstance(found, str):
            if found:
                self._counts.note(kind, found, time.monotonic())
        elif self._is_active and self._work is not None:
            self._answer(self._work, found, stamp)

    def _answer(self, work: Deciding, sensed: Sensed, stamp: Time) -> None:
        decided = work.decide(sensed, time.monotonic())
        if decided is None:
            return
        target = JointState(name=self._names)
        target.header.stamp, target.header.frame_id = stamp, self._source
        target.position = array("d", decided.joint_target_rad)
        self._targets.publish(target)
        self._report(self._stamps.from_ros(stamp.sec, stamp.nanosec))
        if decided.velocity_in_base_mps is not None:
            believed = TwistStamped()
            believed.header.stamp, believed.header.frame_id = stamp, BASE_FRAME
            linear = believed.twist.linear
            linear.x, linear.y, linear.z = decided.velocity_in_base_mps
            self._believed.publish(believed)

    def _report(self, stamp_s: float) -> None:
        now_s = time.monotonic()
        self._times.answered(stamp_s, now_s)
        if now_s - self._reported_s >= REPORT_S:
            self._reported_s = now_s
            self._loop.write(self._times.record(), now_s)

    def close(self) -> None:
        """Let go of everything."""
        self._loop.close()
        self.destroy_node()

    def _on_mode(self, message: String) -> None:
        if self._work is not None:
            self._work.mode = message.data

    def _on_velocity(self, message: Twist | TwistStamped) -> None:
        """Stamped on arrival; the robot node judges the stamps of others' clocks."""
        twist, now_s = message.twist if isinstance(message, TwistStamped) else message, time.monotonic()
        taken = self._velocities.take((twist.linear.x, twist.linear.y, twist.angular.z), None, now_s)
        if isinstance(taken, str):
            self._counts.note("cmd_vel", taken, now_s)
        elif self._work is not None:
            self._work.velocity = taken


def _ns(stamp: Time) -> int:
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def run(words: Sequence[str]) -> None:
    """Answer samples until asked to end."""
    ours, ros_words = split(words)
    arguments = _parser().parse_args(ours)
    spec, settings, folder = begin(arguments)
    try:
        with running_ros(ros_words) as ending:
            node = PolicyNode(spec, settings, str(arguments.policy or ""), folder)
            try:
                if node.autostart:
                    _start(node)
                spin(node, ending)
            finally:
                node.close()
    finally:
        clear_away(folder)


def _start(node: PolicyNode) -> None:
    """Configure and activate; a policy that is refused is wrong input."""
    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() != DONE:
            raise SurefootError(node.refusal or "the policy node could not be started")


def _parser() -> argparse.ArgumentParser:
    made = parser("surefoot_control.policy_node")
    made.add_argument("--policy", type=Path, help="the policy's file, or the name of a shipped one")
    return made


def main() -> int:
    """The program."""
    return guarded(lambda: run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
