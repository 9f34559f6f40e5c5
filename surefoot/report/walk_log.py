"""A recording as the report looks at it: series over seconds since its first message, modes, triggers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot.report import decode
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.log.cdr import JointMessages
    from surefoot_calibration.log.records import Recorded, Topics

FloatArray: TypeAlias = NDArray[np.float64]
JOINTS, IMU, TARGETS = "/joint_states", "/imu/data", "/surefoot/joint_target"
COMMAND, BELIEVED = "/cmd_vel", "/surefoot/velocity_estimate"
MODE, STATUS = "/surefoot/mode", "/surefoot/status"
SUPERVISOR = "surefoot: supervisor"
STAMPED = "geometry_msgs/msg/TwistStamped"
NS_PER_S = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Rows over time; none at all if the recording has none."""

    time_s: FloatArray
    """[N], since the first message of the recording, by the recorder's clock."""
    values: FloatArray
    """[N, K]."""

    @property
    def is_there(self) -> bool:
        """Whether anything was recorded."""
        return len(self.time_s) > 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A mode and how long it lasted."""

    mode: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Event:
    """A trigger that was raised."""

    time_s: float
    trigger: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class WalkLog:
    """Everything the report shows of a recording."""

    origin: str
    start_s: float
    """By the recorder's clock, of the Unix epoch."""
    duration_s: float
    joint_names: tuple[str, ...]
    position_rad: Series
    velocity_radps: Series
    torque_nm: Series
    target_rad: Series
    """Columns in the order of `joint_names`."""
    orientation_wxyz: Series
    rate_radps: Series
    command: Series
    """vx m/s, vy m/s, yaw rate rad/s."""
    believed: Series
    """Velocity as the policy believes: x, y, z in the base, m/s."""
    modes: tuple[Stretch, ...]
    events: tuple[Event, ...]
    battery_v: Series
    hottest_c: Series
    answer_ms: FloatArray
    """From the sample's stamp to the policy's answer on its way, above the shortest way of a sample."""
    missing: tuple[str, ...] = field(default=())
    """Topics that the recording does not have."""
    cut_off: str = ""
    """Why it ends before its end, if it does."""

    def walking(self, time_s: FloatArray) -> NDArray[np.bool_]:
        """Which of the times the robot walked at."""
        found = np.zeros(len(time_s), dtype=bool)
        for stretch in self.modes:
            if stretch.mode == "walking":
                found |= (time_s >= stretch.from_s) & (time_s <= stretch.to_s)
        return found


def read_walk(path: Path) -> WalkLog:
    """From an MCAP file of the recorder; messages that cannot be read are an error that names them.

    Of one that ends early all that is whole: it is wanted most where the recorder was killed.
    """
    from surefoot_calibration.log.mcap_file import read_whole_part

    if not path.is_file():
        raise SurefootError(f"{path}: there is no such file", hint="record one: surefoot up --sim --record walk.mcap")
    topics, cut_off = read_whole_part(path)
    if cut_off is None:
        return walk_of(topics, path)
    if not _times(topics):
        raise cut_off
    return replace(walk_of(topics, path), cut_off=cut_off.message)


def walk_of(topics: Topics, path: Path) -> WalkLog:
    """From all that was read of a recording."""
    times = _times(topics)
    if not times:
        raise SurefootError(f"{path}: has no messages")
    start_ns, end_ns = min(min(each) for each in times), max(max(each) for each in times)
    return _Reading(topics, start_ns, end_ns, path.name).walk()


def _times(topics: Topics) -> list[list[int]]:
    return [recorded.time_ns for recorded in topics.values() if recorded.time_ns]


