"""Training, top to bottom: join the team, claim the folder, build what learns, learn, keep it.

The budget drives the schedules of learning rate and entropy: `progress` goes from 0 to 1. With a budget in steps it is
steps / budget, and a run learns the same to the bit, however often it is stopped and resumed. With a budget in time it
is time / budget (less what is kept for the end), so that how fast the machine is changes what is learned, a little; the
time used is kept in the checkpoint, and the progress that every iteration went by is in `progress.jsonl`. Neither the
display nor how often the run is saved changes anything.
"""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.ppo import PPO, NotFiniteError
from surefoot_training.learn.walking import WalkingProblem, make_agent
from surefoot_training.run.average import Average
from surefoot_training.run.checkpoint import RETURNS, Checkpoint, Networks, policy_checkpoint
from surefoot_training.run.config import RunConfig, config_from_json, config_to_json
from surefoot_training.run.folder import RunFolder
from surefoot_training.run.interrupt import Interrupt, caught
from surefoot_training.run.journal import Journal
from surefoot_training.run.not_finite import NotFiniteDump, write_dump
from surefoot_training.run.provenance import record_session
from surefoot_training.run.score import Score, episode_score
from surefoot_training.run.sealed import State
from surefoot_training.run.status import Iteration, Recent, Status, line_of
from surefoot_training.run.team import Team, hushed, joined
from surefoot_training.task.calibrated import used
from surefoot_training.task.tasks import make_environment

Clock: TypeAlias = Callable[[], float]
Report: TypeAlias = Callable[[Status], object]

LOG_INTERVAL_S = 10.0

_log = logging.getLogger(__name__)


class Learner(Protocol):
    """What learns, with all that decides how it goes on."""

    @property
    def steps_per_iteration(self) -> int:
        """Of all processes."""
        ...

    def iteration(self, progress: float) -> dict[str, float]:
        """Act, learn, and say how it went."""
        ...

    def policy_state(self) -> Mapping[str, Tensor]:
        """The networks."""
        ...

    def state_dict(self) -> State:
        """What `load_state_dict` needs to go on to the bit."""
        ...

    def load_state_dict(self, state: State) -> None:
        """Take up where `state_dict` left off."""
        ...


# Iterations in which a critic from nothing learns before the actor goes on: what it says at first would undo walking.
_CRITIC_ALONE = 10


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    folder: Path
    """Of the run."""

    config: RunConfig | None
    """Of a new run; None resumes the one in `folder`."""

    minutes: float | None = None
    """Another budget in time for the resumed run."""

    steps: int | None = None
    """Another budget in steps for it."""

    calibration: bytes | None = None
    """The file that a new run's `config.calibration` was read from, to be kept in its folder."""

    networks: Networks | None = None
    """Of another run, for a new one to begin with; see `run.checkpoint.load_networks`."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended."""

    config: RunConfig
    iteration: int
    steps: int
    elapsed_s: float
    finished: bool
    """Whether the budget was used up."""
    signal: int | None
    """That stopped it before."""


@dataclass(slots=True)
class Position:
    """How far a run is."""

    iteration: int = 0
    steps: int = 0
    elapsed_s: float = 0.0
    score: Score = field(default_factory=lambda: Score(1.0))
    average: Average = field(default_factory=Average)
    """Of the networks, at the leader."""


def train(
    order: Order,
    report: Report = lambda _: None,
    *,
    clock_s: Clock = time.monotonic,
    begun_s: float | None = None,
) -> Ending:
    """Begin or resume a run, and stay with it until its budget is used up or a signal comes.

    A budget in time counts from `begun_s` by `clock_s`, from now on if that is None.
    """
    begun_s = clock_s() if begun_s is None else begun_s
    with ExitStack() as stack:
        team = stack.enter_context(joined())
        interrupt = stack.enter_context(caught(once_only=team.size > 1))
        folder = RunFolder(team.told(order.folder))
        checkpoint = None
        config = order.config
        if config:
            _check_size(config, team)
        if team.is_led_here:
            stack.enter_context(folder.locked(is_new=config is not None))
            config, checkpoint = _find(folder, order, team)
            stack.enter_context(folder.logged())
        else:
            stack.enter_context(hushed())
        config = config_from_json(team.told(config_to_json(config) if config else None))
        learner = WalkingLearner(config, team.rank, folder.blow_ups(team.rank))
        if order.networks is not None:
            learner.begin_with(order.networks)
        position = _restore(learner, checkpoint, config, team)
        if team.is_led_here:
            folder.keep(config, order.calibration)  # only now: what is refused leaves everything as it was
            _say_what_is_not_used()
        zero_s = begun_s - position.elapsed_s
        session = Session(config, folder, team, learner, position, report=report, clock_s=clock_s, zero_s=zero_s)
        return session.run(interrupt)


