"""From recorded topics to a `JointLog`: joints by name, times on one clock.

**Clocks.** Messages carry the stamps of whoever sent them, and the recorder notes by its own clock when each arrived.
The difference is the offset between the two clocks and the way the message took; its least value over a log is the
offset with the shortest way. What is wanted is when each command was given, on the clock of the joints' stamps:

- a joint target whose stamp is that of a joint sample *answers* that sample (the policy node's do). It was given some
  time after it; when, the recorder saw: arrival, less the offset of the joints' topic. What stays in it is the
  difference of the two ways, which on one machine is some tenths of a millisecond;
- any other stamp is taken for the time of sending, and moved by the difference of the two topics' offsets.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.log.cdr import ACCELERATION, GYRO, JointMessages, imu_messages, joint_messages
from surefoot_calibration.log.cursor import Cursor
from surefoot_calibration.log.gains import chosen_gains, constant_gains
from surefoot_calibration.log.joint_log import FloatArray, Gains, ImuLog, JointLog, LogReport
from surefoot_calibration.log.records import Recorded, Topics, of_type
from surefoot_calibration.log.stamps import newest_kept, steadiness
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

JOINT_STATE, IMU, STRING = "sensor_msgs/msg/JointState", "sensor_msgs/msg/Imu", "std_msgs/msg/String"
NS_PER_S = 1e9
ANSWERING_SHARE = 0.9
"""Of targets with the stamp of a sample, from which on they answer samples."""
Nanoseconds: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Where to look. As recorded, with the namespace in front."""

    joints: str = "/joint_states"
    targets: str = "/surefoot/joint_target"
    imu: str = "/imu/data"
    gains: str = "/surefoot/gains"
    """Only in what `surefoot identify record` writes (`mcap_writer.py`)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """One topic of joints, in the robot's order."""

    stamp_ns: Nanoseconds
    heard_ns: Nanoseconds
    position: FloatArray
    velocity: FloatArray | None
    effort: FloatArray | None

    @property
    def offset_ns(self) -> int:
        """What the recorder's clock was ahead of the stamps', with the shortest way."""
        return int((self.heard_ns - self.stamp_ns).min())

    def of(self, rows: NDArray[np.intp]) -> _Stream:
        """Some of it."""
        velocity = None if self.velocity is None else self.velocity[rows]
        effort = None if self.effort is None else self.effort[rows]
        return _Stream(self.stamp_ns[rows], self.heard_ns[rows], self.position[rows], velocity, effort)


def joint_log(
    topics: Topics, names: TopicNames, robot: RobotSpec, told: Gains | None, *, origin: str, kind: str
) -> JointLog:
    """The log that a bag's topics make."""
    states = _stream(topics, names.joints, robot, origin)
    targets = _stream(topics, names.targets, robot, origin)
    kept = newest_kept(_seconds(states.stamp_ns, states.stamp_ns[0]), origin, f"message of {names.joints}")
    repeated = len(states.stamp_ns) - len(kept)
    states = states.of(kept)
    zero_ns = states.stamp_ns[0]
    stamp_s = _seconds(states.stamp_ns, zero_ns)
    steady = steadiness(stamp_s, origin)
    given_ns, command_times = _given_ns(targets, states)
    given_s = _seconds(given_ns, zero_ns)
    kept = newest_kept(given_s, origin, f"message of {names.targets}")
    targets, given_s = targets.of(kept), given_s[kept]
    _check_overlap(given_s, stamp_s, names, origin)
    imu, offsets = _imu(topics, names.imu, zero_ns, origin)
    return JointLog(
        origin=origin,
        robot=robot.name,
        joint_names=robot.joint_names,
        start_s=float(zero_ns) / NS_PER_S,
        stamp_s=stamp_s,
        position_rad=states.position,
        velocity_radps=states.velocity,
        torque_nm=states.effort,
        target_stamp_s=given_s,
        target_rad=targets.position,
        gains=chosen_gains(_gains(topics, names.gains, robot, origin), told, robot),
        imu=imu,
        report=LogReport(
            format=kind,
            rate_hz=steady.rate_hz,
            jitter_s=steady.jitter_s,
            missing=steady.missing,
            gaps=steady.gaps,
            repeated=repeated,
            command_times=command_times,
            clock_offset_s=(
                (names.joints, states.offset_ns / NS_PER_S),
                (names.targets, targets.offset_ns / NS_PER_S),
                *offsets,
            ),
            ignored=tuple(name for name in topics if name not in {names.joints, names.targets, names.imu, names.gains}),
        ),
    )


def sensed(
    topics: Topics, names: TopicNames, robot: RobotSpec, origin: str
) -> tuple[tuple[FloatArray, FloatArray] | None, ImuLog | None]:
    """What was measured, whether or not anybody gave targets: times and angles of joints, and the IMU.

    Times count from the first sample of joints, if there is one. None for what there is not.
    """
    states = None
    if names.joints in topics and topics[names.joints].data:
        states = _stream(topics, names.joints, robot, origin)
        kept = newest_kept(_seconds(states.stamp_ns, states.stamp_ns[0]), origin, f"message of {names.joints}")
        states = states.of(kept)
    if states is None:
        return None, _imu(topics, names.imu, None, origin)[0]
    zero_ns = int(states.stamp_ns[0])
    imu, _ = _imu(topics, names.imu, zero_ns, origin)
    return (_seconds(states.stamp_ns, zero_ns), states.position), imu


