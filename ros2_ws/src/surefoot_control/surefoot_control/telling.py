"""What the robot node publishes: samples, mode, status, and the e-stop's challenges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import String, UInt8MultiArray

from surefoot_control.clock import Stamps
from surefoot_control.counts import Counts
from surefoot_control.messages import diagnostics, dropped_part, imu, joint_state, loop_part, supervisor_part
from surefoot_control.qos import latched, newest, reliable
from surefoot_safety.channel.channels import LINK, POLICY_NODE, ROBOT_NODE, STATE, STATUS, SUPERVISOR, read_channel
from surefoot_safety.channel.memory import Reader, Received
from surefoot_safety.channel.records import LoopRecord, StateRecord, StatusRecord
from surefoot_safety.process.mailbox import Mail

Record = TypeVar("Record")
STATUS_S = 0.2
"""Between two reports, unless something changes."""
ALIVE_S = 0.5
"""A channel that is older has no writer."""
LOOPS = {
    SUPERVISOR: "supervisor loop",
    LINK: "link loop",
    ROBOT_NODE: "robot node loop",
    POLICY_NODE: "policy loop",
}
"""Channels and what they are called in diagnostics."""
UNKNOWN = "unknown"
"""The mode while the supervisor is silent."""


class Telling:
    """`tell` and later `report` are to be called at the rate of samples."""

    def __init__(
        self, node: Node, joint_names: Sequence[str], folder: Path, *, stamps: Stamps, counts: Counts, estop: Mail
    ) -> None:
        self._names, self._stamps, self._counts, self._estop = list(joint_names), stamps, counts, estop
        self._state: Reader[StateRecord] = read_channel(folder, STATE, StateRecord)
        self._status: Reader[StatusRecord] = read_channel(folder, STATUS, StatusRecord)
        self._loops: dict[str, Reader[LoopRecord]] = {name: read_channel(folder, name, LoopRecord) for name in LOOPS}
        self._joints = node.create_publisher(JointState, "/joint_states", newest())
        self._imu = node.create_publisher(Imu, "/imu/data", newest())
        self._mode = node.create_publisher(String, "mode", latched())
        self._reports = [
            node.create_publisher(DiagnosticArray, topic, reliable(10)) for topic in ("status", "/diagnostics")
        ]
        self._challenge = node.create_publisher(UInt8MultiArray, "estop/challenge", reliable(10))
        self._sample: Received[StateRecord] | None = None
        self._told_mode, self._told_causes, self._told_s = "", (0, 0), -STATUS_S

    def tell(self, now_s: float) -> None:
        """Publish a new sample, and nothing else: the policy's answer comes back through this process."""
        sample = self._state.read(now_s)
        if sample is not None and sample is not self._sample:
            self._sample = sample
            stamp = self._stamps.to_ros(sample.record.stamp_s)
            self._joints.publish(joint_state(self._names, sample.record, stamp))
            self._imu.publish(imu(sample.record, stamp))

    def report(self, now_s: float) -> None:
        """Publish how things are, and what the e-stop asks."""
        self._report(_alive(self._status.read(now_s), now_s), now_s)
        while (challenge := self._estop.answer()) is not None:
            self._challenge.publish(UInt8MultiArray(data=challenge))

    def _report(self, status: StatusRecord | None, now_s: float) -> None:
        mode = UNKNOWN if status is None else status.mode.value
        causes = (0, 0) if status is None else (status.active, status.latched)
        if mode != self._told_mode:
            self._mode.publish(String(data=mode))
        elif causes == self._told_causes and now_s - self._told_s < STATUS_S:
            return
        self._told_mode, self._told_causes, self._told_s = mode, causes, now_s
        parts = [
            supervisor_part(status),
            *(loop_part(LOOPS[name], _alive(loop.read(now_s), now_s)) for name, loop in self._loops.items()),
            dropped_part("robot node", dict(self._counts.counts), dict(self._counts.last)),
        ]
        message = diagnostics(self._stamps.to_ros(now_s), parts)
        for report in self._reports:
            report.publish(message)

    def close(self) -> None:
        """Read nothing more."""
        for loop in self._loops.values():
            loop.close()
        self._state.close()
        self._status.close()


def _alive(received: Received[Record] | None, now_s: float) -> Record | None:
    return received.record if received is not None and now_s - received.stamp_s <= ALIVE_S else None