def _find(folder: RunFolder, order: Order, team: Team) -> tuple[RunConfig, Checkpoint | None]:
    """At the leader: that a folder is free, or what is in it; nothing is changed."""
    if order.config is not None:
        folder.check_is_free()
        return order.config, None
    config = folder.load().with_budget(order.minutes, order.steps)
    _check_size(config, team)
    checkpoint = folder.checkpoints.newest(config)
    if checkpoint and _is_over(checkpoint, config):
        raise SurefootError(
            f"the run in {folder.path} has used up its budget",
            hint="to go on with it, give a larger one in all: --minutes or --steps",
        )
    if checkpoint is None and config.begun_from:
        raise SurefootError(
            f"the run in {folder.path} was stopped before its first checkpoint, and began with another run's networks",
            hint="they are not kept in it: start it anew, with --from, in another folder",
        )
    return config, checkpoint


def _is_over(checkpoint: Checkpoint, config: RunConfig) -> bool:
    """Whether the budget, which may be another one than the checkpoint's, is used up."""
    if config.progress(checkpoint.elapsed_s, checkpoint.steps) >= 1.0:
        return True
    # A run that is limited in time ends when no whole iteration fits in, a little before the time is over.
    before_minutes = config_from_json(checkpoint.config).minutes
    if not checkpoint.finished or config.minutes is None or before_minutes is None:
        return False
    return config.minutes <= before_minutes


def _say_what_is_not_used() -> None:
    if torch.cuda.is_available():
        _log.info("the GPU of this machine is not used: simulation and learning run on the CPU")


def _check_size(config: RunConfig, team: Team) -> None:
    if config.processes != team.size:
        raise SurefootError(
            f"the run is one of {config.processes} processes, not {team.size}",
            hint=f"give --processes {config.processes}, or start that many with torchrun",
        )


def _restore(learner: Learner, checkpoint: Checkpoint | None, config: RunConfig, team: Team) -> Position:
    """Take up where the checkpoint, which the leader has, left off."""
    position = Position(score=Score(memory=config.robots_per_process))
    if team.told(checkpoint is None):
        return position
    learner.load_state_dict(team.dealt(checkpoint.parts if checkpoint else None))
    position.iteration, position.steps, position.elapsed_s, score = team.told(
        (checkpoint.iteration, checkpoint.steps, checkpoint.elapsed_s, checkpoint.score) if checkpoint else None
    )
    position.score.load_state_dict(score)
    if checkpoint:
        position.average.load_state_dict(checkpoint.average)
    return position


