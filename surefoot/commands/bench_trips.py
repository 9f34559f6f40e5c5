"""`surefoot bench trips`: whether the supervisor leaves good walks alone and foresees falls."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import positive, seed
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_training.bench.trips import Outcome

HELP = "false trips on recorded walks, and how early falls are foreseen"
DESCRIPTION = (
    "Records walks and falls in simulation without a supervisor (pushed, on slippery ground, with joint targets that "
    "are garbage), and replays them to one. Bars: no trip on a good walk or before the trouble begins; of the falls of "
    "each kind, 90 % foreseen at least 150 ms before the trunk touches the ground; at least 10 logs of each kind."
)
COLUMNS = (
    *("trouble", "logs", "right", "95 % interval", "missed", "false"),
    *("lead s: p5", "p10", "p50", "first trip by"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose walks, how many, on what ground."""
    parser.add_argument("--policy", default="go2-velocity-flat", help="who walks (default: the shipped)")
    parser.add_argument("--robots", type=positive, default=100, help="per kind of trouble (default: 100)")
    parser.add_argument("--seed", type=seed, default=1, help="of robots, ground and noise (default: 1)")
    parser.add_argument("--level", type=positive, help="rough ground up to this level instead of a plane")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the logs, for `surefoot safety replay`")


def run(arguments: argparse.Namespace) -> int:
    """Record, replay, print; 1 if a bar is missed."""
    from surefoot_robots.loader import load_robot
    from surefoot_safety.limits import limits_of
    from surefoot_safety.replay_log import save_walk
    from surefoot_safety.settings_loader import load_settings
    from surefoot_training.bench import trips
    from surefoot_training.evaluate.candidate import find_candidate, judging_task

    candidate = find_candidate(arguments.policy)
    task, robot, quiet = judging_task(candidate), load_robot(candidate.robot), arguments.json
    limits = limits_of(robot, load_settings(robot.name))
    outcomes = []
    for trouble in trips.Trouble:
        with progress_bar(trips.ticks_of(arguments.robots), f"{trouble.value}: record", quiet=quiet) as advance:
            recorded = trips.record(
                task,
                robot,
                candidate.make,
                trouble,
                robots=arguments.robots,
                seed=arguments.seed,
                level=arguments.level,
                report=advance,
            )
        if arguments.logs:
            arguments.logs.mkdir(parents=True, exist_ok=True)
            for number, log in enumerate(recorded.logs):
                save_walk(arguments.logs / f"{trouble.value}-{number:03d}.npz", log)
        with progress_bar(len(recorded.logs), f"{trouble.value}: replay", quiet=quiet) as advance:
            outcomes.append(trips.judge(recorded, limits, robot, advance))
    return _report(outcomes, arguments)


def _report(outcomes: list[Outcome], arguments: argparse.Namespace) -> int:
    from surefoot_training.bench.trips import shortfalls

    missed_bars = shortfalls(outcomes)
    if arguments.json:
        print_json(_as_json(outcomes, arguments, missed_bars))
    else:
        _print(outcomes, missed_bars)
    return 1 if missed_bars else 0


def _sums(outcomes: list[Outcome]) -> dict[str, float]:
    """Of all kinds of trouble together."""
    from surefoot_training.bench.trips import Trouble

    walks = [one for one in outcomes if one.trouble == Trouble.NONE.value]
    falls = [one for one in outcomes if one.trouble != Trouble.NONE.value]
    return {
        "walks": sum(one.logs for one in walks),
        "walked_s": sum(one.seconds for one in walks),
        "false_trips": sum(one.false_trips for one in outcomes),
        "falls": sum(one.logs for one in falls),
        "falls_foreseen": sum(one.kept for one in falls),
    }


def _as_json(outcomes: list[Outcome], arguments: argparse.Namespace, missed_bars: list[str]) -> dict[str, object]:
    from surefoot_training.bench.trips import BAR, LEAST_LOGS

    asked = {name: getattr(arguments, name) for name in ("policy", "robots", "seed", "level")}
    bars = {"bar": BAR, "least_logs": LEAST_LOGS, "kept": not missed_bars, "missed_bars": missed_bars}
    return {**asked, **_sums(outcomes), **bars, "rows": [asdict(one) for one in outcomes]}


def _print(outcomes: list[Outcome], missed_bars: list[str]) -> None:
    from surefoot_training.bench.trips import BAR

    print_table(COLUMNS, [_row(one) for one in outcomes])
    sums = _sums(outcomes)
    print(
        f"{sums['false_trips']} false trips; {sums['falls_foreseen']} of {sums['falls']} falls foreseen by 150 ms "
        f"(bar: 0, and {100 * BAR:g} % of each kind)"
    )
    for text in missed_bars:
        print(f"missed: {text}")


def _row(one: Outcome) -> tuple[object, ...]:
    return (
        one.trouble,
        one.logs,
        one.kept,
        f"{100 * one.kept_low:.1f} to {100 * one.kept_high:.1f} %",
        one.missed,
        one.false_trips,
        *(f"{one.lead_s[name]:.2f}" if one.lead_s else "" for name in ("p5", "p10", "p50")),
        ", ".join(f"{name} {times}" for name, times in one.triggers.items()),
    )
