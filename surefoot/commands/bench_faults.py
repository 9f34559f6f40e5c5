"""`surefoot bench faults`: everything that can go wrong, in everything the robot may be doing, on real processes."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surefoot.numbers import positive
from surefoot.output import print_json, print_table, to_json
from surefoot.progress import progress_bar
from surefoot.terminated import like_ctrl_c

if TYPE_CHECKING:
    from surefoot.faults.campaign import Choice
    from surefoot.faults.kinds import Cell

HELP = "faults in every state, against the real processes: what must follow, what did, how soon"
DESCRIPTION = (
    "Starts `surefoot up --sim` and a policy, brings the robot into a state, lets something go wrong, and judges what "
    "follows by a record of every command the link gave. Bars: what must follow does, and no more; no command beyond "
    "limits; nothing severe that ends by itself; from fault to a safe command that lasts no longer than the trigger's "
    "own time, one period of the supervisor and one of the link; every robot stands again after an operator's reset; "
    "nothing is left behind. About 10 s per trial."
)
TRIAL_S = 10.0
"""About, on an idle machine."""
Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, how often, and where results are kept."""
    parser.add_argument("--seeds", type=positive, default=20, help="trials per cell (default: 20)")
    parser.add_argument(
        "--only",
        metavar="TEXT",
        action="append",
        default=[],
        help="only rows with this in their name, or of this group; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="show what would be done, and what must follow")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep each row here as soon as it is there")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out the rows that are whole in --out already; same code, same files",
    )
    parser.add_argument("--policy", default="go2-velocity-flat", help="that walks (default: the shipped one)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="safety settings, also milder ones")
    parser.add_argument(
        "--no-times", action="store_true", help="tell times and do not judge them: the machine has other things to do"
    )


def run(arguments: argparse.Namespace) -> int:
    """Row by row; 1 if a bar is missed."""
    from surefoot.faults.campaign import Campaign, Choice
    from surefoot.faults.kinds import cells
    from surefoot.faults.table import FAULTS
    from surefoot_robots.errors import SurefootError

    chosen = cells(FAULTS, arguments.only)
    if not chosen:
        raise SurefootError(
            f"no row has {' or '.join(map(repr, arguments.only))} in it",
            hint="`surefoot bench faults --list` shows them",
        )
    choice = Choice(
        policy=arguments.policy,
        seeds=arguments.seeds,
        settings=arguments.settings,
        judges_times=not arguments.no_times,
    )
    if arguments.list:
        _list(chosen, choice, as_json=arguments.json)
        return 0
    rows = _kept(arguments)
    skipped = _skipped(chosen)
    left = [cell for cell in chosen if cell.name not in skipped and not is_done(rows.get(cell.name), cell, choice)]
    with (
        like_ctrl_c(),
        Campaign(choice) as campaign,
        progress_bar(len(left) * choice.seeds, f"{len(left)} cells", quiet=arguments.json) as advance,
    ):
        for cell in left:
            rows[cell.name] = campaign.row(cell, partial(advance, note=cell.name))
            _keep(rows, arguments)
    if left:
        _keep(rows, arguments)  # once more: what the last processes left behind is known now
    done = {cell.name: rows[cell.name] for cell in chosen if cell.name in rows}
    result = _told(done, arguments) | {"skipped": skipped}
    if arguments.json:
        print_json(result)
    else:
        _print(list(done.values()), result)
    return 1 if result["bars_missed"] else 0


def _skipped(chosen: Sequence[Cell]) -> dict[str, str]:
    """Rows that cannot be done here, and why."""
    from surefoot_control.ros import check_ros
    from surefoot_robots.errors import SurefootError

    try:
        check_ros()
    except SurefootError as error:
        return {cell.name: error.message for cell in chosen if cell.fault.has_ros}
    return {}


def is_done(row: Row | None, cell: Cell, choice: Choice) -> bool:
    """Whether a row of an earlier run can stay: all its trials took place, and the same must follow still."""
    from surefoot.faults.campaign import row_of
    from surefoot_safety.settings_loader import load_settings

    if row is None or row["void"]:
        return False
    settings = load_settings(choice.robot, choice.settings, release=choice.settings is None)
    now = row_of(cell, [], cell.must.longest_s(settings))
    return all(row[key] == now[key] for key in ("must", "because_of", "bar_ms"))


def _kept(arguments: argparse.Namespace) -> dict[str, Row]:
    """Rows of an earlier run of the same code on the same files."""
    from surefoot_robots.errors import SurefootError

    if not (arguments.out and arguments.out.exists()):
        return {}
    if not arguments.resume:
        raise SurefootError(f"{arguments.out} is there already", hint="go on with --resume, or name another file")
    try:
        before = json.loads(arguments.out.read_text(encoding="utf-8"))
        rows: dict[str, Row] = {row["row"]: row for row in before["rows"]}
        differing = [
            f"{key} {before[key]}, now {value}" for key, value in origin(arguments).items() if before[key] != value
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SurefootError(
            f"{arguments.out} holds no results to go on from: {error!r}", hint="name another"
        ) from error
    if differing:
        raise SurefootError(
            f"{arguments.out} is of {'; '.join(differing)}", hint="go on with the same, or name another file"
        )
    return rows


def origin(arguments: argparse.Namespace) -> dict[str, Any]:
    """What results come from: those of another one must not be mixed with them."""
    import surefoot
    from surefoot_policy.shipped import policy_file
    from surefoot_training.run.provenance import git_state

    return {
        "policy": arguments.policy,
        "policy_sha256": _sha256(policy_file(Path(arguments.policy))),
        "settings_sha256": None if arguments.settings is None else _sha256(arguments.settings),
        "seeds": arguments.seeds,
        "times_judged": not arguments.no_times,
        **git_state(Path(surefoot.__file__).parent),
    }


def _sha256(file: Path) -> str:
    from surefoot_robots.errors import SurefootError

    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise SurefootError(f"{file}: {error.strerror}") from error


def _keep(rows: dict[str, Row], arguments: argparse.Namespace) -> None:
    from surefoot_robots.whole_file import write_text

    if arguments.out:
        write_text(arguments.out, json.dumps(to_json(_told(rows, arguments)), indent=1) + "\n")


def _told(rows: dict[str, Row], arguments: argparse.Namespace) -> dict[str, Any]:
    from surefoot.faults.campaign import result_of

    return {
        **origin(arguments),
        "settings": arguments.settings,
        "cores": os.cpu_count(),
        **result_of(rows, judges_times=not arguments.no_times),
    }


def _list(chosen: Sequence[Cell], choice: Choice, *, as_json: bool) -> None:
    from surefoot.faults.campaign import PERIODS_S
    from surefoot_safety.settings_loader import load_settings

    settings = load_settings(choice.robot, choice.settings, release=choice.settings is None)
    rows = []
    for cell in chosen:
        longest_s = cell.must.longest_s(settings)
        triggers = sorted(trigger.value for trigger in cell.must.triggers)
        within_ms = None if longest_s is None else f"{1000.0 * (longest_s + PERIODS_S):.0f}"
        rows.append((cell.fault.group, cell.fault.name, cell.state.value, cell.must.told(), within_ms, triggers))
    columns = ("group", "fault", "state", "must", "within ms", "because of one of")
    hours = len(rows) * choice.seeds * TRIAL_S / 3600.0
    if as_json:
        print_json({"cells": [dict(zip(columns, row, strict=True)) for row in rows], "seeds": choice.seeds})
        return
    print_table(
        columns,
        [(*row[:-1], ", ".join(row[-1])) for row in rows],
        title=f"{len(rows)} cells, {choice.seeds} trials each: about {hours:.1f} hours",
    )


def _print(rows: Sequence[Row], result: dict[str, Any]) -> None:
    columns = (
        "fault",
        "state",
        "must",
        "happened",
        "right",
        "p50 ms",
        "max ms",
        "bar ms",
        "beyond",
        "falls",
        "reset",
        "lifted",
    )
    print_table(columns, [_cells(row) for row in rows], title=f"{result['cases']} trials")
    print(
        f"{result['commands_beyond_limits']} commands beyond limits, {result['unlatched_stops']} stops not latched, "
        f"{result['falls']} falls, {result['void']} without a trial"
    )
    for line in result["bars_missed"]:
        print(f"bar missed: {line}")
    for why in dict.fromkeys(result["skipped"].values()):
        print(f"{list(result['skipped'].values()).count(why)} rows skipped: {why}")
    for row in rows:
        for note, times in row["notes"].items():
            print(f"{row['row']}: {note}{f' ({times} times)' if times > 1 else ''}")
        for note, times in row["again"].items():
            print(f"{row['row']}: tried again, {note}{f' ({times} times)' if times > 1 else ''}")
    for remark in dict.fromkeys(row["remark"] for row in rows if row["remark"]):
        print(f"{', '.join(dict.fromkeys(row['fault'] for row in rows if row['remark'] == remark))}: {remark}")


def _cells(row: Row) -> tuple[object, ...]:
    safe, bar_ms = row["safe_ms"] or {"p50": None, "max": None}, row["bar_ms"]
    happened = next(iter(row["happened"]), "; ".join(row["notes"]))
    others = len(row["happened"]) - 1
    return (
        row["fault"],
        row["state"],
        row["must"],
        f"{happened} and {others} others" if others > 0 else happened,
        f"{row['right']}/{row['trials']}",
        *(None if ms is None else f"{ms:.1f}" for ms in (safe["p50"], safe["max"], bar_ms)),
        row["beyond_limits"],
        row["falls"],
        f"{row['recovered']}/{row['trials']}",
        row["lifted"],
    )
