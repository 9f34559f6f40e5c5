"""`surefoot safety replay`: what the supervisor would have done on recorded walks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot.progress import progress

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.replay import Replay
    from surefoot_safety.replay_log import WalkLog
    from surefoot_safety.settings import Settings

HELP = "what the supervisor would have done on recorded walks"
DESCRIPTION = (
    "Plays logs to a supervisor and says when it would have taken the robot from its policy, and why. A good walk must "
    "be left alone; a fall must be foreseen at least 150 ms before the trunk touches the ground. Exit status 1 if not. "
    "`surefoot bench trips --logs FOLDER` records logs in simulation. Of a recording of `surefoot up --record` every "
    "walk is replayed: it does not tell when the trunk touched the ground, so that any trip counts as one on a good "
    "walk, nor how late single answers of the policy were, only that none came."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Any number of files."""
    parser.add_argument(
        "logs", type=Path, nargs="+", metavar="LOG", help="a log (.npz), a recording (.mcap), or a folder of logs"
    )


def run(spec: RobotSpec, settings: Settings, arguments: argparse.Namespace) -> int:
    """Replay them one after the other."""
    from surefoot_safety.limits import limits_of
    from surefoot_safety.replay import replay

    limits, files = limits_of(spec, settings), _files(arguments.logs)
    replays = {
        name: replay(log, limits, spec)
        for file in progress(files, "replay", total=len(files), quiet=arguments.json)
        for name, log in _walks(file, spec).items()
    }
    _report(replays, as_json=arguments.json)
    return 0 if all(one.kept for one in replays.values()) else 1


def _walks(file: Path, spec: RobotSpec) -> dict[str, WalkLog]:
    from surefoot.recorded_walks import walks_in
    from surefoot_safety.replay_log import load_walk

    return walks_in(file, spec) if file.suffix == ".mcap" else {str(file): load_walk(file)}


def _files(given: list[Path]) -> list[Path]:
    from surefoot_robots.errors import SurefootError

    files: list[Path] = []
    for path in given:
        found = sorted(path.glob("*.npz")) if path.is_dir() else [path]
        if not found:
            raise SurefootError(f"there are no logs in {path}", hint="name files, or a folder with .npz files in it")
        files += found
    return files


def _report(replays: dict[str, Replay], *, as_json: bool) -> None:
    falls = {name: one for name, one in replays.items() if one.is_fall}
    walks = {name: one for name, one in replays.items() if not one.is_fall}
    false_trips = sum(one.is_false for one in replays.values())
    foreseen = sum(one.kept for one in falls.values())
    if as_json:
        logs = [{"log": name, "kept": one.kept, **_row(one)} for name, one in replays.items()]
        summary = {"walks": len(walks), "false_trips": false_trips, "falls": len(falls), "falls_foreseen": foreseen}
        print_json({**summary, "logs": logs})
        return
    print_table(
        ["log", "s", "trunk touches", "trip at s", "lead s", "by", "right"],
        [
            (
                name,
                f"{one.seconds:.1f}",
                "yes" if one.is_fall else "no",
                "" if one.trip is None else f"{one.trip.at_s:.2f}",
                "" if one.lead_s is None else f"{one.lead_s:.2f}",
                "" if one.trip is None else ", ".join(one.trip.triggers),
                "yes" if one.kept else "NO",
            )
            for name, one in replays.items()
        ],
    )
    print(f"{len(walks)} good walks, {false_trips} false trips; {len(falls)} falls, {foreseen} foreseen by 150 ms")


def _row(one: Replay) -> dict[str, object]:
    return {
        "seconds": one.seconds,
        "is_fall": one.is_fall,
        "trip_at_s": None if one.trip is None else one.trip.at_s,
        "triggers": [] if one.trip is None else list(one.trip.triggers),
        "reason": None if one.trip is None else one.trip.reason,
        "lead_s": one.lead_s,
        "is_early": one.is_early,
    }
