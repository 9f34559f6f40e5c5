"""What the commands share that measure sensors."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from surefoot.commands.identify_logs import write_page
from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.air.verdicts import Estimate
    from surefoot_calibration.sensors.results import Source
    from surefoot_calibration.sensors.sensor_log import SensorLog

Content: TypeAlias = dict[str, object]


def add_result_arguments(parser: argparse.ArgumentParser, file: str) -> None:
    """Of which robot, and where to."""
    parser.add_argument("--robot", default="go2", help="name or YAML file of the robot (default: go2)")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the calibration to write, as {file}")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the page of it, HTML (default: beside --out)")


def check_places(arguments: argparse.Namespace) -> None:
    """Where nothing can be written is known before anything is measured."""
    for file in filter(None, (arguments.out, arguments.report)):
        if file.is_dir() or not file.absolute().parent.is_dir():
            raise SurefootError(f"{file}: {'is a folder' if file.is_dir() else 'there is no such folder'}")


def show_sensor_logs(logs: Sequence[SensorLog]) -> None:
    """What was read, on stderr."""
    for log in logs:
        what = " and ".join(
            name for name, there in (("IMU", log.imu is not None), ("joints", log.joints is not None)) if there
        )
        print(
            f"{log.origin}: {what}, {log.seconds:.1f} s at {log.rate_hz:.1f} Hz (±{1e3 * log.jitter_s:.2f} ms), "
            f"{len(log.gaps)} gaps",
            file=sys.stderr,
        )


def sources(files: Sequence[Path], logs: Sequence[SensorLog]) -> list[Source]:
    """Logs as a file names them."""
    from surefoot_calibration.sensors.results import Source

    return [Source(file, log.seconds, log.rate_hz) for file, log in zip(files, logs, strict=True)]


def finish(
    arguments: argparse.Namespace, content: Content, rows: Sequence[Estimate], title: str, page: Callable[[], str]
) -> int:
    """Write, show; 1 if nothing is known well enough to be used."""
    from surefoot_calibration.calibration_file import write_calibration

    if arguments.out is not None:
        write_calibration(arguments.out, content)
    file: Path | None = arguments.report or (None if arguments.out is None else arguments.out.with_suffix(".html"))
    if file is not None:
        write_page(file, page())
    if arguments.json:
        print_json({**content, "file": arguments.out, "report": file})
    else:
        show_rows(rows, title)
        for written in filter(None, (arguments.out, file)):
            print(f"{written}: written")
    return 0 if any(row.verdict != "not_identifiable" for row in rows) else 1


def show_rows(rows: Sequence[Estimate], title: str) -> None:
    """A table, and what would settle the rest."""
    print_table(
        ["parameter", "joint", "value", "95 % interval", "unit", "verdict"],
        [
            (
                *(row.name, row.joint or "all", f"{row.value:.4g}", f"{row.low:.4g} to {row.high:.4g}", row.unit),
                row.verdict.replace("_", " "),
            )
            for row in rows
        ],
        title=title,
    )
    needs = Counter((row.verdict, row.advice) for row in rows if row.advice)
    for (verdict, advice), count in needs.items():
        names = ", ".join(dict.fromkeys(row.name for row in rows if (row.verdict, row.advice) == (verdict, advice)))
        print(f"{verdict.replace('_', ' ')}: {names} ({count}): needs {advice}")
