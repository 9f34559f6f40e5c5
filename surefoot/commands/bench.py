"""`surefoot bench`: what things cost on this machine, measured against the bare minimum in the same run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from surefoot.commands import (
    bench_ablation,
    bench_channel,
    bench_faults,
    bench_gap,
    bench_hang,
    bench_infer,
    bench_learn,
    bench_loop,
    bench_ppo,
    bench_soak,
    bench_takeover,
    bench_trips,
    safety_bench,
)
from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_training.bench.memory import Memory
    from surefoot_training.bench.physics import Outcome
    from surefoot_training.bench.throughput import Throughput

TASKS = {"flat": "velocity-flat", "rough": "velocity-rough"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per thing to measure."""
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    sim = subjects.add_parser(
        "sim",
        help="the simulated tasks against the bare physics engine: speed, cost per stage, memory",
        description="Steps the bare engine and the full tasks in turn, with the same model, states and joint targets. "
        "A step is one control step (20 ms) of one robot.",
    )
    sim.add_argument("--robots", type=positive, default=256, help="simulated together (default: 256)")
    sim.add_argument("--threads", type=positive, default=2, help="of the engine (default: 2)")
    sim.add_argument("--rounds", type=positive, default=10, help="engine and task take turns so often (default: 10)")
    sim.add_argument("--steps", type=positive, default=50, help="control steps per turn (default: 50)")
    sim.add_argument("--settings", action="store_true", help="also compare engine settings with a fine-step reference")
    sim.add_argument("--no-memory", action="store_true", help="leave out memory, which starts four more processes")
    ppo = subjects.add_parser("ppo", help=bench_ppo.HELP, description=bench_ppo.DESCRIPTION)
    bench_ppo.add_arguments(ppo)
    ablation = subjects.add_parser("ablation", help=bench_ablation.HELP, description=bench_ablation.DESCRIPTION)
    bench_ablation.add_arguments(ablation)
    learn = subjects.add_parser("learn", help=bench_learn.HELP, description=bench_learn.DESCRIPTION)
    bench_learn.add_arguments(learn)
    faults = subjects.add_parser("faults", help=bench_faults.HELP, description=bench_faults.DESCRIPTION)
    bench_faults.add_arguments(faults)
    soak = subjects.add_parser("soak", help=bench_soak.HELP, description=bench_soak.DESCRIPTION)
    bench_soak.add_arguments(soak)
    infer = subjects.add_parser("infer", aliases=["policy"], help=bench_infer.HELP, description=bench_infer.DESCRIPTION)
    bench_infer.add_arguments(infer)
    channel = subjects.add_parser("channel", help=bench_channel.HELP, description=bench_channel.DESCRIPTION)
    bench_channel.add_arguments(channel)
    loop = subjects.add_parser("loop", help=bench_loop.HELP, description=bench_loop.DESCRIPTION)
    bench_loop.add_arguments(loop)
    safety = subjects.add_parser("safety", help=safety_bench.HELP, description=safety_bench.DESCRIPTION)
    safety_bench.add_arguments(safety)
    takeover = subjects.add_parser("takeover", help=bench_takeover.HELP, description=bench_takeover.DESCRIPTION)
    bench_takeover.add_arguments(takeover)
    trips = subjects.add_parser("trips", help=bench_trips.HELP, description=bench_trips.DESCRIPTION)
    bench_trips.add_arguments(trips)
    gap = subjects.add_parser("gap", help=bench_gap.HELP, description=bench_gap.DESCRIPTION)
    bench_gap.add_arguments(gap)
    hang = subjects.add_parser("hang", help=bench_hang.HELP, description=bench_hang.DESCRIPTION)
    bench_hang.add_arguments(hang)
    measured = (sim, ppo, ablation, learn, faults, soak, infer, channel, loop, safety, takeover, trips, gap, hang)
    for place in (parser, *measured):  # before or after the subject
        place.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    return _SUBJECTS[arguments.subject](arguments)


