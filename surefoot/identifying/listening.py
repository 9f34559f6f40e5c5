"""What a robot's sensors say, into a CSV line by line: for logs of hours, of which what is there counts if it is cut.

Nothing is asked of the robot, and nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from surefoot_calibration.log.csv_file import IMU, TIME
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.memory import Reader
from surefoot_safety.channel.records import StateRecord

SILENT_S = 5.0
"""Without a sample for so long, nobody is there; shorter gaps are in the log, and are seen there."""


@dataclass(frozen=True, slots=True)
class Listened:
    """What was written."""

    samples: int
    missed: int
    """Between the first and the last, by the numbers of the samples."""
    seconds: float


class Listener:
    """Writes each sample once. Time is injected."""

    def __init__(self, robot: RobotSpec, states: Reader[StateRecord], stream: IO[str], *, imu_only: bool) -> None:
        self._states, self._stream, self._imu_only = states, stream, imu_only
        angles = () if imu_only else tuple(f"q.{joint}" for joint in robot.joint_names)
        stream.write(",".join((TIME, *angles, *IMU)) + "\n")
        self._first: StateRecord | None = None
        self._last: StateRecord | None = None
        self._heard_s = float("-inf")
        self.samples = 0

    def look(self, now_s: float, unix_ahead_s: float) -> bool:
        """Write the newest sample, if it is new; whether it was. Silence is an error."""
        found = self._states.read(now_s)
        if self._states.refusal:
            raise SurefootError(self._states.refusal)
        if self._heard_s == float("-inf"):
            self._heard_s = now_s
        if found is None or (self._last is not None and found.record.sequence == self._last.sequence):
            if now_s - self._heard_s > SILENT_S:
                raise SurefootError(
                    f"no sample for {now_s - self._heard_s:.1f} s; {self.samples} are written",
                    hint="is the link running? surefoot status --sensors",
                )
            return False
        record = found.record
        if self._last is not None and record.sequence < self._last.sequence:
            raise SurefootError(f"the link was started anew; {self.samples} samples are written")
        angles = () if self._imu_only else record.joint_position_rad
        numbers = (*angles, *record.angular_velocity_in_base_radps, *record.acceleration_in_base_mps2)
        # Six digits of a second, as clocks have them; nine of the rest: more than any sensor tells apart.
        row = ",".join(f"{number:.9g}" for number in numbers)
        self._stream.write(f"{unix_ahead_s + record.stamp_s:.6f},{row}\n")
        self._first = self._first or record
        self._last, self._heard_s = record, now_s
        self.samples += 1
        return True

    @property
    def done(self) -> Listened:
        """So far."""
        if self._first is None or self._last is None:
            return Listened(0, 0, 0.0)
        count = self._last.sequence - self._first.sequence + 1
        return Listened(self.samples, count - self.samples, self._last.stamp_s - self._first.stamp_s)


def listen(
    listener: Listener, seconds: float, unix_ahead_s: float, wait: Callable[[], float], stop: Callable[[], bool]
) -> Listened:
    """Until time is over or somebody says so; `wait` lets a millisecond pass and says when it is."""
    now_s = wait()
    end_s = now_s + seconds
    while now_s < end_s and not stop():
        listener.look(now_s, unix_ahead_s)
        now_s = wait()
    return listener.done
