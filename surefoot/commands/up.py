"""`surefoot up`: start the processes of a robot, watch them, and bring the robot to rest before they end."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import CONSOLE, PAGE, Console, Operator
from surefoot.status_text import status_line
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_control.segments import Segments
    from surefoot_policy.contract import Contract
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.process.ending import Ending
    from surefoot_safety.process.runner import Choice, Runner

SHOW_S = 0.25
PRIORITY = 50
"""Of SCHED_FIFO: above everything that did not ask, below the kernel's own threads."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which robot, simulated or through which driver."""
    driver = parser.add_mutually_exclusive_group(required=True)
    driver.add_argument("--sim", action="store_true", help="a simulated robot")
    driver.add_argument("--driver", metavar="KIND", help="sim, pretend, or one of your own: package.module:function")
    parser.add_argument(
        "--robot", default="go2", help="name or YAML file of a robot with safety settings (default: go2)"
    )
    parser.add_argument("--world", type=Path, metavar="FILE", help="what the simulated robot is in truth; YAML")
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="safety settings of your own: what is to be stricter, or all of them for a robot file that has none",
    )
    parser.add_argument("--no-release", action="store_true", help="for the bench: let them be milder, within bounds")
    parser.add_argument("--ros", action="store_true", help="with the robot node: topics and services of ROS 2")
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="walk by this one, a file or a shipped one's name; with ROS 2"
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="what was measured of this robot: warns if the policy has another",
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="write everything to this MCAP file; with ROS 2")
    parser.add_argument("--ros-parameters", type=Path, metavar="FILE", help="parameters of the nodes; YAML")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="where the processes meet (default: in /dev/shm)")
    parser.add_argument("--estop-key", type=Path, metavar="FILE", help="the key of e-stop endpoints elsewhere")
    parser.add_argument(
        "--estop-endpoint", action="append", default=[], metavar="NAME", help="who else must check in; may be repeated"
    )
    parser.add_argument(
        "--console", action="store_true", help="`surefoot console` must check in, too: closing its page stops the robot"
    )
    parser.add_argument("--gaits", metavar="FUNCTION", help="gaits of your own: package.module:function")
    parser.add_argument(
        "--priority",
        type=int,
        help="real-time priority, 0 for none (default: 50; with --sim 0, physics would hog a core)",
    )
    parser.add_argument("--cores", type=int, nargs="+", default=[], help="processor cores for link and supervisor")
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself after so long")


def run(arguments: argparse.Namespace) -> int:
    """Start, watch, end; 1 if a process could not be kept running."""
    from surefoot_safety.channel.place import KEY
    from surefoot_safety.estop_key import read_key, write_new_key
    from surefoot_safety.process.ending import Ending
    from surefoot_safety.process.runner import Runner, describe

    choice, folder = _choice(arguments)
    ending = Ending()
    if arguments.estop_key is None:
        runner = Runner(describe(choice), folder)
        write_new_key(folder / KEY)
    else:
        read_key(arguments.estop_key)  # refused here, before anything has been started
        runner = Runner(describe(choice), folder)
    session = _Session(runner, folder, read_key(choice.estop_key or folder / KEY))
    segments = _segments(choice)
    end_s = time.monotonic() + (arguments.seconds if arguments.seconds is not None else float("inf"))
    try:
        runner.start()
        while not ending.asked and runner.failed is None and time.monotonic() < end_s:
            session.look()
    finally:  # whatever went wrong here: the robot comes to rest first
        _end(runner, session, ending)
        if segments is not None:
            segments.clear()
    if runner.failed is None:
        return 0
    return 2 if runner.wrong_input else 1


def _segments(choice: Choice) -> Segments | None:
    """What shared memory there is before nodes come, which leave theirs behind when they are killed."""
    if not (choice.ros or choice.policy or choice.record):
        return None
    from surefoot_control.segments import Segments

    return Segments()


def _end(runner: Runner, session: _Session, ending: Ending) -> None:
    """Bring the robot to rest and end everything; the next signal means at once."""
    asked = ending.asked
    try:
        session.tell(_farewell(runner, asked))
        runner.stop(time.monotonic, session.check_in, session.tell, lambda: ending.asked > max(1, asked))
    finally:
        session.close()
        runner.close()
        ending.restore()


def _farewell(runner: Runner, asked: int) -> str:
    if runner.failed is not None:
        return f"{runner.failed} cannot be kept running: ending the others"
    why = "asked to end" if asked else "the time is over"
    return f"{why}: bringing the robot to rest (Ctrl-C again: at once)"


