"""Reads a log, whatever it is: MCAP, rosbag2 (folder or .db3), CSV. By content: names may say anything."""

from __future__ import annotations

from pathlib import Path

from surefoot_calibration.log import mcap_file, sqlite_file
from surefoot_calibration.log.bag import TopicNames, joint_log
from surefoot_calibration.log.checks import check_log
from surefoot_calibration.log.csv_file import read_csv
from surefoot_calibration.log.gains import parse_gains
from surefoot_calibration.log.joint_log import JointLog
from surefoot_calibration.log.records import Recorded, Topics
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping

MOST_BYTES = 8 * 2**30
"""Of one file: it is held in memory. Ten minutes of a robot at 500 Hz are a fortieth of it."""
METADATA = "metadata.yaml"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def read_log(path: Path, robot: RobotSpec, gains: str | None = None, names: TopicNames | None = None) -> JointLog:
    """The log in a file, or in a rosbag2's folder; what is wrong with it is an error that says where.

    `gains` is what was told beside the log (`gains.FORM`), `names` are topics with names of their own.
    """
    told = None if gains is None else parse_gains(gains, robot.joint_names)
    topics, kind = read_topics(path)
    if kind == "csv":
        log = read_csv(path, robot, told)
    else:
        log = joint_log(topics, names or TopicNames(), robot, told, origin=path.name, kind=kind)
    check_log(log, robot)
    return log


def read_topics(path: Path) -> tuple[Topics, str]:
    """All topics of a log, and its format; a CSV has none."""
    return (_folder_topics(path), "rosbag2") if path.is_dir() else _file_topics(path)


def _file_topics(path: Path) -> tuple[Topics, str]:
    """What is in a file, and what it is; a CSV has no topics."""
    start = _start_of(path)
    if start.startswith(mcap_file.MAGIC):
        return mcap_file.read_mcap(path), "mcap"
    if start.startswith(sqlite_file.MAGIC):
        return sqlite_file.read_sqlite(path), "rosbag2"
    if start.startswith(ZSTD_MAGIC):
        raise SurefootError(f"{path.name}: is compressed as a whole", hint=f"`zstd -d {path.name}` unpacks it")
    return {}, "csv"


def _start_of(path: Path) -> bytes:
    """The first bytes. Pipes and devices, which may never end, are refused before they are opened."""
    if path.exists() and not path.is_file():
        raise SurefootError(f"{path}: is neither a file nor a folder")
    with path.open("rb") as file:
        start = file.read(16)
    size = path.stat().st_size
    if size == 0:
        raise SurefootError(f"{path.name}: is empty")
    if size > MOST_BYTES:
        raise SurefootError(f"{path.name}: has {size} bytes, must be at most {MOST_BYTES}", hint="cut it into parts")
    return start


def _folder_topics(folder: Path) -> Topics:
    """All files of a rosbag2, one after the other as it was recorded."""
    merged: Topics = {}
    for file in _files_of(folder):
        topics, kind = _file_topics(file)
        if kind == "csv":
            raise SurefootError(f"{folder.name}/{file.name}: is neither MCAP nor SQLite")
        for name, recorded in topics.items():
            whole = merged.setdefault(name, Recorded(recorded.type_name))
            if whole.type_name != recorded.type_name:
                raise SurefootError(f"{folder.name}: topic {name} is both {whole.type_name} and {recorded.type_name}")
            whole.data += recorded.data
            whole.time_ns += recorded.time_ns
    return merged


def _files_of(folder: Path) -> list[Path]:
    if (folder / METADATA).is_file():
        information = read_mapping(folder / METADATA).get("rosbag2_bagfile_information")
        listed = information.get("relative_file_paths") if isinstance(information, dict) else None
        if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
            raise SurefootError(f"{folder.name}/{METADATA}: has no rosbag2_bagfile_information.relative_file_paths")
        return [_inside(folder, name) for name in listed]
    # Without: its recorder was killed. Parts are numbered, and the tenth comes behind the ninth.
    found = sorted((*folder.glob("*.mcap"), *folder.glob("*.db3")), key=lambda file: (len(file.name), file.name))
    if not found:
        raise SurefootError(f"{folder}: is no rosbag2: it has no {METADATA} and no .mcap or .db3 files")
    return found


def _inside(folder: Path, name: str) -> Path:
    """A file of the bag, and none elsewhere; recorders before Foxy wrote the folder's name in front."""
    file = folder / Path(name).name
    if not file.is_file():
        raise SurefootError(f"{folder.name}: {Path(name).name}, which {METADATA} lists, is missing")
    return file
