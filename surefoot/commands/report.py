"""`surefoot report`: what happened, on one page."""

from __future__ import annotations

import argparse
from pathlib import Path

from surefoot_robots.errors import SurefootError

DESCRIPTION = (
    "Makes one HTML file that opens anywhere, without a network: of a recording (.mcap, from `surefoot up --record` or "
    "`surefoot record`) or of a training run's folder."
)
PAGE = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, and where to."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "what", type=Path, metavar="LOG|RUN", help="a recording (.mcap) or the folder of a training run"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page (default: beside it, as .html)")
    parser.add_argument(
        "--robot",
        default="go2",
        help="whose recording it is, by name or YAML file: for limits and the picture (default: go2)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page and say where."""
    from surefoot_robots.whole_file import write_text

    what: Path = arguments.what
    if not what.exists():
        raise SurefootError(f"{what}: there is no such file or folder")
    out = arguments.out or (what / PAGE if what.is_dir() else what.with_suffix(".html"))
    if out.is_dir():
        raise SurefootError(f"{out} is a folder", hint="name the file of the page with --out")
    try:
        write_text(out, _page(what, arguments.robot))
    except OSError as error:
        raise SurefootError(f"{out}: {error.strerror}", hint="write it somewhere else with --out") from error
    print(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
    return 0


def _page(what: Path, robot: str) -> str:
    if what.is_dir():
        from surefoot.report.run_report import run_page

        return run_page(what)
    from surefoot.report.walk_report import walk_page
    from surefoot_safety.settings_loader import load_robot_with_settings

    return walk_page(what, *load_robot_with_settings(robot))