def _run_sim(arguments: argparse.Namespace) -> int:
    from surefoot_training.bench import memory, throughput

    quiet = arguments.json
    figures = {}
    for name, task in TASKS.items():
        with progress_bar(arguments.rounds, f"{name}: engine and task in turn", quiet=quiet) as advance:
            figures[name] = throughput.measure(
                task,
                robots=arguments.robots,
                threads=arguments.threads,
                rounds=arguments.rounds,
                steps=arguments.steps,
                report=advance,
            )
    memories = {}
    if not arguments.no_memory:
        with progress_bar(len(TASKS), "memory", quiet=quiet) as advance:
            for name, task in TASKS.items():
                memories[name] = memory.measure(task)
                advance()
    outcomes = _compare_settings(arguments.threads, quiet=quiet) if arguments.settings else []
    if arguments.json:
        print_json(_as_json(figures, memories, outcomes))
    else:
        _print(figures, memories, outcomes)
    return 0


def _compare_settings(threads: int, *, quiet: bool) -> list[Outcome]:
    from surefoot_robots.loader import load_robot
    from surefoot_training.bench import physics

    with progress_bar(physics.measurements(), "engine settings", quiet=quiet) as advance:
        return physics.study(load_robot("go2"), threads, advance)


def _as_json(figures: dict[str, Throughput], memories: dict[str, Memory], outcomes: list[Outcome]) -> dict[str, object]:
    from dataclasses import asdict

    result: dict[str, object] = {name: asdict(throughput) for name, throughput in figures.items()}
    if memories:
        largest = max(memories.values(), key=lambda memory: memory.bytes_of_many)
        result |= {"bytes_per_robot": largest.bytes_per_robot, "bytes_of_4096_robots": largest.bytes_of_many}
        result["memory"] = {name: asdict(memory) for name, memory in memories.items()}
    if outcomes:
        result["settings"] = [asdict(outcome) | {"accepted": outcome.within_tolerance} for outcome in outcomes]
    return result


def _print(figures: dict[str, Throughput], memories: dict[str, Memory], outcomes: list[Outcome]) -> None:
    first = next(iter(figures.values()))
    print_table(
        ["task", "engine steps/s", "task steps/s", "ratio", "lowest", "highest", "same physics", "episodes ended/step"],
        [
            (
                name,
                f"{of.engine_steps_per_s:,.0f}",
                f"{of.task_steps_per_s:,.0f}",
                f"{of.ratio:.3f}",
                f"{of.ratio_low:.3f}",
                f"{of.ratio_high:.3f}",
                f"{of.ratio_same_physics:.3f}",
                f"{of.finished_per_step:.2f}",
            )
            for name, of in figures.items()
        ],
        title=f"Bare engine and full task, {first.robots} robots, {first.threads} threads",
    )
    print_table(
        ["stage", *figures],
        [(stage, *(f"{of.stage_us[stage]:,.0f}" for of in figures.values())) for stage in first.stage_us],
        title="Cost of one control step of all robots, µs",
    )
    if memories:
        print_table(
            ["task", "KiB per robot", "MiB with 4096 robots, all included"],
            [
                (name, f"{of.bytes_per_robot / 1024:.1f}", f"{of.bytes_of_many / 2**20:.0f}")
                for name, of in memories.items()
            ],
            title="Memory",
        )
    if outcomes:
        _print_settings(outcomes)


def _print_settings(outcomes: list[Outcome]) -> None:
    from surefoot_training.bench.physics import TOLERANCE, Error

    names = Error.__slots__
    rows = [
        (
            outcome.setting.name,
            f"{outcome.control_step_us:.0f}",
            *(f"{1000 * getattr(outcome.worst, name):.1f}" for name in names),
            "yes" if outcome.within_tolerance else "no",
        )
        for outcome in outcomes
    ]
    rows.append(("tolerance", "", *(f"{1000 * getattr(TOLERANCE, name):.1f}" for name in names), ""))
    print_table(
        ["setting", "µs per step", "height mm", "tilt mrad", "joints mrad", "speed mm/s", "accepted"],
        rows,
        title="Engine settings: cost per robot and core, largest error of standing, walking and being pushed",
    )


_SUBJECTS = {
    "sim": _run_sim,
    "ppo": bench_ppo.run,
    "ablation": bench_ablation.run,
    "learn": bench_learn.run,
    "infer": bench_infer.run,
    "policy": bench_infer.run,
    "channel": bench_channel.run,
    "faults": bench_faults.run,
    "gap": bench_gap.run,
    "hang": bench_hang.run,
    "soak": bench_soak.run,
    "loop": bench_loop.run,
    "safety": safety_bench.run,
    "takeover": bench_takeover.run,
    "trips": bench_trips.run,
}
