"""`surefoot record`: everything that goes over ROS into one MCAP file."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from surefoot_robots.errors import SurefootError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and for how long."""
    parser.add_argument("out", type=Path, metavar="FILE", help="to write, as walk.mcap; numbered if it is there")
    parser.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="end by itself after so long")


def run(arguments: argparse.Namespace) -> int:
    """Record until Ctrl-C; 1 if nothing was heard."""
    from surefoot_control.ros import check_ros

    check_ros()
    if not arguments.seconds > 0.0:
        raise SurefootError(f"--seconds {arguments.seconds:g} must be above 0")
    from surefoot_control.record_node import record

    messages = record(arguments.out, [], arguments.seconds)
    print(f"{messages} messages")
    return 0 if messages else 1
