"""The channels of one robot by name: what goes through each, and who writes it."""

from __future__ import annotations

from pathlib import Path

from surefoot_safety.channel.layout import Record
from surefoot_safety.channel.memory import Reader, Writer
from surefoot_safety.channel.place import CHANNEL_SUFFIX
from surefoot_safety.channel.records import CommandRecord, LoopRecord, StateRecord, StatusRecord, TargetRecord

STATE, COMMAND, TARGET, STATUS = "state", "command", "target", "status"
LINK, SUPERVISOR, ROBOT_NODE, POLICY_NODE = "link", "supervisor", "robot_node", "policy_node"
RECORDS: dict[str, type] = {
    STATE: StateRecord,
    COMMAND: CommandRecord,
    TARGET: TargetRecord,
    STATUS: StatusRecord,
    LINK: LoopRecord,
    SUPERVISOR: LoopRecord,
    ROBOT_NODE: LoopRecord,
    POLICY_NODE: LoopRecord,
}
"""`state` is the link's, `target` the robot node's, `command` and `status` the supervisor's. The others are named after
the process that says in them how it keeps its time."""


def channel_path(folder: Path, name: str) -> Path:
    """The file of a channel."""
    return folder / f"{name}{CHANNEL_SUFFIX}"


def write_channel(folder: Path, name: str, record: type[Record]) -> Writer[Record]:
    """The writer of a channel; a second one is refused."""
    return Writer(channel_path(folder, name), record)


def read_channel(folder: Path, name: str, record: type[Record]) -> Reader[Record]:
    """A reader of a channel, which need not be there yet."""
    return Reader(channel_path(folder, name), record)
