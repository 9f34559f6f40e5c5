"""Where velocities go: over ROS 2 to the robot node where there is one, else straight to the supervisor's channel."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from surefoot_control.driving import Velocity
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.channels import ROBOT_NODE, TARGET, channel_path, read_channel, write_channel
from surefoot_safety.channel.place import LOG_SUFFIX
from surefoot_safety.channel.records import TargetRecord, target_record
from surefoot_safety.command import VelocityCommand
from surefoot_safety.process.main import clear_away

if TYPE_CHECKING:
    from surefoot_safety.process.ending import Ending

ROBOT_LOG = f"robot{LOG_SUFFIX}"
"""`surefoot up` keeps one for each process it starts: it is there as soon as a robot node is to be."""
TRY_S = 1.0
TOPIC = "/cmd_vel"
NO_ROS = (
    "a robot node has the velocities, and ROS 2 is not installed where the console runs: pip install 'surefoot[ros]'"
)
OVER_ROS = "over ROS 2"
NOT_HEARD = "over ROS 2, but nobody listens to /cmd_vel yet (a robot node that expects stamps needs --stamped)"
STRAIGHT = "straight to the supervisor (walking needs a policy: surefoot up --policy; crawling does not)"
NOWHERE = "nowhere: the supervisor is not running"


def load_ros() -> None:
    """Import what velocities over ROS take, where it is installed.

    It takes longer than an e-stop waits, and nobody checks in meanwhile: so it is done before anybody relies on that.
    """
    if importlib.util.find_spec("rclpy") is not None:
        with contextlib.suppress(ImportError):  # whoever needs it is told then
            import surefoot_control.drive
            import surefoot_control.ros  # noqa: F401


class Way(Protocol):
    """One way for velocities."""

    words: str
    """Which one."""

    def send(self, velocity: Velocity, now_s: float) -> None:
        """Hand one on."""

    def close(self) -> None:
        """Hand on nothing more."""


class ChannelWay:
    """Into the channel that the robot node would write: it has one writer at a time."""

    words = STRAIGHT

    def __init__(self, folder: Path) -> None:
        reader = read_channel(folder, TARGET, TargetRecord)
        last = reader.read(time.monotonic())
        reader.close()
        self._folder = folder
        self._number = 0 if last is None else last.record.velocity_sequence
        self._channel = write_channel(folder, TARGET, TargetRecord)

    def send(self, velocity: Velocity, now_s: float) -> None:
        """Write it; there are no joint targets beside it."""
        self._number += 1
        self._channel.write(target_record(None, VelocityCommand(self._number, now_s, *velocity)), now_s)

    def close(self) -> None:
        """Make room for a robot node, and for the next run."""
        self._channel.close()
        clear_away(self._folder)


class RosWay:
    """As `surefoot drive` does."""

    def __init__(self, *, stamped: bool) -> None:
        from surefoot_control.drive import Teleop
        from surefoot_control.ros import running_ros

        self._stack = contextlib.ExitStack()
        self.ending: Ending = self._stack.enter_context(running_ros([]))
        self._node = Teleop(stamped=stamped, tell=lambda _line: None)
        self._stack.callback(self._node.destroy_node)
        self._type = f"geometry_msgs/msg/{'TwistStamped' if stamped else 'Twist'}"
        self.words = NOT_HEARD

    def look(self) -> None:
        """Whether a robot node is there to hear it."""
        heard = self._node.get_subscriptions_info_by_topic(TOPIC)
        is_heard = any(info.node_name == "robot" and info.topic_type == self._type for info in heard)
        self.words = OVER_ROS if is_heard else NOT_HEARD

    def send(self, velocity: Velocity, _now_s: float) -> None:
        """Publish it."""
        self._node.send(velocity)

    def close(self) -> None:
        """Leave ROS."""
        self._stack.close()


class Sending:
    """Finds the way, and lets go of it when the run is over."""

    def __init__(self, folder: Path, *, stamped: bool) -> None:
        self._folder, self._stamped = folder, stamped
        self._channel: ChannelWay | None = None
        self._ros: RosWay | None = None
        self._tried_s = -math.inf
        self._fault = NOWHERE

    @property
    def words(self) -> str:
        """Which way, or why there is none."""
        way = self._way
        return self._fault if way is None else way.words

    @property
    def asked_to_end(self) -> bool:
        """ROS is given its own handlers of signals: whether they have heard one."""
        return self._ros is not None and self._ros.ending.asked > 0

    def look(self, now_s: float, *, is_running: bool) -> None:
        """Take the way that there is. With the supervisor gone nothing is held: `surefoot up` may be started again."""
        by_ros = self._has_node()
        if not is_running or by_ros:
            self._leave_channel()
        if not is_running:
            self._fault = NOWHERE
        elif now_s - self._tried_s >= TRY_S:
            self._tried_s = now_s
            if self._way is None:
                self._open(by_ros)
            if self._ros is not None:
                self._ros.look()

    def send(self, velocity: Velocity, now_s: float) -> None:
        """Hand one on, if there is a way."""
        way = self._way
        if way is not None:
            way.send(velocity, now_s)

    def close(self) -> None:
        """Let go of everything."""
        self._leave_channel()
        if self._ros is not None:
            self._ros.close()

    @property
    def _way(self) -> Way | None:
        return self._ros if self._has_node() else self._channel

    def _has_node(self) -> bool:
        return (self._folder / ROBOT_LOG).exists() or channel_path(self._folder, ROBOT_NODE).exists()

    def _open(self, by_ros: bool) -> None:
        if by_ros and importlib.util.find_spec("rclpy") is None:
            self._fault = NO_ROS
            return
        try:
            if by_ros:
                self._ros = RosWay(stamped=self._stamped)
            else:
                self._channel = ChannelWay(self._folder)
        except SurefootError as error:
            self._fault = f"nowhere: {error.message}"
        except (RuntimeError, ImportError) as error:  # rclpy's own: no network, no middleware, a broken installation
            self._fault = f"nowhere: ROS 2 does not start: {error}"

    def _leave_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
