"""How much of the engine's speed is left in the full task: both measured in one run, on the same model and commands.

The engine alone is `mujoco.batch` stepping the same compiled model with the same joint targets, and nothing else: no
randomized parameters, no outputs read, no observations, rewards or resets. In every round it takes up the very states
in which the task's robots are, so that both work on the same contacts. A second ratio is to the engine stepping the
task's own, randomized robots: between the two lies what randomization costs the solver.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mujoco.batch import Batch

from surefoot_training.bench.motions import trot_targets
from surefoot_training.bench.stopwatch import Stopwatch
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import make_environment

_WARM_UP_STEPS = 50  # a second: robots have landed and trot
_SPEED_MPS = 0.6
_NOISE_RAD = 0.05  # a policy explores; without noise all robots would move alike

_STAGES = {
    "_disturb": "pushes and payloads",
    "_simulate": "reading the state, delays, blow-ups",
    "_look": "heights, contacts, quantities",
    "_terminate": "terminations",
    "_reward": "rewards",
    "_ask": "commands",
    "_measure": "sensors and observations",
    "_finish": "resets and curriculum",
}


@dataclass(frozen=True, slots=True)
class Throughput:
    """Of one task; a step is one control step of one robot."""

    task: str
    robots: int
    threads: int
    substeps: int
    engine_steps_per_s: float  # median over rounds
    task_steps_per_s: float  # median over rounds
    ratio: float  # task over engine, median of the rounds' ratios
    ratio_low: float
    ratio_high: float
    ratio_same_physics: float  # over the engine stepping the randomized robots: what is left is the task's own work
    finished_per_step: float  # episodes that ended per control step of all robots: resets are part of the task
    stage_us: dict[str, float]  # cost of one control step of all robots, by stage


def measure(
    task: str,
    *,
    robots: int,
    threads: int,
    rounds: int,
    steps: int,
    report: Callable[[], None] = lambda: None,
) -> Throughput:
    """`rounds` times `steps` control steps of the engine and of the task in turn; `report` hears of every round."""
    environment = make_environment(task, robots, seed=0, threads=threads)
    simulator = environment.simulator
    assert isinstance(simulator, MujocoBatch)
    engine = Batch(simulator.model, robots, threads)
    targets = _targets(environment, _WARM_UP_STEPS + rounds * steps)
    for target in targets[:_WARM_UP_STEPS]:
        environment.step(target)
    engine_s, randomized_s, task_s, finished = [], [], [], 0
    for number in range(rounds):
        first = _WARM_UP_STEPS + number * steps
        chunk = targets[first : first + steps]
        before = simulator.batch.state.copy()
        engine.state[:] = before
        engine_s.append(_time_engine(engine, simulator.substeps, chunk))
        seconds, ended = _time_task(environment, chunk)
        task_s.append(seconds)
        randomized_s.append(_time_randomized(simulator, before, chunk))
        finished += ended
        report()
    ratios = [of_engine / of_task for of_engine, of_task in zip(engine_s, task_s, strict=True)]
    same_physics = [of_robots / of_task for of_robots, of_task in zip(randomized_s, task_s, strict=True)]
    done = robots * steps
    return Throughput(
        task=task,
        robots=robots,
        threads=engine.nthread,
        substeps=simulator.substeps,
        engine_steps_per_s=done / statistics.median(engine_s),
        task_steps_per_s=done / statistics.median(task_s),
        ratio=statistics.median(ratios),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        ratio_same_physics=statistics.median(same_physics),
        finished_per_step=finished / (rounds * steps),
        stage_us=_stages(environment, targets[_WARM_UP_STEPS : _WARM_UP_STEPS + steps]),
    )


def _targets(environment: WalkingEnvironment, steps: int) -> np.ndarray:
    """Joint targets [steps, N, J]: every robot trots, with noise of its own, and so that few fall.

    The engine alone does not put fallen robots back on their feet; lying, they would cost it more than the task's.
    """
    robot = environment.simulator.robot
    trot = trot_targets(robot, np.arange(steps) * environment.task.control_dt_s, _SPEED_MPS, carry=False)
    noise = np.random.default_rng(0).normal(0.0, _NOISE_RAD, (steps, environment.robots, environment.joints))
    return (trot[:, None] + noise).astype(np.float32)


def _time_engine(engine: Batch, substeps: int, targets: np.ndarray) -> float:
    control = engine.bind("ctrl")
    before = time.perf_counter()
    for target in targets:
        control[:] = target
        engine.step(nstep=substeps)
    return time.perf_counter() - before


def _time_randomized(simulator: MujocoBatch, before: np.ndarray, targets: np.ndarray) -> float:
    """The engine alone again, with the task's own robots from where they were: slippery feet cost the solver more."""
    after = simulator.batch.state.copy()
    simulator.batch.state[:] = before
    seconds = _time_engine(simulator.batch, simulator.substeps, targets)
    simulator.batch.state[:] = after
    return seconds


def _time_task(environment: WalkingEnvironment, targets: np.ndarray) -> tuple[float, int]:
    ended = 0
    before = time.perf_counter()
    for target in targets:
        ended += len(environment.step(target).finished_ids)
    return time.perf_counter() - before, ended


def _stages(environment: WalkingEnvironment, targets: np.ndarray) -> dict[str, float]:
    simulator = environment.simulator
    assert isinstance(simulator, MujocoBatch)
    methods: dict[tuple[object, str], str] = {(environment, name): label for name, label in _STAGES.items()}
    methods[simulator.batch, "step"] = "physics"
    watch = Stopwatch()
    with watch.timing(methods):
        for target in targets:
            environment.step(target)
    return {label: 1e6 * watch.seconds.get(label, 0.0) / len(targets) for label in ("physics", *_STAGES.values())}