def _choice(arguments: argparse.Namespace) -> tuple[Choice, Path]:
    """What is to be run, and where; whatever can be refused is refused before a process has been started."""
    from surefoot_robots.drivers.opening import find_opener
    from surefoot_safety.channel.place import KEY, folder_of
    from surefoot_safety.process.runner import Choice

    driver = "sim" if arguments.sim else arguments.driver
    spec, robot = _checked_robot(arguments)
    folder = folder_of(spec.name, arguments.run_dir)
    find_opener(driver)
    if driver == "sim":
        from surefoot_training.simulated.config import load_world

        load_world(arguments.world, spec)
    elif arguments.world is not None:
        raise SurefootError("--world describes a simulated robot", hint="use it with --sim")
    if CONSOLE in arguments.estop_endpoint:
        raise SurefootError(f"the e-stop endpoint {CONSOLE!r} is this command itself: choose another name")
    if arguments.estop_endpoint and arguments.estop_key is None:
        raise SurefootError(
            "other e-stop endpoints need a key that they have too: --estop-key FILE",
            hint="make one with `surefoot safety key FILE`",
        )
    priority = arguments.priority if arguments.priority is not None else PRIORITY * (driver != "sim")
    if arguments.calibration is not None and arguments.policy is None:
        raise SurefootError("--calibration is compared with that of a policy", hint="use it with --policy")
    if not 0 <= priority <= 99:
        raise SurefootError(f"--priority {priority} must be within 0 to 99")
    _check_ros(arguments, spec)
    choice = Choice(
        robot=robot,
        driver=driver,
        driver_file=None if arguments.world is None else arguments.world.absolute(),
        run_dir=None if arguments.run_dir is None else arguments.run_dir.absolute(),
        settings=arguments.settings,
        release=not arguments.no_release,
        priority=priority,
        cores=tuple(arguments.cores),
        estop_key=arguments.estop_key or folder / KEY,
        estop_endpoints=(CONSOLE, *((PAGE,) if arguments.console else ()), *arguments.estop_endpoint),
        gaits=arguments.gaits,
        ros=arguments.ros,
        policy=None if arguments.policy is None else _found(arguments.policy),
        record=None if arguments.record is None else arguments.record.absolute(),
        ros_parameters=None if arguments.ros_parameters is None else arguments.ros_parameters.absolute(),
    )
    return choice, folder


def _checked_robot(arguments: argparse.Namespace) -> tuple[RobotSpec, str]:
    """The robot with its limits and gaits as the processes will want them, and how they are told which it is."""
    from surefoot_robots.loader import available_robots
    from surefoot_safety.gaits.gains import check_gains
    from surefoot_safety.limits import limits_of
    from surefoot_safety.settings_loader import load_robot_with_settings

    spec, settings = load_robot_with_settings(arguments.robot, arguments.settings, release=not arguments.no_release)
    limits_of(spec, settings)
    if arguments.gaits is None:
        check_gains(spec, settings.command)
    named = arguments.robot in available_robots()
    return spec, arguments.robot if named else str(Path(arguments.robot).absolute())


def _check_ros(arguments: argparse.Namespace, spec: RobotSpec) -> None:
    """Whether what needs ROS could be started."""
    if not (arguments.ros or arguments.policy or arguments.record):
        if arguments.ros_parameters is not None:
            raise SurefootError("--ros-parameters are for nodes", hint="use it with --ros or --policy")
        return
    from surefoot_control.ros import check_ros

    check_ros()
    if arguments.ros_parameters is not None and not arguments.ros_parameters.is_file():
        raise SurefootError(f"{arguments.ros_parameters}: there is no such file")
    if arguments.policy is not None:
        from surefoot_policy.runtime import Policy
        from surefoot_policy.shipped import policy_file

        _compare_calibrations(Policy.load(policy_file(arguments.policy), spec).contract, arguments.calibration, spec)
    if arguments.sim or arguments.driver == "pretend":
        # A robot that is made up is nobody else's business, unless somebody says so.
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


def _compare_calibrations(contract: Contract, file: Path | None, spec: RobotSpec) -> None:
    """Warn if the policy was trained for another robot of the same kind; it may walk all the same."""
    from surefoot_policy.calibrated import calibration_warning
    from surefoot_robots.calibration import read_calibration

    line = calibration_warning(contract, None if file is None else read_calibration(file, spec))
    if line is not None:
        print(line, file=sys.stderr)


def _found(policy: Path) -> Path:
    """The file of a policy or of a shipped one's name, wherever the processes run."""
    from surefoot_policy.shipped import policy_file

    return policy_file(policy).absolute()


class _Session:
    """What this command does while the processes run: check in with the e-stop, show what happens."""

    def __init__(self, runner: Runner, folder: Path, key: bytes) -> None:
        self._runner = runner
        self._operator = Operator(folder)
        self._console = Console(folder, key)
        self._live = sys.stdout.isatty()
        self._is_read = True
        self._shown_s = 0.0

    def look(self) -> None:
        """Once round: watch, check in, show."""
        for line in self._runner.watch(time.monotonic()):
            self.tell(line)
        self.check_in()
        if self._live and time.monotonic() - self._shown_s >= SHOW_S:
            self._shown_s = time.monotonic()
            width = shutil.get_terminal_size().columns - 1
            self._print(f"\r\x1b[2K{self._status()[:width]}")

    def _status(self) -> str:
        try:
            return status_line(self._operator.look())
        except SurefootError as error:
            return error.message

    def check_in(self) -> None:
        """Say that the operator is there, and pause."""
        self._console.check_in()

    def tell(self, line: str) -> None:
        """Print a line above the live status."""
        self._print(f"\r\x1b[2K{line}\n" if self._live else f"{line}\n")

    def _print(self, text: str) -> None:
        """A terminal that was closed must not end what brings the robot to rest."""
        if self._is_read:
            try:
                print(text, end="", flush=True)
            except OSError:
                self._is_read = self._live = False
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor what the interpreter flushes

    def close(self) -> None:
        """Ask nothing more."""
        self._console.close()
        self._operator.close()