class WalkingLearner:
    """PPO on the walking task, as a run's configuration says, in one process of the team."""

    def __init__(self, config: RunConfig, rank: int, dump_folder: Path) -> None:
        """Every process begins with the same networks and with robots and dice of its own."""
        torch.set_num_threads(config.threads)
        environment_seed, start_seed, ppo_seed = (
            int(seed) for seed in np.random.SeedSequence([config.seed, rank]).generate_state(3)
        )
        self._environment = make_environment(
            config.task,
            config.robots_per_process,
            seed=environment_seed,
            robot=config.robot_spec(),
            threads=config.threads,
            dump_folder=dump_folder,
        )
        agent = config.agent
        problem = WalkingProblem(self._environment, agent.history_length, yaw_memory_s=agent.yaw_memory_s)
        problem.spread_time_outs(np.random.default_rng(start_seed))
        torch.manual_seed(config.seed)
        self._ppo = PPO(config.ppo, make_agent(config.agent, problem), problem, ppo_seed)

    @property
    def steps_per_iteration(self) -> int:
        """Of all processes."""
        return self._ppo.steps_per_iteration

    def iteration(self, progress: float) -> dict[str, float]:
        """PPO's log, and the curriculum's without its single cells."""
        log = self._ppo.iteration(progress)
        curriculum = self._environment.progress()
        return log | {f"curriculum/{name}": value for name, value in curriculum.items() if "/speed_" not in name}

    def policy_state(self) -> Mapping[str, Tensor]:
        """The agent's, critic included: it is small, and another run can begin with it."""
        returns = {f"{RETURNS}{name}": value for name, value in self._ppo.value_norm.state_dict().items()}
        return {**self._ppo.agent.state_dict(), **returns}

    def begin_with(self, networks: Networks) -> None:
        """Take another run's networks; its critic only where it sees as much as this one's."""
        mine = self._ppo.agent.state_dict()
        critic = {name for name in mine if name.startswith("critic")}
        returns = {name.removeprefix(RETURNS): value for name, value in networks.items() if name.startswith(RETURNS)}
        fits = {name for name, value in mine.items() if name in networks and networks[name].shape == value.shape}
        if missing := set(mine) - critic - fits:
            raise SurefootError(
                f"the networks to begin with do not fit: {sorted(missing)[0]}",
                hint="begin with a run whose agent has the same settings, of a task with the same observation",
            )
        if critic <= fits and returns:
            self._ppo.value_norm.load_state_dict(returns)
        else:
            fits -= critic
            self._ppo.critic_alone = _CRITIC_ALONE
            _log.warning("the critic begins from nothing: that of the other run sees something else")
        self._ppo.agent.load_state_dict(mine | {name: networks[name] for name in fits})

    def state_dict(self) -> State:
        """PPO's, the robots included."""
        return self._ppo.state_dict()

    def load_state_dict(self, state: State) -> None:
        """Take up where `state_dict` left off."""
        self._ppo.load_state_dict(state)


