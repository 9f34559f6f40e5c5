"""`surefoot status`: what the running robot does, why, and how its processes keep their time."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import Operator, View, add_place, running_folder
from surefoot.output import print_json, print_table
from surefoot.status_text import status_json, status_line, status_rows

if TYPE_CHECKING:
    from surefoot.sensing import Sensing

WATCH_S = 0.5
SENSORS_S = 0.1
"""As fast as digits can be read while a leg is moved."""
HOME, CLEAR_LINE, CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"
CLEAR_ALL = "\x1b[2J"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Once, or again and again."""
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C; with --json a line each")
    parser.add_argument(
        "--sensors",
        action="store_true",
        help="what its sensors say: every joint and motor by name, gains, IMU; with --watch, which joint is moved",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show; 1 if the supervisor is not running, of the sensors if there is no sample."""
    folder = running_folder(arguments)
    return _sensors(folder, arguments) if arguments.sensors else _status(folder, arguments)


def _status(folder: Path, arguments: argparse.Namespace) -> int:
    with Operator(folder) as operator:
        while True:
            view = operator.look()
            if arguments.json:
                print_json(status_json(view))
            elif arguments.watch:
                print(status_line(view))
            else:
                print_table(("of", folder.name), status_rows(view))
            if not arguments.watch:
                return 0 if view.status is not None else 1
            sys.stdout.flush()
            time.sleep(WATCH_S)


def _sensors(folder: Path, arguments: argparse.Namespace) -> int:
    from surefoot.sensing import Sensing

    live = arguments.watch and not arguments.json and sys.stdout.isatty()
    if live:
        print(CLEAR_ALL, end="")
    with Operator(folder) as operator, Sensing(folder) as sensing:
        while True:
            seen = _show_sensors(operator.look(), sensing, folder.name, live=live, as_json=arguments.json)
            if not arguments.watch:
                return 0 if seen else 1
            sys.stdout.flush()
            time.sleep(SENSORS_S if live else WATCH_S)


def _in_place(lines: list[str]) -> str:
    """Over what was shown before, without flicker; a line that wraps would shift the others."""
    columns = shutil.get_terminal_size().columns
    return HOME + "".join(f"{line[:columns]}{CLEAR_LINE}\n" for line in lines) + CLEAR_REST


def _show_sensors(view: View, sensing: Sensing, robot: str, *, live: bool, as_json: bool) -> bool:
    """One look; whether there was a sample."""
    from surefoot.sensor_text import sensor_json, sensor_lines

    sensed = sensing.look()
    if as_json:
        print_json({**status_json(view), "sensors": sensor_json(sensed)})
    else:
        lines = [status_line(view), *sensor_lines(sensed, robot)]
        print(_in_place(lines) if live else "\n".join([*lines, "", ""]), end="")
    return sensed.state is not None
