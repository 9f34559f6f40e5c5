"""What the main programs of link and supervisor have in common: arguments, log, settings, loop."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.place import RunLock, folder_of, make_folder, remove_folder
from surefoot_safety.process.ending import end_with
from surefoot_safety.settings import Settings
from surefoot_safety.settings_loader import load_robot_with_settings

LOG = logging.getLogger(__name__)


def parser(name: str) -> argparse.ArgumentParser:
    """The arguments of both."""
    made = argparse.ArgumentParser(prog=f"python -m {name}", allow_abbrev=False)
    made.add_argument("--robot", default="go2")
    made.add_argument("--run-dir", type=Path)
    made.add_argument("--settings", type=Path)
    made.add_argument("--no-release", action="store_true")
    made.add_argument("--parent", type=int, help="end with this process")
    made.add_argument("--priority", type=int, default=0, help="of SCHED_FIFO; 0 does not ask for it")
    made.add_argument("--cores", type=int, nargs="*", default=[])
    return made


def begin(arguments: argparse.Namespace) -> tuple[RobotSpec, Settings, Path]:
    """Log to stderr, end with the parent, find the robot and its folder."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO, stream=sys.stderr)
    if arguments.parent is not None:
        end_with(arguments.parent)
    spec, settings = load_robot_with_settings(arguments.robot, arguments.settings, release=not arguments.no_release)
    folder = folder_of(spec.name, arguments.run_dir)
    make_folder(folder)
    return spec, settings, folder


def clear_away(folder: Path) -> None:
    """Leave nothing behind: whoever ends last, with nobody else running the robot, removes its folder."""
    try:
        lock = RunLock(folder)
    except SurefootError:
        return
    remove_folder(folder)
    lock.release()


def guarded(run: Callable[[], None]) -> int:
    """Run a program: an expected error is one line and status 2."""
    try:
        run()
    except SurefootError as error:
        LOG.error("error: %s", error.message)
        if error.hint:
            LOG.error("hint: %s", error.hint)
        return 2
    return 0
