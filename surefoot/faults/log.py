"""Whether a record is whole: read from end to end by another's reader, every topic in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from surefoot_robots.errors import SurefootError

SAMPLES = ("/joint_states", "/imu/data")
NEEDED = (*SAMPLES, "/cmd_vel", "/surefoot/joint_target", "/surefoot/status", "/surefoot/mode")


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

    @classmethod
    def of_file(cls, file: Path) -> Self:
        """Read all of it."""
        from mcap.exceptions import McapError
        from mcap.reader import make_reader

        counts: Counter[str] = Counter()
        newest: dict[str, int] = {}
        announced: dict[str, int] = {}
        backward, fault = 0, ""
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
            size = file.stat().st_size
        except OSError as error:
            raise SurefootError(f"{file}: {error.strerror}") from error
        except McapError as error:
            size, fault = file.stat().st_size, f"cannot be read: {error}"
        return cls(size, dict(counts), announced, backward, fault)

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
        if self.backward:
            found.append(f"{self.backward} messages of the record are in the wrong order")
        return found

    def told(self) -> dict[str, object]:
        """For JSON."""
        return {"bytes": self.bytes, "messages": self.counts, "backward": self.backward, "fault": self.fault}
