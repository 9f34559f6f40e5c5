"""Messages from a rosbag2 of ROS 2 Humble and older: an SQLite file, .db3."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from surefoot_calibration.log.records import Recorded, Topics
from surefoot_robots.errors import SurefootError

MAGIC = b"SQLite format 3\0"
ENCODING = "cdr"


def read_sqlite(path: Path) -> Topics:
    """Every topic whose messages are CDR."""
    try:
        # Opened for reading only: SQLite would write to a bag whose recorder died.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return _topics(database)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise SurefootError(f"{path.name}: is no rosbag2, or damaged: {error}") from error


def _topics(database: sqlite3.Connection) -> Topics:
    topics: Topics = {}
    by_id: dict[int, Recorded] = {}
    for number, name, type_name, encoding in database.execute(
        "SELECT id, name, type, serialization_format FROM topics"
    ):
        recorded = Recorded(str(type_name) if encoding == ENCODING else f"{type_name} as {encoding}")
        by_id[number] = topics.setdefault(str(name), recorded)
    for number, time_ns, data in database.execute("SELECT topic_id, timestamp, data FROM messages ORDER BY id"):
        recorded = by_id[number]
        recorded.data.append(bytes(data))
        recorded.time_ns.append(int(time_ns))
    return topics
