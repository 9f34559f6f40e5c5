"""`surefoot bench takeover`: what becomes of robots whose policy fails in mid-walk; standing up, crawling."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from surefoot.numbers import positive, seed
from surefoot.output import print_json, print_table, to_json
from surefoot.progress import Advance, progress_bar

HELP = "gaits that take over from a policy: falls, standing up, crawling, ticks"
DESCRIPTION = (
    "Randomized robots in simulation, each with a supervisor of its own. A policy that walks them fails at a random "
    "moment, the supervisor notices and takes over; robots stand up, sit down, sink and crawl. Bars: no fall in 99 % "
    "of takeovers up to 0.5 m/s and in 95 % at 1 m/s, all of them standing at the end; at most 2 % taken from a sound "
    "policy; 95 % of manoeuvres done and of operator's stops ending flat on the ground; no command beyond limits; "
    "100 µs per tick of a gait."
)
BAR_US = 100.0
TICKS = 4000
RULES = 2
"""Grows with what counts as fallen, done or kept: rows judged by other rules are no rows of the same table."""
Row = dict[str, Any]
Job = Callable[[Advance], Row]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and where results are kept."""
    parser.add_argument("--policy", default="go2-velocity-flat", help="whose walk is taken over (default: the shipped)")
    parser.add_argument("--trials", type=positive, default=200, help="robots per row (default: 200)")
    parser.add_argument("--seed", type=seed, default=1, help="of robots, ground and noise (default: 1)")
    parser.add_argument("--only", metavar="TEXT", help="only rows whose name has this in it")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep each row here as soon as it is there")
    parser.add_argument("--resume", action="store_true", help="leave out the rows that are in --out already")


def run(arguments: argparse.Namespace) -> int:
    """Measure row by row; 1 if a bar is missed."""
    rows = _kept(arguments)
    jobs = _chosen(_jobs(arguments), arguments.only)
    for number, (name, (steps, job)) in enumerate(jobs.items(), 1):
        if name in rows:
            continue
        with progress_bar(steps, f"{number} of {len(jobs)}, {name}", quiet=arguments.json) as advance:
            rows[name] = job(advance)
        if arguments.out:
            arguments.out.write_text(json.dumps(to_json(_result(rows, arguments)), indent=1) + "\n", encoding="utf-8")
    result = _result(rows, arguments)
    if arguments.json:
        print_json(result)
    else:
        _print(rows)
    return 0 if all(result["kept"].values()) else 1


def _chosen(jobs: dict[str, tuple[int, Job]], only: str | None) -> dict[str, tuple[int, Job]]:
    from surefoot_robots.errors import SurefootError

    chosen = {name: job for name, job in jobs.items() if not only or only in name}
    if not chosen:
        raise SurefootError(f"no row has '{only}' in its name", hint=f"rows: {'; '.join(jobs)}")
    return chosen