def _stream(topics: Topics, name: str, robot: RobotSpec, origin: str) -> _Stream:
    recorded = _recorded(topics, name, JOINT_STATE, origin)
    parts = joint_messages(recorded.data, name, origin)
    order = np.argsort(np.concatenate([part.rows for part in parts]))
    stamps = np.concatenate([part.stamp_ns for part in parts])[order]
    if not stamps.any():
        raise SurefootError(
            f"{origin}: messages of {name} have no stamps", hint="whoever sends them must fill in header.stamp"
        )
    columns = [_columns(part, name, robot, origin) for part in parts]
    position, velocity, effort = (
        _stacked([getattr(part, quantity) for part in parts], columns, order)
        for quantity in ("position", "velocity", "effort")
    )
    if position is None:
        raise SurefootError(f"{origin}: messages of {name} have no positions", hint="positions are what is fitted")
    return _Stream(stamps, np.array(recorded.time_ns, dtype=np.int64), position, velocity, effort)


def _recorded(topics: Topics, name: str, type_name: str, origin: str) -> Recorded:
    recorded = topics.get(name)
    if recorded is None or not recorded.data:
        others = ", ".join(of_type(topics, type_name)) or f"none (topics: {', '.join(topics) or 'none'})"
        raise SurefootError(
            f"{origin}: has no messages of topic {name}", hint=f"topics with messages of {type_name}: {others}"
        )
    if recorded.type_name != type_name:
        raise SurefootError(f"{origin}: topic {name} is {recorded.type_name}: must be {type_name}")
    return recorded


def _columns(part: JointMessages, topic: str, robot: RobotSpec, origin: str) -> NDArray[np.intp]:
    """Where the robot's joints are among a message's names; it may have more of them."""
    missing = [joint for joint in robot.joint_names if joint not in part.names]
    if missing or len(set(part.names)) < len(part.names):
        what = f"joint {missing[0]} of {robot.name} is missing" if missing else "a joint is named twice"
        raise SurefootError(
            f"{origin}: {what} in message {part.rows[0]} of {topic}",
            hint=f"it names {', '.join(part.names)[:300] or 'no joints'}",
        )
    return np.array([part.names.index(joint) for joint in robot.joint_names], dtype=np.intp)


def _stacked(
    parts: Sequence[FloatArray], columns: Sequence[NDArray[np.intp]], order: NDArray[np.intp]
) -> FloatArray | None:
    """Parts in the order they came, joints in the robot's; None if any part has none."""
    if not all(part.shape[1] for part in parts):
        return None
    return np.concatenate([part[:, places] for part, places in zip(parts, columns, strict=True)])[order]


def _given_ns(targets: _Stream, states: _Stream) -> tuple[Nanoseconds, str]:
    """When each target was given, on the clock of the joints' stamps; see the module."""
    answering = float(np.isin(targets.stamp_ns, states.stamp_ns).mean())
    if answering >= ANSWERING_SHARE:
        given = targets.heard_ns - states.offset_ns
        # Messages wait for one another on their way; nobody gives an order before the last one.
        return np.maximum.accumulate(given), "targets answer samples: given when the recorder took them"
    between_ns = targets.offset_ns - states.offset_ns
    return targets.stamp_ns + between_ns, "stamps of targets, moved to the clock of the joints"


def _check_overlap(given_s: FloatArray, stamp_s: FloatArray, names: TopicNames, origin: str) -> None:
    if given_s[0] > stamp_s[-1] or given_s[-1] < stamp_s[0]:
        raise SurefootError(
            f"{origin}: {names.targets} is from {given_s[0]:.3f} to {given_s[-1]:.3f} s, {names.joints} from 0 to "
            f"{stamp_s[-1]:.3f} s: they must overlap"
        )


def _gains(topics: Topics, name: str, robot: RobotSpec, origin: str) -> Gains | None:
    """From the log's own message, if it has one."""
    recorded = topics.get(name)
    if recorded is None or not recorded.data:
        return None
    try:
        told = json.loads(Cursor(recorded.data[0]).text())
        kp, kd = (
            np.array([[float(told[quantity][joint]) for joint in robot.joint_names]])
            for quantity in ("kp_nm_per_rad", "kd_nms_per_rad")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SurefootError(
            f"{origin}: the message of {name} is no gains of {robot.name}'s joints: {type(error).__name__}: {error}"
        ) from error
    found = constant_gains(kp, kd, robot.joint_names, origin)
    return Gains(found.kp_nm_per_rad, found.kd_nms_per_rad, f"{name} of {origin}")


def _imu(topics: Topics, name: str, zero_ns: int | None, origin: str) -> tuple[ImuLog | None, list[tuple[str, float]]]:
    """With times since `zero_ns`, or since its own first stamp."""
    recorded = topics.get(name)
    if recorded is None or not recorded.data:
        return None, []
    stamp_ns, numbers = imu_messages(_recorded(topics, name, IMU, origin).data, name, origin)
    kept = newest_kept(_seconds(stamp_ns, stamp_ns[0]), origin, f"message of {name}")
    offset_s = float((np.array(recorded.time_ns, dtype=np.int64) - stamp_ns).min()) / NS_PER_S
    stamp_s = _seconds(stamp_ns[kept], stamp_ns[0] if zero_ns is None else zero_ns)
    return ImuLog(stamp_s, numbers[kept, GYRO], numbers[kept, ACCELERATION]), [(name, offset_s)]


def _seconds(stamp_ns: Nanoseconds, zero_ns: int) -> FloatArray:
    # Subtracted as whole numbers: Unix time in seconds leaves a double a quarter of a microsecond.
    seconds: FloatArray = (stamp_ns - zero_ns) / NS_PER_S
    return seconds
