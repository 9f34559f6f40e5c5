"""How commands reach a running robot: its folder, its channels, its supervisor's mailbox. Works without ROS."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_safety.channel.memory import Reader, Received
    from surefoot_safety.channel.records import LoopRecord, StatusRecord
    from surefoot_safety.mode import Mode, Request
    from surefoot_safety.process.requests import Answer

ANSWER_S = 1.0
"""200 ticks of the supervisor."""
ALIVE_S = 0.5
"""A channel that is older has no writer."""
LOOK_S = 0.02
CHECK_IN_S = 0.04
"""Between check-ins, and at most once more for the answer: well within the shortest timeout, 0.1 s."""
CONSOLE = "operator"
"""The name of the e-stop endpoint that `up` is."""
PAGE = "console"
"""And of the one that `surefoot console` is: on the same machine, with the same key."""


def add_place(parser: argparse.ArgumentParser) -> None:
    """Which robot, and where its processes meet."""
    parser.add_argument("--robot", help="which one, by name or file, if several are running")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="the run folder, if `up` was given another one")


def running_folder(arguments: argparse.Namespace) -> Path:
    """The folder of the robot that is meant."""
    from surefoot_safety.channel.place import default_root, folder_of

    root = (arguments.run_dir or default_root()).absolute()
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    name = _name_of(arguments.robot) or (names[0] if len(names) == 1 else None)
    if name is None:
        found = f"several are: {', '.join(names)}" if names else "none is"
        hint = "choose one with --robot" if names else "start one: surefoot up --sim"
        raise SurefootError(f"which robot is running? {found}", hint=hint)
    if name not in names:
        raise SurefootError(f"{name} is not running", hint="start it: surefoot up --sim")
    return folder_of(name, root)


def _name_of(robot: str | None) -> str | None:
    """A file's robot runs under the name that is in it."""
    if robot is None or not robot.endswith((".yaml", ".yml")):
        return robot
    from surefoot_robots.loader import load_robot

    return load_robot(robot).name


@dataclass(frozen=True, slots=True)
class View:
    """What a running robot tells of itself; None for what has no writer."""

    status: Received[StatusRecord] | None
    link: Received[LoopRecord] | None
    supervisor: Received[LoopRecord] | None
    now_s: float
    robot_node: Received[LoopRecord] | None = None
    policy_node: Received[LoopRecord] | None = None


class Operator:
    """Asks one robot's supervisor, and looks at its channels."""

    def __init__(self, folder: Path) -> None:
        from surefoot_safety.channel.channels import LINK, POLICY_NODE, ROBOT_NODE, STATUS, SUPERVISOR, read_channel
        from surefoot_safety.channel.records import LoopRecord, StatusRecord
        from surefoot_safety.process.asking import Asker

        self._folder = folder
        self._asker = Asker(folder)
        self._status: Reader[StatusRecord] = read_channel(folder, STATUS, StatusRecord)
        self._loops: dict[str, Reader[LoopRecord]] = {
            name: read_channel(folder, name, LoopRecord) for name in (LINK, SUPERVISOR, ROBOT_NODE, POLICY_NODE)
        }

    def ask(self, request: Request) -> Answer:
        """Ask the supervisor and wait for what it says; silence is an error that says what the robot does meanwhile."""
        answer = self._asker.ask(request, ANSWER_S)
        if answer is not None:
            return answer
        raise SurefootError(f"the supervisor of {self._folder.name} does not answer", hint=self._meanwhile())

    def look(self) -> View:
        """What the robot tells now; wrong versions are an error."""
        now_s = time.monotonic()
        status = _alive(self._status.read(now_s), now_s)
        loops = {name: _alive(reader.read(now_s), now_s) for name, reader in self._loops.items()}
        for refusal in (self._status.refusal, *(reader.refusal for reader in self._loops.values())):
            if refusal:
                raise SurefootError(refusal)
        return View(status=status, now_s=now_s, **loops)

    def wait_for(self, mode: Mode, wait_s: float) -> bool:
        """Whether the robot came to a mode within the time."""
        end_s = time.monotonic() + wait_s
        while time.monotonic() < end_s:
            view = self.look()
            if view.status is not None and view.status.record.mode is mode:
                return True
            time.sleep(LOOK_S)
        return False

    def close(self) -> None:
        """Ask nothing more."""
        for loop in self._loops.values():
            loop.close()
        self._status.close()
        self._asker.close()

    def __enter__(self) -> Operator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _meanwhile(self) -> str:
        link = self.look().link
        if link is None:
            return "the link is not running either: the motors are left to their own timeout"
        note = link.record.note
        return f"the link runs: {note or 'it follows the newest command, which grows old in 50 ms'}"


class Console:
    """The e-stop endpoint that a command is, for as long as it runs: when it ends or hangs, the robot sits down."""

    def __init__(self, folder: Path, key: bytes) -> None:
        from surefoot_safety.estop_endpoint import EstopEndpoint
        from surefoot_safety.process.mailbox import REQUESTS, Mail, socket_path

        self._endpoint = EstopEndpoint(CONSOLE, key)
        self._mail = Mail(socket_path(folder, REQUESTS))

    def check_in(self) -> None:
        """Say that it is there, answer what the supervisor asks, and pause a little."""
        from surefoot_safety.estop_message import EstopLevel

        self._mail.send(self._endpoint.check_in(EstopLevel.RELEASED))
        data = self._mail.answer(CHECK_IN_S)
        while data is not None:
            self._endpoint.challenged(data)
            data = self._mail.answer()
        time.sleep(CHECK_IN_S)

    def close(self) -> None:
        """Be silent from now on."""
        self._mail.close()


def _alive(received: Received[Any] | None, now_s: float) -> Received[Any] | None:
    return received if received is not None and now_s - received.stamp_s <= ALIVE_S else None
