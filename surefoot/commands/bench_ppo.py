"""`surefoot bench ppo`: our PPO on CartPole and on the PPO paper's MuJoCo tasks; hours of work that can be resumed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_training.bench.ppo_report import TaskSummary
    from surefoot_training.bench.ppo_runs import Result

TASKS = (
    "cartpole",
    "half_cheetah",
    "hopper",
    "inverted_double_pendulum",
    "inverted_pendulum",
    "reacher",
    "swimmer",
    "walker2d",
)
SURROGATES = ("clip", "adaptive_kl")

HELP = "our PPO on CartPole and Gymnasium's MuJoCo tasks, beside published scores: hours, resumable"
DESCRIPTION = (
    "Trains every task with every surrogate and seed in turn. All is kept in the --out folder: results.jsonl, "
    "summary.json, curves.png and checkpoints, so that it may be stopped or killed at any moment and taken up again "
    "with --resume. The score of a run is the mean return of its last 100 training episodes, as in the PPO paper. "
    "Exit status 1: a CartPole run did not solve it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to train, how long, and where to keep it."""
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS, metavar="TASK", help="all unless given")
    parser.add_argument(
        "--surrogates", nargs="+", choices=SURROGATES, default=SURROGATES, metavar="S", help="clip, adaptive_kl or both"
    )
    parser.add_argument("--seeds", type=positive, default=3, help="of each task, from 0 on (default: 3)")
    parser.add_argument(
        "--steps", type=positive, default=1_000_000, help="per run (default: 1 000 000; CartPole 100 000 at most)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/bench-ppo"), help="folder (default: runs/bench-ppo)")
    parser.add_argument("--resume", action="store_true", help="go on in a folder that was begun")


def run(arguments: argparse.Namespace) -> int:
    """Train what is missing, and print everything."""
    from surefoot_training.bench import ppo, ppo_report, ppo_runs

    folder: Path = arguments.out
    results = ppo.open_folder(folder, arguments.steps, resume=arguments.resume)
    runs = ppo_runs.plan(arguments.tasks, arguments.surrogates, arguments.seeds, arguments.steps)
    with progress_bar(len(arguments.tasks), "random actions", quiet=arguments.json) as advance:
        random = ppo.random_scores(folder, arguments.tasks, advance)
    with progress_bar(sum(run.steps for run in runs), "steps", quiet=arguments.json) as advance:
        done = ppo.run_all(results, runs, folder, lambda name, steps, score: advance(steps, f"{name}: {score:.1f}"))
    summaries = ppo_report.summarize(done, random)
    summary = _as_json(done, summaries)
    ppo.write_json(folder / "summary.json", summary)
    if arguments.json:
        print_json(summary)
    else:
        _print(done, summaries, folder)
    return 0 if all(result.solved for result in done if result.task == "cartpole") else 1


def _as_json(results: list[Result], summaries: list[TaskSummary]) -> dict[str, object]:
    from dataclasses import asdict

    from surefoot.output import to_json
    from surefoot_training.bench.ppo_report import PAPER_MEAN, normalized_means

    runs = [{name: value for name, value in asdict(result).items() if name != "curve"} for result in results]
    summary = to_json(
        {
            "runs": runs,
            "tasks": [asdict(summary) for summary in summaries],
            "normalized_mean": normalized_means(summaries),
            "paper_normalized_mean": PAPER_MEAN,
        }
    )
    assert isinstance(summary, dict)
    return summary


def _print(results: list[Result], summaries: list[TaskSummary], folder: Path) -> None:
    from surefoot_training.bench.ppo_report import PAPER_MEAN, normalized_means

    cartpole = [result for result in results if result.task == "cartpole"]
    if cartpole:
        print_table(
            ["seed", "100 new episodes", "last 100 in training", "475 in training after", "solved", "steps/s"],
            [
                (
                    of.seed,
                    of.evaluation,
                    of.score,
                    of.solved_at_steps,
                    "yes" if of.solved else "no",
                    f"{of.steps / of.training_s:,.0f}",
                )
                for of in cartpole
            ],
            title=f"CartPole-v1, {cartpole[0].steps:,} steps",
        )
    if not summaries:
        return
    print_table(
        [
            "task",
            "surrogate",
            "seeds",
            "score",
            "± over seeds",
            "lowest",
            "highest",
            "random",
            "published, -v1",
            "steps/s",
        ],
        [
            (
                of.task,
                of.surrogate,
                of.seeds,
                *(f"{value:.1f}" for value in (of.mean, of.deviation, of.lowest, of.highest, of.random)),
                of.published,
                f"{of.steps_per_s:,.0f}",
            )
            for of in summaries
        ],
        title="Mean return of the last 100 training episodes",
    )
    print_table(
        ["surrogate", "here", "PPO paper"],
        [(name, f"{mean:.2f}", PAPER_MEAN[name]) for name, mean in normalized_means(summaries).items()],
        title="Normalized: random actions 0, a task's best run 1 (the paper's best is of many more runs)",
    )
    print(f"curves: {folder / 'curves.png'}")