def _kept(arguments: argparse.Namespace) -> dict[str, Row]:
    """Rows of an earlier run with the same policy, robots and seed."""
    from surefoot_robots.errors import SurefootError

    if not (arguments.resume and arguments.out and arguments.out.exists()):
        return {}
    try:
        before = json.loads(arguments.out.read_text(encoding="utf-8"))
        same = all(before[name] == getattr(arguments, name) for name in ("policy", "trials", "seed"))
        rules = before.get("rules", 1)
        rows: dict[str, Row] = {row["row"]: row for row in before["rows"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SurefootError(
            f"{arguments.out} holds no results to go on from: {error!r}", hint="name another"
        ) from error
    if rules != RULES:
        raise SurefootError(f"{arguments.out} was judged by other rules than today's", hint="name another file")
    if not same:
        raise SurefootError(
            f"{arguments.out} is of policy {before['policy']}, {before['trials']} trials, seed {before['seed']}",
            hint="go on with the same, or name another file",
        )
    return rows


def _jobs(arguments: argparse.Namespace) -> dict[str, tuple[int, Job]]:
    """Row's name -> how much work, and what does it."""
    from surefoot_robots.loader import load_robot
    from surefoot_safety.gaits import gaits_of
    from surefoot_training.bench import takeover, takeover_manoeuvres, takeover_ticks
    from surefoot_training.evaluate.candidate import find_candidate, judging_task

    candidate = find_candidate(arguments.policy)
    task, robot = judging_task(candidate), load_robot(candidate.robot)
    trials, first = arguments.trials, arguments.seed

    def taking_over(
        case: takeover.Case, make_gaits: takeover.MakeGaits, fallback: str, kind: str = "takeover"
    ) -> tuple[int, Job]:
        def job(advance: Advance) -> Row:
            found = takeover.measure(
                task, robot, candidate.make, make_gaits, case, trials=trials, seed=first, report=advance
            )
            return {"kind": kind, "fallback": fallback, "pushed": case.push_n > 0.0, **asdict(found)}

        return takeover.ticks_of(case, trials), job

    def doing(what: takeover_manoeuvres.Manoeuvre) -> tuple[int, Job]:
        def job(advance: Advance) -> Row:
            found = takeover_manoeuvres.measure(task, robot, gaits_of, what, trials=trials, seed=first, report=advance)
            return {"kind": "manoeuvre", **asdict(found)}

        return takeover_manoeuvres.ticks_of(what, trials), job

    def ticking(name: str) -> tuple[int, Job]:
        def job(advance: Advance) -> Row:
            found = takeover_ticks.measure(task, robot, name, TICKS, time.perf_counter_ns)
            advance(TICKS)
            return {"kind": "tick", "name": name, "tick_us": found}

        return TICKS, job

    pairs = [(case.name, taking_over(case, gaits_of, "trot")) for case in takeover.CASES]
    pairs += [(case.name, taking_over(case, gaits_of, "sit", "stop")) for case in takeover.STOPS]
    pairs += [(what.name, doing(what)) for what in takeover_manoeuvres.MANOEUVRES]
    pairs += [(f"tick: {name}", ticking(name)) for name in takeover_ticks.GAITS]
    pairs += [
        (f"{case.name}, {name} instead", taking_over(case, make, name))
        for name, make in takeover.OTHER_FALLBACKS.items()
        for case in takeover.OTHER_CASES
    ]
    return {name: (steps, _named(name, job)) for name, (steps, job) in pairs}


def _named(name: str, job: Job) -> Job:
    return lambda advance: {"row": name, **job(advance)}


def _result(rows: Mapping[str, Row], arguments: argparse.Namespace) -> dict[str, Any]:
    from surefoot_training.bench.takeover import BARS

    ours = [row for row in rows.values() if row["kind"] == "takeover" and row["fallback"] == "trot"]
    speeds = {
        f"{speed:g}": {
            "trials": sum(row["trials"] for row in ours if row["speed_mps"] == speed),
            "falls": sum(row["falls"] for row in ours if row["speed_mps"] == speed),
            "bar": bar,
        }
        for speed, bar in BARS.items()
    }
    kept = {row["row"]: kept_by(row, arguments.trials) for row in rows.values() if _bar(row) is not None}
    kept |= {row["row"]: row["tick_us"]["p50"] <= BAR_US for row in rows.values() if row["kind"] == "tick"}
    kept["limits"] = all(row.get("limit_excesses", 0) == 0 for row in rows.values())
    return {
        "rules": RULES,
        "policy": arguments.policy,
        "trials": arguments.trials,
        "seed": arguments.seed,
        "speeds": speeds,
        "kept": kept,
        "rows": list(rows.values()),
    }


def _bar(row: Row) -> float | None:
    """The share of robots that must do well; of what could take over instead, none."""
    from surefoot_training.bench import takeover, takeover_manoeuvres

    if row["kind"] == "manoeuvre":
        return takeover_manoeuvres.BAR
    if row["kind"] == "stop":
        return takeover.STOP_BAR
    if row["kind"] == "takeover" and row["fallback"] == "trot":
        return takeover.BARS[row["speed_mps"]]
    return None


def kept_by(row: Row, asked: int) -> bool:
    """Whether a row's robots are as many as asked for, and keep its bars."""
    from surefoot_training.bench.takeover import TRIPPED_BAR

    bar, trials = _bar(row), row["trials"]
    if bar is None or trials < asked:
        return False
    if row["kind"] == "manoeuvre":
        return bool(row["done"] >= bar * trials)
    tripped = row["tripped_before"]
    return bool(row["falls"] <= (1.0 - bar) * trials + 1e-9 and tripped <= TRIPPED_BAR * (trials + tripped))


def _print(rows: Mapping[str, Row]) -> None:
    takeovers = [row for row in rows.values() if row["kind"] in ("takeover", "stop")]
    manoeuvres = [row for row in rows.values() if row["kind"] == "manoeuvre"]
    ticks = [row for row in rows.values() if row["kind"] == "tick"]
    if takeovers:
        print_table(
            [
                *("taken over", "trials", "falls", "no fall %", "95 % interval"),
                *("left before", "at rest s", "moved m", "beyond limits"),
            ],
            [
                (
                    row["row"],
                    row["trials"],
                    row["falls"],
                    f"{100 * row['no_fall_share']:.1f}",
                    f"{100 * row['no_fall_low']:.1f} to {100 * row['no_fall_high']:.1f}",
                    row["tripped_before"] + row["fell_before"],
                    "" if row["at_rest_s"] is None else f"{row['at_rest_s']:.2f}",
                    "" if row["moved_m"] is None else f"{row['moved_m']:.2f}",
                    row["limit_excesses"],
                )
                for row in takeovers
            ],
        )
    if manoeuvres:
        print_table(
            ["by itself", "trials", "done", "95 % interval", "falls", "hard landings", "m/s", "beyond limits"],
            [
                (
                    row["row"],
                    row["trials"],
                    row["done"],
                    f"{100 * row['done_low']:.1f} to {100 * row['done_high']:.1f}",
                    row["falls"],
                    row["hard_landings"],
                    "" if row["speed_mps"] is None else f"{row['speed_mps']:.3f}",
                    row["limit_excesses"],
                )
                for row in manoeuvres
            ],
        )
    if ticks:
        print_table(
            ["one tick, µs", "median", "p99"],
            [(row["name"], f"{row['tick_us']['p50']:.0f}", f"{row['tick_us']['p99']:.0f}") for row in ticks],
            title=f"bar: a median of {BAR_US:g}",
        )
