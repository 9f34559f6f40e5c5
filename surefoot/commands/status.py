"""`surefoot status`: what the running robot does, why, and how its processes keep their time."""

from __future__ import annotations

import argparse
import sys
import time

from surefoot.operating import Operator, add_place, running_folder
from surefoot.output import print_json, print_table
from surefoot.status_text import status_json, status_line, status_rows

WATCH_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Once, or again and again."""
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C; with --json a line each")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show; 1 if the supervisor is not running."""
    folder = running_folder(arguments)
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