class Session:
    """One stretch of a run, from its start or a checkpoint to the next stop."""

    def __init__(
        self,
        config: RunConfig,
        folder: RunFolder,
        team: Team,
        learner: Learner,
        position: Position,
        *,
        report: Report,
        clock_s: Clock,
        zero_s: float,
    ) -> None:
        """`zero_s` is when, by `clock_s`, the run would have begun had it never been stopped."""
        self._config, self._folder, self._team, self._learner = config, folder, team, learner
        self._at, self._report, self._clock_s, self._zero_s = position, report, clock_s, zero_s
        self._highest_level = config.task.curriculum.levels - 1
        self._recent = Recent(config.task.control_dt_s, self._highest_level)
        self._saved_s = self._logged_s = clock_s()
        self._longest_save_s = 0.0
        self._best: Mapping[str, Tensor] | None = None  # not written yet

    def run(self, interrupt: Interrupt) -> Ending:
        """Iterate, write down, save now and then, until the budget is used up or somebody wants to stop."""
        journal = self._open_journal() if self._team.is_led_here else None
        took_s, finished, stopped = 0.0, False, False
        try:
            while not (finished or stopped):
                began_s = self._clock_s()
                progress = self._team.told(self._progress(began_s))
                log = self._iterate(progress)
                took_s = self._clock_s() - began_s
                self._at.iteration += 1
                self._at.steps += self._learner.steps_per_iteration
                self._at.elapsed_s = self._clock_s() - self._zero_s
                self._judge(log)
                if journal:
                    self._note(journal, log, progress, took_s)
                finished = self._team.told(self._is_used_up(took_s))
                stopped = self._team.any(interrupt.signal is not None)
                if self._team.told(finished or stopped or self._is_time_to_save()):
                    self._save(finished=finished)
        finally:
            if journal:
                journal.close()
        if self._team.is_led_here:
            self._conclude(finished=finished)
        at = self._at
        return Ending(self._config, at.iteration, at.steps, at.elapsed_s, finished, interrupt.signal)

    def _open_journal(self) -> Journal:
        at = self._at
        record_session(self._folder.provenance, self._config, iteration=at.iteration, now=datetime.now(UTC))
        if at.iteration:
            _log.info("resumed after iteration %d, %d steps", at.iteration, at.steps)
        else:
            _log.info("began, robots: %d, processes: %d", self._config.robots, self._config.processes)
        calibration = self._config.calibration
        if calibration:
            measured = len(used(calibration.calibration))
            _log.info("calibrated by %s: %d of %d parameters", calibration.called, measured, len(calibration.measured))
        return Journal(self._folder.path, iteration=at.iteration, steps=at.steps)

    def _progress(self, now_s: float) -> float:
        return self._config.progress(now_s - self._zero_s, self._at.steps)

    def _iterate(self, progress: float) -> dict[str, float]:
        try:
            return self._learner.iteration(progress)
        except NotFiniteError as error:
            file = self._folder.not_finite(self._team.rank)
            dump = NotFiniteDump(
                culprit=error.culprit,
                config=config_to_json(self._config),
                process=self._team.rank,
                iteration=self._at.iteration,
                progress=progress,
                batch=error.dump,
            )
            write_dump(dump, file)  # of every process that has it: others may have met nothing
            _log.error("stopped in iteration %d: %s; the batch is in %s", self._at.iteration + 1, error.message, file)
            raise SurefootError(
                f"iteration {self._at.iteration + 1}: {error.message}; what led to it is in {file}",
                hint=f"see every loss: surefoot task replay {shlex.quote(str(file))}; "
                "then lower ppo.learning_rate or ppo.max_gradient_norm",
            ) from error

    def _judge(self, log: Mapping[str, float]) -> None:
        """Keep the average of the last iterations' networks, if the run has never done better."""
        score, at = episode_score(log, self._highest_level), self._at
        if self._team.is_led_here:
            at.average.add(self._learner.policy_state())
        if score is not None and at.score.add(score, log["episode/count"]) and self._team.is_led_here:
            self._best = at.average.state_dict()

    def _note(self, journal: Journal, log: dict[str, float], progress: float, took_s: float) -> None:
        at, steps = self._at, self._learner.steps_per_iteration
        journal.note(
            iteration=at.iteration,
            steps=at.steps,
            elapsed_s=at.elapsed_s,
            progress=progress,
            log=log | {"time/steps_per_s": steps / took_s if took_s > 0 else 0.0},
        )
        self._recent.add(Iteration(steps, took_s, log))
        status = self._recent.status(
            iteration=at.iteration,
            steps=at.steps,
            elapsed_s=at.elapsed_s,
            progress=self._config.progress(at.elapsed_s, at.steps),
            left_s=self._left_s(),
            processes=self._config.processes,
        )
        self._report(status)
        if self._clock_s() - self._logged_s >= LOG_INTERVAL_S:
            self._logged_s = self._clock_s()
            _log.info("%s", line_of(status))

    def _left_s(self) -> float | None:
        config, at = self._config, self._at
        if config.minutes is not None:
            return max(0.0, 60.0 * config.minutes - at.elapsed_s)
        assert config.steps is not None
        rate = self._recent.steps_per_s
        return max(0.0, config.steps - at.steps) / rate if rate else None

    def _is_used_up(self, took_s: float) -> bool:
        """Whether no steps are left, or no time for an iteration like the last and a save like the longest."""
        if self._config.minutes is not None:
            return self._at.elapsed_s + took_s + self._longest_save_s > self._config.learning_s
        return self._progress(0.0) >= 1.0

    def _is_time_to_save(self) -> bool:
        return self._clock_s() - self._saved_s >= 60.0 * self._config.save_minutes

    def _save(self, *, finished: bool) -> None:
        """Everybody's part, by the leader; the best policy, if there is a new one."""
        at, began_s = self._at, self._clock_s()
        parts = self._team.collected(self._learner.state_dict())
        self._saved_s = self._clock_s()
        if not self._team.is_led_here:
            return
        at.elapsed_s = self._clock_s() - self._zero_s
        checkpoint = Checkpoint(
            kind="run",
            config=config_to_json(self._config),
            config_sha256=self._config.sha256,
            iteration=at.iteration,
            steps=at.steps,
            elapsed_s=at.elapsed_s,
            finished=finished,
            score=at.score.state_dict(),
            parts=parts,
            average=at.average.state_dict(),
        )
        if finished and at.score.is_about_highest:
            self._best = at.average.state_dict()
        if self._best is not None:
            self._folder.checkpoints.save_best(policy_checkpoint(checkpoint, self._best))
            self._best = None
        self._folder.checkpoints.save(checkpoint)
        self._longest_save_s = max(self._longest_save_s, self._clock_s() - began_s)

    def _conclude(self, *, finished: bool) -> None:
        from surefoot_training.run.curves import draw_curves  # matplotlib takes a second of nobody's time at the end

        at = self._at
        what = "finished" if finished else "stopped and saved"
        _log.info("%s after iteration %d, %d steps, %.0f s", what, at.iteration, at.steps, at.elapsed_s)
        config = self._config
        title = f"{config.task.name}, {config.robot}, {config.robots} robots, seed {config.seed}"
        draw_curves(self._folder.journal, self._folder.curves, title)