class _Reading:
    """One recording on its way into a `WalkLog`."""

    def __init__(self, topics: Topics, start_ns: int, end_ns: int, origin: str) -> None:
        self._topics, self._start_ns, self._end_ns, self._origin = topics, start_ns, end_ns, origin

    def walk(self) -> WalkLog:
        names, position, velocity, torque, stamps = self._joints(JOINTS, ())
        _, targets, _, _, answered = self._joints(TARGETS, names)
        orientation, rate = self._imu()
        battery, hottest, events = self._status()
        asked = (COMMAND, JOINTS, IMU, TARGETS, BELIEVED, MODE, STATUS)
        return WalkLog(
            origin=self._origin,
            start_s=self._start_ns / NS_PER_S,
            duration_s=(self._end_ns - self._start_ns) / NS_PER_S,
            joint_names=names,
            position_rad=position,
            velocity_radps=velocity,
            torque_nm=torque,
            target_rad=targets,
            orientation_wxyz=orientation,
            rate_radps=rate,
            command=self._twists(COMMAND, (0, 1, 5)),
            believed=self._twists(BELIEVED, (0, 1, 2)),
            modes=self._modes(),
            events=events,
            battery_v=battery,
            hottest_c=hottest,
            answer_ms=_answers_ms(position.time_s, stamps, targets.time_s, answered),
            missing=tuple(name for name in asked if not self._recorded(name)),
        )

    def _recorded(self, topic: str) -> Recorded | None:
        recorded = self._topics.get(topic)
        return recorded if recorded is not None and recorded.data else None

    def _heard_s(self, recorded: Recorded) -> FloatArray:
        return (np.array(recorded.time_ns, dtype=np.int64) - self._start_ns) / NS_PER_S

    def _each(self, topic: str, read: Callable[[bytes], object]) -> list[object]:
        recorded = self._recorded(topic)
        found = []
        for number, data in enumerate(recorded.data if recorded else ()):
            try:
                found.append(read(data))
            except ValueError as error:
                raise SurefootError(f"{self._origin}: message {number} of {topic} cannot be read: {error}") from error
        return found

    def _joints(self, topic: str, order: tuple[str, ...]) -> tuple[tuple[str, ...], Series, Series, Series, FloatArray]:
        """Names, positions, velocities, efforts and stamps; the columns in the given order."""
        from surefoot_calibration.log.cdr import joint_messages

        recorded = self._recorded(topic)
        if recorded is None:
            return order, _none(), _none(), _none(), np.zeros(0)
        # One who is started anew signs otherwise, which makes another layout.
        parts = joint_messages(recorded.data, topic, self._origin)
        names = order or parts[0].names
        for part in parts:
            if set(part.names) != set(names):
                raise SurefootError(f"{self._origin}: {topic} has other joints: {', '.join(part.names)}")
        rows = np.argsort(np.concatenate([part.rows for part in parts]))
        heard_s = self._heard_s(recorded)
        position, velocity, effort = (
            _stacked(
                [getattr(part, name)[:, _order(part, names)] for part in parts if getattr(part, name).size],
                rows,
                heard_s,
            )
            for name in ("position", "velocity", "effort")
        )
        stamps = np.concatenate([part.stamp_ns for part in parts])[rows] / NS_PER_S
        return names, position, velocity, effort, stamps

    def _imu(self) -> tuple[Series, Series]:
        from surefoot_calibration.log.cdr import GYRO, imu_messages

        recorded = self._recorded(IMU)
        if recorded is None:
            return _none(), _none()
        _, numbers = imu_messages(recorded.data, IMU, self._origin)
        heard_s = self._heard_s(recorded)
        return Series(heard_s, numbers[:, [3, 0, 1, 2]]), Series(heard_s, numbers[:, GYRO])

    def _twists(self, topic: str, columns: Sequence[int]) -> Series:
        recorded = self._recorded(topic)
        if recorded is None:
            return _none()
        read = decode.stamped_twist if recorded.type_name == STAMPED else decode.twist
        return Series(self._heard_s(recorded), np.array(self._each(topic, read), dtype=float)[:, list(columns)])

    def _modes(self) -> tuple[Stretch, ...]:
        recorded = self._recorded(MODE)
        if recorded is None:
            return ()
        starts = self._heard_s(recorded).tolist()
        ends = [*starts[1:], (self._end_ns - self._start_ns) / NS_PER_S]
        words = [str(word) for word in self._each(MODE, decode.text)]
        return tuple(Stretch(mode, start, end) for mode, start, end in zip(words, starts, ends, strict=True))

    def _status(self) -> tuple[Series, Series, tuple[Event, ...]]:
        """Battery, temperature, and each trigger from when it was not there before."""
        recorded = self._recorded(STATUS)
        if recorded is None:
            return _none(), _none(), ()
        events: list[Event] = []
        there: set[str] = set()
        numbers = []
        for heard_s, found in zip(
            self._heard_s(recorded).tolist(), self._each(STATUS, decode.diagnostics), strict=True
        ):
            assert isinstance(found, dict)
            _, values = found.get(SUPERVISOR, ("", {}))
            reasons = _reasons(values.get("reasons", ""))
            events += [Event(heard_s, name, why) for name, why in reasons.items() if name not in there]
            there = set(reasons)
            numbers.append((heard_s, _number(values, "battery_voltage_v"), _number(values, "hottest_motor_c")))
        heard, volts, warmth = np.array(numbers).T
        return Series(heard, volts[:, None]), Series(heard, warmth[:, None]), tuple(events)


def _order(part: JointMessages, names: tuple[str, ...]) -> list[int]:
    return [part.names.index(name) for name in names]


def _stacked(parts: list[FloatArray], rows: NDArray[np.intp], heard_s: FloatArray) -> Series:
    """In the order they were heard; nothing where some messages have no such numbers."""
    whole = np.concatenate(parts) if parts else np.zeros((0, 0))
    return Series(heard_s, whole[rows]) if len(whole) == len(rows) else _none()


def _none() -> Series:
    return Series(np.zeros(0), np.zeros((0, 0)))


def _reasons(text: str) -> dict[str, str]:
    """Trigger and reason from lines as "tilt: tilted by 1.2 rad"."""
    pairs = [line.partition(": ") for line in text.split("\n") if line]
    return {name: why for name, _, why in pairs}


def _number(values: dict[str, str], key: str) -> float:
    try:
        return float(values.get(key, "nan"))
    except ValueError:
        return float("nan")


def _answers_ms(
    heard_s: FloatArray, stamps_s: FloatArray, answered_s: FloatArray, answers_to_s: FloatArray
) -> FloatArray:
    """Answers have the stamp of the sample they answer. What the clocks differ by is in both, and taken off."""
    if not len(stamps_s) or not len(answers_to_s):
        return np.zeros(0)
    origin = stamps_s[0]
    shortest = float((heard_s - (stamps_s - origin)).min())
    found: FloatArray = 1000.0 * (answered_s - (answers_to_s - origin) - shortest)
    return found
