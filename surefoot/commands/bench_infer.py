"""`surefoot bench infer`: what a tick of a policy costs, against bare onnxruntime."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_policy.timing import Growth, Timing

HELP = "a policy's tick: time against bare onnxruntime, growth of memory"
DESCRIPTION = (
    "Times single ticks of a policy file, and in turns with them onnxruntime's plain `run` of the same graph on one "
    "thread. Bar: the ratio of the medians is at most 1.3."
)
BAR = 1.3
GROWTH_TICKS, TRACED_TICKS = 1_000_000, 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A file and how long."""
    parser.add_argument("file", type=Path, help="a policy.onnx, or the name of a shipped policy")
    parser.add_argument("--ticks", type=positive, default=20_000, help="of either way (default: 20000)")
    parser.add_argument(
        "--memory", action="store_true", help=f"also run {GROWTH_TICKS:,} ticks and see whether memory grows"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from surefoot_policy import timing
    from surefoot_policy.shipped import policy_file

    file = policy_file(arguments.file)
    with progress_bar(2 * arguments.ticks, "ticks", quiet=arguments.json) as advance:
        timed = timing.time_ticks(file, arguments.ticks, advance)
    growth = None
    if arguments.memory:
        with progress_bar(GROWTH_TICKS + TRACED_TICKS, "memory", quiet=arguments.json) as advance:
            growth = timing.measure_growth(file, GROWTH_TICKS, TRACED_TICKS, advance)
    if arguments.json:
        memory = {"memory": {**asdict(growth), "resident_growth_bytes": growth.resident_growth_bytes}} if growth else {}
        print_json({**asdict(timed), "ratio_to_onnxruntime": timed.ratio, "bar": BAR, **memory})
    else:
        _print(timed, growth)
    return 0


def _print(timed: Timing, growth: Growth | None) -> None:
    print_table(
        ["one tick, µs", "median", "p99", "p99.9"],
        [
            (name, f"{of.p50:.1f}", f"{of.p99:.1f}", f"{of.p999:.1f}")
            for name, of in (("surefoot", timed.tick_us), ("onnxruntime run", timed.onnxruntime_us))
        ],
        title=f"{timed.ticks} ticks each, in turns",
    )
    print(f"ratio of the medians: {timed.ratio:.2f} (bar: {BAR})")
    if growth:
        tenths = ", ".join(f"{size / 2**20:.2f}" for size in growth.resident_bytes)
        print(f"memory: MiB resident after each tenth of {growth.ticks:,} ticks: {tenths};")
        print(f"{growth.traced_growth_bytes:+d} bytes held by Python over nine tenths of {growth.traced_ticks:,}")
