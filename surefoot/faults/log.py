"""Whether a record is whole: read from end to end by another's reader, every topic in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from surefoot_robots.errors import SurefootError

SAMPLES = ("/joint_states", "/imu/data")
NEEDED = (*SAMPLES, "/cmd_vel", "/surefoot/joint_target", "/surefoot/status", "/surefoot/mode")
FLOWING = (*SAMPLES, "/cmd_vel", "/surefoot/joint_target", "/surefoot/status")
"""What comes at a rate of its own, the slowest five times a second; a mode is told when it changes."""
GAP_S = 0.5


@dataclass(frozen=True, slots=True)
class Log:
    """What is in a record."""

    bytes: int
    counts: dict[str, int]
    """Messages by topic, as they were read."""
    announced: dict[str, int]
    """The same as the file's own summary has it."""
    backward: int
    """Messages older than one before them on their topic."""
    fault: str = ""
    """Why it could not be read to the end."""
    gaps_s: dict[str, float] = field(default_factory=dict)
    """The longest time without a message, of topics that flow."""

    @classmethod
    def of_file(cls, file: Path, within_ns: tuple[int, int] | None = None) -> Self:
        """Read all of it; within this time everything must flow."""
        from mcap.exceptions import McapError
        from mcap.reader import make_reader

        counts: Counter[str] = Counter()
        newest: dict[str, int] = {}
        announced: dict[str, int] = {}
        backward, fault = 0, ""
        gaps = None if within_ns is None else _Gaps(*within_ns)
        try:
            with file.open("rb") as stream:
                reader = make_reader(stream)
                summary = reader.get_summary()
                if summary is None or summary.statistics is None:
                    fault = "has no summary"
                else:
                    each = summary.statistics.channel_message_counts
                    announced = {channel.topic: each.get(number, 0) for number, channel in summary.channels.items()}
                for _schema, channel, message in reader.iter_messages(log_time_order=False):
                    counts[channel.topic] += 1
                    backward += message.log_time < newest.get(channel.topic, 0)
                    newest[channel.topic] = max(message.log_time, newest.get(channel.topic, 0))
                    if gaps is not None:
                        gaps.note(channel.topic, message.log_time)
            size = file.stat().st_size
        except OSError as error:
            raise SurefootError(f"{file}: {error.strerror}") from error
        except McapError as error:
            size, fault = file.stat().st_size, f"cannot be read: {error}"
        return cls(size, dict(counts), announced, backward, fault, {} if gaps is None else gaps.told())

    def problems(self, least_samples: float) -> list[str]:
        """Why it is not whole; `least_samples` must be there of joints and IMU."""
        found = [f"the record {self.fault}"] if self.fault else []
        found += [f"the record has no {topic}" for topic in NEEDED if not self.counts.get(topic)]
        found += [
            f"the record has {self.counts.get(topic, 0)} of {topic}, must be {least_samples:.0f}"
            for topic in SAMPLES
            if self.counts.get(topic, 0) < least_samples
        ]
        for topic, count in self.announced.items():
            if self.counts.get(topic, 0) != count:
                found.append(f"the record announces {count} of {topic} and has {self.counts.get(topic, 0)}")
        found += [
            f"the record has nothing of {topic} for {gap_s:.1f} s > {GAP_S:g} s"
            for topic, gap_s in self.gaps_s.items()
            if gap_s > GAP_S
        ]
        if self.backward:
            found.append(f"{self.backward} messages of the record are in the wrong order")
        return found

    def told(self) -> dict[str, object]:
        """For JSON."""
        return {
            "bytes": self.bytes,
            "messages": self.counts,
            "longest_gaps_s": self.gaps_s,
            "backward": self.backward,
            "fault": self.fault,
        }


class _Gaps:
    """The longest time without a message of each topic that flows, within a stretch of time."""

    def __init__(self, from_ns: int, to_ns: int) -> None:
        self._from_ns, self._to_ns = from_ns, to_ns
        self._last_ns = dict.fromkeys(FLOWING, from_ns)
        self._gaps_ns = dict.fromkeys(FLOWING, 0)

    def note(self, topic: str, at_ns: int) -> None:
        """A message."""
        if topic in self._last_ns and self._from_ns <= at_ns <= self._to_ns:
            self._gaps_ns[topic] = max(self._gaps_ns[topic], at_ns - self._last_ns[topic])
            self._last_ns[topic] = at_ns

    def told(self) -> dict[str, float]:
        """In seconds, with the time from the last one to the end."""
        return {
            topic: 1e-9 * max(gap_ns, self._to_ns - self._last_ns[topic]) for topic, gap_ns in self._gaps_ns.items()
        }
