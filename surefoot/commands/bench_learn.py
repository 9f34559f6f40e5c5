"""`surefoot bench learn`: the speed of our PPO beside rsl_rl's, in one run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_training.bench.learn import Comparison

HELP = "our PPO against rsl_rl's, by turns: update, whole iteration, share of the physics engine"
DESCRIPTION = (
    "Trains velocity-flat with our PPO and with rsl_rl's, an iteration each in turn: the same networks, 32 steps, 4 "
    "epochs of 4 minibatches; and, a third in turn, with ours as shipped, all settings at their defaults. Torch has "
    "one thread. Ratios are rsl_rl's time over ours, medians over iterations: above 1, ours is faster. On a busy "
    "machine, processor times vary less than wall times."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to measure."""
    parser.add_argument("--iterations", type=positive, default=20, help="of each, after three more (default: 20)")
    parser.add_argument("--robots", type=positive, default=256, help="simulated together (default: 256)")
    parser.add_argument("--threads", type=positive, default=2, help="of the engine (default: 2)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from surefoot_training.bench import learn

    total = learn.WARM_UP + arguments.iterations
    with progress_bar(total, "ours, rsl_rl, ours as shipped in turn", quiet=arguments.json) as advance:
        result = learn.compare(arguments.robots, arguments.iterations, engine_threads=arguments.threads, report=advance)
    if arguments.json:
        from dataclasses import asdict

        # What other programs rely on. Times are ours over rsl_rl's here: below 1 is faster.
        relied_on = {
            "update_time_ratio_to_rsl_rl": 1.0 / result.update.median,
            "iteration_time_ratio_to_rsl_rl": 1.0 / result.whole.median,
            "physics_share": result.shipped.engine_share,
        }
        print_json(relied_on | asdict(result))
    else:
        _print(result)
    return 0


def _print(result: Comparison) -> None:
    print_table(
        ["rsl_rl's time over ours", "median", "lowest", "highest"],
        [
            (name, f"{ratio.median:.2f}", f"{ratio.lowest:.2f}", f"{ratio.highest:.2f}")
            for name, ratio in {
                "update, wall": result.update,
                "update, processor": result.update_cpu,
                "iteration, wall": result.whole,
                "iteration, processor": result.whole_cpu,
            }.items()
        ],
        title=f"{result.task}, {result.robots} robots, {result.iterations} iterations each, "
        f"engine on {result.engine_threads} threads, torch on {result.torch_threads}",
    )
    print_table(
        [
            "learner",
            "iteration s",
            "update s",
            "iteration processor s",
            "update processor s",
            "engine processor s",
            "engine share",
            "if alone",
        ],
        [
            (
                name,
                *(
                    f"{value:.3f}"
                    for value in (of.whole_s, of.update_s, of.whole_cpu_s, of.update_cpu_s, of.engine_cpu_s)
                ),
                f"{of.engine_share:.1%}",
                f"{of.engine_share_alone(result.engine_threads):.1%}",
            )
            for name, of in {"ours": result.ours, "rsl_rl": result.rival, "ours as shipped": result.shipped}.items()
        ],
        title="One iteration, medians",
    )
