"""Runs of our PPO on Gymnasium's tasks: which there are, and one of them, killed and taken up again at will."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.bench.ppo_presets import CARTPOLE, Surrogate, preset_of
from surefoot_training.interop.gym_problem import REMEMBERED, GymProblem
from surefoot_training.learn.ppo import PPO
from surefoot_training.nets.agent import Agent

SOLVED = 475.0  # CartPole-v1's own threshold: mean return over 100 episodes
_EVALUATION_SEED = 1_000_000  # no training run begins where an evaluation does
_SAVE_EVERY = 10  # iterations: half a minute on a busy core


@dataclass(frozen=True, slots=True)
class Run:
    """One training run."""

    task: str
    surrogate: Surrogate
    seed: int
    steps: int
    """Environment steps it may take, in all copies together."""

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.task}-{self.surrogate}-seed{self.seed}"


@dataclass(slots=True)
class Result:
    """What came of a run.

    CartPole is solved if the mean of 100 training episodes, with actions as drawn, reached 475, and that of 100 new
    ones after training, the likeliest action always, does too: in either alone a policy may be lucky.
    """

    task: str
    surrogate: Surrogate
    seed: int
    steps: int  # taken
    score: float  # mean return of the last 100 training episodes, as in the paper
    best: float  # the highest that mean ever was
    evaluation: float | None  # CartPole: mean return of 100 new episodes, the likeliest action always
    solved_at_steps: int | None  # CartPole: when the mean of 100 training episodes reached the threshold
    training_s: float  # wall time, all sittings together
    versions: dict[str, str]
    curve: list[tuple[int, float]]  # steps, mean return of the last 100 episodes (fewer at the start)

    @property
    def solved(self) -> bool:
        """Of CartPole."""
        return self.solved_at_steps is not None and self.evaluation is not None and self.evaluation >= SOLVED


@dataclass(slots=True)
class _Progress:
    """What a checkpoint knows beside the learner."""

    training_s: float = 0.0
    solved_at_steps: int | None = None
    curve: list[tuple[int, float]] = field(default_factory=list)


def plan(tasks: Sequence[str], surrogates: Sequence[Surrogate], seeds: int, steps: int) -> list[Run]:
    """All runs, one seed over all tasks before the next; CartPole is not the paper's, and has one preset."""
    runs = []
    for seed in range(seeds):
        for surrogate in surrogates:
            for task in tasks:
                if task != CARTPOLE or surrogate == surrogates[0]:
                    kind: Surrogate = "clip" if task == CARTPOLE else surrogate
                    runs.append(Run(task, kind, seed, min(steps, preset_of(task, kind).most_steps)))
    return runs


def train(run: Run, folder: Path, report: Callable[[int, float], None] = lambda _steps, _score: None) -> Result:
    """Train from the beginning, or from the checkpoint in `folder`; `report` hears of steps taken and the score."""
    learner, problem = make_learner(run)
    if run.steps < 2 * learner.steps_per_iteration:
        raise SurefootError(
            f"{run.name}: {run.steps} steps", hint=f"one look and one iteration take {2 * learner.steps_per_iteration}"
        )
    checkpoint = folder / f"{run.name}.pt"
    progress = _load(checkpoint, run, learner) if checkpoint.exists() else _Progress()
    report(problem.steps_done, score_of(problem))
    unsaved = 0
    while problem.steps_done + learner.steps_per_iteration <= run.steps:
        before_s, before = time.perf_counter(), problem.steps_done
        learner.iteration(before / run.steps)
        progress.training_s += time.perf_counter() - before_s
        if problem.recent_returns:
            progress.curve.append((problem.steps_done, round(score_of(problem), 3)))
        if progress.solved_at_steps is None and _is_solved(run, problem):
            progress.solved_at_steps = problem.steps_done
        report(problem.steps_done - before, score_of(problem))
        unsaved += 1
        if unsaved == _SAVE_EVERY:
            _save(checkpoint, run, learner, progress)
            unsaved = 0
    return _result(run, learner, problem, progress)


def make_learner(run: Run) -> tuple[PPO, GymProblem]:
    """A run at its beginning."""
    preset = preset_of(run.task, run.surrogate)
    torch.manual_seed(run.seed)  # of the networks' weights
    problem = GymProblem(run.task, preset.copies, run.seed)
    agent = Agent(preset.agent, problem.actions, problem.actor_shape, problem.critic_size, problem.velocity_size)
    return PPO(preset.ppo, agent, problem, run.seed), problem


@torch.no_grad()
def evaluate(agent: Agent, task: str, episodes: int, seed: int) -> float:
    """Mean return of so many new episodes, the likeliest action always."""
    problem = GymProblem(task, episodes, _EVALUATION_SEED + seed)
    total, running = torch.zeros(episodes), torch.ones(episodes)
    while running.any():  # everyone's first episode: those that end first are not a fair sample
        seen = problem.seen().actor
        outcome = problem.step(agent.act_on(agent.inputs_of(seen, seen[:, 0, :0])).mode())
        total += running * outcome.reward
        running[outcome.finished_ids] = 0.0
    return float(total.mean())


def score_of(problem: GymProblem) -> float:
    """Mean return of the last episodes, 100 at most; NaN before the first."""
    returns = problem.recent_returns
    return sum(returns) / len(returns) if returns else float("nan")


def versions() -> dict[str, str]:
    """Of what the figures depend on."""
    return {name: version(name) for name in ("gymnasium", "mujoco", "torch", "numpy")}


def _is_solved(run: Run, problem: GymProblem) -> bool:
    enough = len(problem.recent_returns) == REMEMBERED
    return run.task == CARTPOLE and enough and score_of(problem) >= SOLVED


def _result(run: Run, learner: PPO, problem: GymProblem, progress: _Progress) -> Result:
    cartpole = run.task == CARTPOLE
    return Result(
        task=run.task,
        surrogate=run.surrogate,
        seed=run.seed,
        steps=problem.steps_done,
        score=score_of(problem),
        best=max(score for _, score in progress.curve) if progress.curve else float("nan"),
        evaluation=evaluate(learner.agent, run.task, REMEMBERED, run.seed) if cartpole else None,
        solved_at_steps=progress.solved_at_steps,
        training_s=progress.training_s,
        versions=versions(),
        curve=progress.curve,
    )


def _save(path: Path, run: Run, learner: PPO, progress: _Progress) -> None:
    """Whole or not at all: a run may be killed at any moment."""
    state = {
        "steps": run.steps,
        "learner": learner.state_dict(),
        "training_s": progress.training_s,
        "solved_at_steps": progress.solved_at_steps,
        "curve": progress.curve,
    }
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def _load(path: Path, run: Run, learner: PPO) -> _Progress:
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
        if state["steps"] != run.steps:
            raise SurefootError(
                f"{path} is of a run of {state['steps']} steps, not {run.steps}", hint="use its --steps"
            )
        learner.load_state_dict(state["learner"])
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise SurefootError(f"{path} is no checkpoint of this run: {error}", hint="delete it to begin anew") from error
    return _Progress(state["training_s"], state["solved_at_steps"], [(steps, score) for steps, score in state["curve"]])
