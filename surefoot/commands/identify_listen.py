"""`surefoot identify listen`: what a running robot's sensors say, into a log. Nothing moves."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import add_place, running_folder
from surefoot.output import print_json
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec

HELP = "what a running robot's sensors say, into a log for `imu` and `zero`; nothing moves"
DESCRIPTION = (
    "Writes every sample of the IMU and the joints, with its own stamp, until the time is over or Ctrl-C. Asks nothing "
    "of the robot, which may be in any mode: damped, so that its joints can be moved by hand, or standing."
)
RATE_HZ = 1000.0
"""Looks at the channel: the link's samples come at 500 Hz."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and for how long."""
    parser.add_argument("--out", type=Path, metavar="LOG", required=True, help="the log to write, .csv")
    parser.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="(default: until Ctrl-C)")
    parser.add_argument("--imu-only", action="store_true", help="no joints: 40 kB/s instead of 90, for hours of it")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Listen; 1 if nothing was heard."""
    from surefoot_robots.loader import load_robot

    out: Path = arguments.out
    if out.suffix != ".csv":
        raise SurefootError(f"--out {out}: must end with .csv")
    if out.exists() or not out.absolute().parent.is_dir():
        raise SurefootError(f"--out {out}: {'is there already' if out.exists() else 'there is no such folder'}")
    if not arguments.seconds > 0.0:
        raise SurefootError(f"--seconds {arguments.seconds:g} must be above 0")
    folder = running_folder(arguments)
    return _listen(arguments, load_robot(arguments.robot or folder.name), folder)


def _listen(arguments: argparse.Namespace, robot: RobotSpec, folder: Path) -> int:
    from surefoot.identifying.listening import Listener, listen
    from surefoot.identifying.live import unix_ahead_s
    from surefoot_safety.channel.channels import STATE, read_channel
    from surefoot_safety.channel.records import StateRecord
    from surefoot_safety.process.ending import Ending
    from surefoot_safety.process.ticker import Ticker

    states, ending, ticker = read_channel(folder, STATE, StateRecord), Ending(), Ticker(RATE_HZ)
    whole_s = None if math.isinf(arguments.seconds) else math.ceil(arguments.seconds)
    try:
        with (
            arguments.out.open("x", encoding="ascii") as stream,
            progress_bar(whole_s, "listen", quiet=arguments.json) as advance,
        ):
            began_s = last_s = ticker.wait()

            def wait() -> float:
                nonlocal last_s
                now_s = ticker.wait()
                if int(now_s - began_s) > int(last_s - began_s):
                    advance(1, "seconds")
                    stream.flush()  # what is there counts, whatever comes
                last_s = now_s
                return now_s

            listener = Listener(robot, states, stream, imu_only=arguments.imu_only)
            done = listen(listener, arguments.seconds, unix_ahead_s(), wait, lambda: ending.asked > 0)
    finally:
        ending.restore()
        states.close()
    if arguments.json:
        print_json({"file": arguments.out, "samples": done.samples, "missed": done.missed, "seconds": done.seconds})
    else:
        print(f"{arguments.out}: {done.seconds:.1f} s, {done.samples} samples, missed {done.missed}")
    return 0 if done.samples else 1
