"""Our PPO on Gymnasium's tasks, run after run, in a folder that keeps what is done.

In the folder: `settings.json`, which a later sitting must share; `results.jsonl`, a line per finished run;
`random.json`, what random actions earn; `curves.png`; and a checkpoint `TASK-SURROGATE-seedN.pt` of the run under way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.bench.ppo_presets import CARTPOLE, CARTPOLE_PRESET, MUJOCO_PRESETS
from surefoot_training.bench.ppo_report import Results, draw_curves
from surefoot_training.bench.ppo_runs import Result, Run, train
from surefoot_training.interop.gym_problem import random_returns

_RANDOM_EPISODES, _RANDOM_SEED = 100, 0


def open_folder(folder: Path, steps: int, *, resume: bool) -> Results:
    """Make `folder`, or go on in it; refuse one with other settings, or with results where none are expected."""
    settings = _settings(steps)
    file = folder / "settings.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(file, settings)
    elif not resume:
        raise SurefootError(f"{folder} holds an earlier bench", hint="go on in it with --resume, or give another --out")
    elif json.loads(file.read_text(encoding="utf-8")) != settings:
        raise SurefootError(
            f"{folder} was begun with other settings ({file.name})",
            hint="give its --steps, or another --out if the presets have changed since",
        )
    return Results(folder)


def run_all(
    results: Results, runs: Sequence[Run], folder: Path, report: Callable[[str, int, float], None]
) -> list[Result]:
    """Train what `results` lacks of `runs`; returns those of `runs`. `report` hears of a run, its steps and score."""
    torch.set_num_threads(1)  # layers of 64 on minibatches of 64: more threads would wait for each other
    done = {(result.task, result.surrogate, result.seed): result for result in results.read()}
    for run in runs:
        key = run.task, run.surrogate, run.seed
        if key in done:
            report(run.name, run.steps, done[key].score)
        else:

            def heard(steps: int, score: float, name: str = run.name) -> None:
                report(name, steps, score)

            done[key] = train(run, folder, heard)
            results.add(done[key])
            draw_curves(list(done.values()), folder / "curves.png")
        (folder / f"{run.name}.pt").unlink(missing_ok=True)
    return [done[run.task, run.surrogate, run.seed] for run in runs]


def random_scores(folder: Path, tasks: Sequence[str], advance: Callable[[], None]) -> dict[str, float]:
    """What random actions earn, mean of 100 episodes, by task; kept in `folder`. CartPole needs none."""
    file = folder / "random.json"
    scores: dict[str, float] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for task in tasks:
        if task not in scores and task != CARTPOLE:
            scores[task] = sum(random_returns(task, _RANDOM_EPISODES, _RANDOM_SEED)) / _RANDOM_EPISODES
            write_json(file, scores)
        advance()
    return scores


def _settings(steps: int) -> dict[str, object]:
    presets = {CARTPOLE: CARTPOLE_PRESET, **{f"mujoco-{name}": preset for name, preset in MUJOCO_PRESETS.items()}}
    settings = {"steps": steps, "presets": {name: asdict(preset) for name, preset in presets.items()}}
    back: dict[str, object] = json.loads(json.dumps(settings))  # as it is read again: lists for tuples
    return back


def write_json(file: Path, content: object) -> None:
    """Whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(file)
