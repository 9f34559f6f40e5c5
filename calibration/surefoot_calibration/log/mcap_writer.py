"""A log as an MCAP file, with the topics and the messages that the robot's recorder writes; ROS is not needed for it.

Stamps and the recorder's times are the same: there is one clock, and nothing was on its way. The gains, which no
standard message has, are JSON in a std_msgs/String.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from mcap.writer import CompressionType, Writer

from surefoot_calibration.log.bag import IMU, JOINT_STATE, STRING, TopicNames
from surefoot_calibration.log.cursor import ENCAPSULATION
from surefoot_calibration.log.joint_log import FloatArray, ImuLog, JointLog
from surefoot_robots.whole_file import write_whole

NS_PER_S = 1_000_000_000
SEPARATOR = "=" * 80
HEADER = f"""{SEPARATOR}
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
{SEPARATOR}
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec"""
DEFINITIONS = {
    JOINT_STATE: f"""std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
{HEADER}""",
    IMU: f"""std_msgs/Header header
geometry_msgs/Quaternion orientation
float64[9] orientation_covariance
geometry_msgs/Vector3 angular_velocity
float64[9] angular_velocity_covariance
geometry_msgs/Vector3 linear_acceleration
float64[9] linear_acceleration_covariance
{SEPARATOR}
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
{SEPARATOR}
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
{HEADER}""",
    STRING: "string data",
}
"""https://mcap.dev/spec/registry#ros2msg"""
NO_ORIENTATION = (-1.0, *(0.0,) * 8)
"""Of a covariance whose first number is -1, ROS says that what it belongs to was not measured."""
Row = tuple[int, str, bytes]
"""When, ns; topic; message."""


def write_mcap(path: Path, log: JointLog) -> None:
    """Write a log so that reading gives the same numbers to the bit, and times to the nanosecond."""
    write_whole(path, lambda stream: _write(stream, log))


def _write(stream: BinaryIO, log: JointLog) -> None:
    names = TopicNames()
    kinds = {names.gains: STRING, names.joints: JOINT_STATE, names.targets: JOINT_STATE, names.imu: IMU}
    writer = Writer(stream, compression=CompressionType.ZSTD)
    writer.start(profile="ros2", library="surefoot")
    schemas = {kind: writer.register_schema(kind, "ros2msg", text.encode()) for kind, text in DEFINITIONS.items()}
    channels = {topic: writer.register_channel(topic, "cdr", schemas[kind]) for topic, kind in kinds.items()}
    for time_ns, topic, data in sorted(_rows(log, names), key=lambda row: row[0]):
        writer.add_message(channels[topic], time_ns, data, time_ns)
    writer.finish()  # type: ignore[no-untyped-call]


def _rows(log: JointLog, names: TopicNames) -> Iterator[Row]:
    # In parts: of all nanoseconds since 1970, a double leaves out 256 at a time.
    whole_s = math.floor(log.start_s)
    start_ns = whole_s * NS_PER_S + round((log.start_s - whole_s) * NS_PER_S)
    first_ns = start_ns + round(min(0.0, float(log.target_stamp_s[0])) * NS_PER_S)
    yield first_ns, names.gains, _gains(log)
    empty = np.zeros((log.samples, 0))
    speed = empty if log.velocity_radps is None else log.velocity_radps
    torque = empty if log.torque_nm is None else log.torque_nm
    for stamp_s, *values in zip(log.stamp_s, log.position_rad, speed, torque, strict=True):
        time_ns = start_ns + round(stamp_s * NS_PER_S)
        yield time_ns, names.joints, _joint_state(time_ns, log.joint_names, values)
    for stamp_s, target in zip(log.target_stamp_s, log.target_rad, strict=True):
        time_ns = start_ns + round(stamp_s * NS_PER_S)
        yield time_ns, names.targets, _joint_state(time_ns, log.joint_names, (target, target[:0], target[:0]))
    if log.imu is not None:
        yield from _imu(log.imu, start_ns, names.imu)


def _imu(imu: ImuLog, start_ns: int, topic: str) -> Iterator[Row]:
    rows = zip(imu.stamp_s, imu.angular_velocity_in_base_radps, imu.acceleration_in_base_mps2, strict=True)
    for stamp_s, rate, force in rows:
        time_ns = start_ns + round(stamp_s * NS_PER_S)
        message = _stamped(time_ns, "imu_link")
        nothing = (0.0,) * 9
        message.doubles((0.0, 0.0, 0.0, 1.0, *NO_ORIENTATION, *rate, *nothing, *force, *nothing))
        yield time_ns, topic, message.data


def _joint_state(time_ns: int, joints: Sequence[str], values: Sequence[FloatArray]) -> bytes:
    """Positions, speeds and efforts; of what there is none, none."""
    message = _stamped(time_ns, "")
    message.number(len(joints))
    for joint in joints:
        message.text(joint)
    for each in values:
        message.number(len(each))
        message.doubles(each.tolist())
    return message.data


def _gains(log: JointLog) -> bytes:
    """By joint, so that no order matters."""
    each = {"kp_nm_per_rad": log.gains.kp_nm_per_rad, "kd_nms_per_rad": log.gains.kd_nms_per_rad}
    message = _Message()
    message.text(
        json.dumps({name: dict(zip(log.joint_names, row.tolist(), strict=True)) for name, row in each.items()})
    )
    return message.data


def _stamped(time_ns: int, frame: str) -> _Message:
    message = _Message()
    seconds, nanoseconds = divmod(time_ns, NS_PER_S)
    message.number(seconds)
    message.number(nanoseconds)
    message.text(frame)
    return message


class _Message:
    """CDR, the other way round than `Cursor`."""

    def __init__(self) -> None:
        self._data = bytearray(b"\x00\x01\x00\x00")

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    def number(self, value: int) -> None:
        self._align(4)
        self._data += struct.pack("<I", value)

    def text(self, value: str) -> None:
        raw = value.encode() + b"\0"
        self.number(len(raw))
        self._data += raw

    def doubles(self, values: Sequence[float]) -> None:
        if len(values):
            self._align(8)
        self._data += struct.pack(f"<{len(values)}d", *values)

    def _align(self, size: int) -> None:
        self._data += bytes(-(len(self._data) - ENCAPSULATION) % size)
