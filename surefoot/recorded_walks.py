"""The walks in a recording of the recorder, as the supervisor can replay them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surefoot.report import walk_log
from surefoot.report.walk_log import NS_PER_S, WalkLog, walk_of
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_safety.replay import TICK_S

if TYPE_CHECKING:
    from surefoot_calibration.log.records import Recorded, Topics
    from surefoot_safety.replay_log import WalkLog as SafetyLog

FloatArray = NDArray[np.float64]
SHORTEST_S = 0.5
"""Of a walk: less is led from standing to the policy's targets and nothing more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Messages of one topic: what each was stamped with, when it was heard, and its numbers."""

    stamp_ns: NDArray[np.int64]
    heard_ns: NDArray[np.int64]
    columns: tuple[FloatArray, ...]

    @property
    def usual_way_ns(self) -> int:
        """From the stamp to the recorder. How late one of them came tells of the recorder as much as of its sender."""
        return int(np.median(self.heard_ns - self.stamp_ns))


def walks_in(path: Path, spec: RobotSpec) -> dict[str, SafetyLog]:
    """Each stretch in which the robot walked, by its name in the recording: `walk.mcap from 3.2 s`."""
    from surefoot_calibration.log.mcap_file import read_mcap

    topics = read_mcap(path)
    seen = walk_of(topics, path)
    stretches = [stretch for stretch in seen.modes if stretch.mode == "walking"]
    stretches = [stretch for stretch in stretches if stretch.to_s - stretch.from_s >= SHORTEST_S]
    if not stretches:
        raise SurefootError(
            f"{path}: the robot does not walk in this recording for {SHORTEST_S:g} s or more",
            hint=f"it has the modes {', '.join(dict.fromkeys(one.mode for one in seen.modes)) or 'none'}",
        )
    recording = _Recording(topics, path, spec, seen)
    return {
        f"{path.name} from {stretch.from_s:.1f} s": recording.walk(stretch.from_s, stretch.to_s)
        for stretch in stretches
    }


class _Recording:
    """What there is of joints, IMU and targets in a recording, taken apart once."""

    def __init__(self, topics: Topics, path: Path, spec: RobotSpec, seen: WalkLog) -> None:
        self._topics, self._path, self._spec, self._seen = topics, path, spec, seen
        self._samples, self._targets = self._joints(walk_log.JOINTS), self._joints(walk_log.TARGETS)
        self._felt = self._imu()

    def walk(self, from_s: float, to_s: float) -> SafetyLog:
        """Between two times since its first message."""
        from surefoot_safety.replay_log import WalkLog as SafetyLog

        spec, seen = self._spec, self._seen
        joints, imu, targets = self._samples, self._felt, self._targets
        start_ns = round(seen.start_s * NS_PER_S)
        begin_ns, end_ns = (start_ns + round(NS_PER_S * second) for second in (from_s, to_s))
        # As the supervisor ticks, with the newest of everything; samples come over ROS at half its rate and less.
        ticks_ns = np.arange(begin_ns, end_ns, round(NS_PER_S * TICK_S), dtype=np.int64)
        rows, others = _common(joints, imu)
        newest = _newest(joints.stamp_ns[rows], ticks_ns)
        answers = _newest(targets.stamp_ns + targets.usual_way_ns, ticks_ns)
        known = (newest >= 0) & (answers >= 0)
        if np.count_nonzero(known) < 2:
            raise SurefootError(
                f"{self._path}: has no samples with joints and IMU and no joint targets while the robot walks",
                hint="record /joint_states, /imu/data and /surefoot/joint_target",
            )
        ticks_ns, answers = ticks_ns[known], answers[known]
        rows, others = rows[newest[known]], others[newest[known]]
        zero_ns = int(ticks_ns[0])
        position, velocity, torque = joints.columns
        orientation, rate, acceleration = imu.columns
        return SafetyLog(
            robot=spec.name,
            robot_hash=robot_hash(spec),
            stamp_s=(ticks_ns - zero_ns) / NS_PER_S,
            joint_position_rad=position[rows],
            joint_velocity_radps=velocity[rows],
            joint_torque_nm=torque[rows] if torque.size else np.zeros((len(rows), position.shape[1])),
            orientation_wxyz=orientation[others],
            angular_velocity_in_base_radps=rate[others],
            acceleration_in_base_mps2=acceleration[others],
            velocity_command=_held(seen, (ticks_ns - start_ns) / NS_PER_S),
            target_rad=targets.columns[0][answers],
            target_stamp_s=(targets.stamp_ns[answers] - zero_ns) / NS_PER_S,
            kp_nm_per_rad=np.asarray(spec.kp_nm_per_rad, np.float64),
            kd_nms_per_rad=np.asarray(spec.kd_nms_per_rad, np.float64),
            trunk_contact_s=math.nan,
        )

    def _recorded(self, topic: str) -> Recorded:
        recorded = self._topics.get(topic)
        if recorded is None or not recorded.data:
            raise SurefootError(
                f"{self._path}: has no messages of {topic}", hint="record with `surefoot up --record FILE`"
            )
        return recorded

    def _joints(self, topic: str) -> _Table:
        """Positions, speeds and torques in the order of the spec, by stamp."""
        from surefoot_calibration.log.cdr import joint_messages

        recorded = self._recorded(topic)
        names, order_of = self._spec.joint_names, self._spec.joint_names.index
        parts = joint_messages(recorded.data, topic, self._path.name)
        for part in parts:
            if sorted(part.names) != sorted(names):
                raise SurefootError(
                    f"{self._path}: {topic} has the joints {', '.join(part.names)}: not those of {self._spec.name}",
                    hint="name the robot with --robot",
                )
        rows = np.argsort(np.concatenate([part.rows for part in parts]))
        columns = tuple(
            np.concatenate([getattr(part, name)[:, np.argsort(list(map(order_of, part.names)))] for part in parts])[
                rows
            ]
            if all(getattr(part, name).size for part in parts)
            else np.zeros((0, 0))
            for name in ("position", "velocity", "effort")
        )
        stamps = np.concatenate([part.stamp_ns for part in parts])[rows]
        return _Table(stamps, np.array(recorded.time_ns, np.int64), columns)

    def _imu(self) -> _Table:
        from surefoot_calibration.log.cdr import ACCELERATION, GYRO, imu_messages

        recorded = self._recorded(walk_log.IMU)
        stamps, numbers = imu_messages(recorded.data, walk_log.IMU, self._path.name)
        columns = (numbers[:, [3, 0, 1, 2]], numbers[:, GYRO], numbers[:, ACCELERATION])
        return _Table(stamps, np.array(recorded.time_ns, np.int64), columns)


def _newest(time_ns: NDArray[np.int64], at_ns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows that were the newest then; −1 where there was none yet."""
    return np.searchsorted(time_ns, at_ns, side="right") - 1


def _common(joints: _Table, imu: _Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of both that belong to the same sample, in time."""
    _, rows, others = np.intersect1d(joints.stamp_ns, imu.stamp_ns, return_indices=True)
    return rows, others


def _held(seen: WalkLog, at_s: FloatArray) -> FloatArray:
    """The velocity command that was the last one then, [N, 3]; before the first one: none."""
    if not seen.command.is_there:
        return np.zeros((len(at_s), 3))
    rows = np.searchsorted(seen.command.time_s, at_s, side="right") - 1
    return np.where(rows[:, None] >= 0, seen.command.values[np.maximum(rows, 0)], 0.0)
