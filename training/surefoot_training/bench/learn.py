"""How fast our PPO learns beside rsl_rl's, and what share of that the physics engine has: all in one run, by turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from surefoot_training.bench.learn_meter import Meter
from surefoot_training.interop.rsl_rl_rival import Rival
from surefoot_training.learn.ppo import PPO, PPOConfig
from surefoot_training.learn.walking import WalkingProblem, make_agent
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import make_environment

TASK = "velocity-flat"
WARM_UP = 3  # iterations: allocations, caches, first episodes' ends

_PLAIN = PPOConfig(steps=32, epochs=4, minibatches=4, mirror="none")  # rsl_rl has no mirror here
_NETWORKS = AgentConfig(  # of what rsl_rl has, too
    actor="mlp", hidden=(256, 128), critic_hidden=(256, 128), activation="elu", symmetric=False
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """rsl_rl's time over ours, iteration by iteration: above 1, ours is faster."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one iteration of one learner, medians."""

    whole_s: float
    update_s: float
    whole_cpu_s: float  # of all threads together
    update_cpu_s: float
    engine_cpu_s: float
    engine_share: float  # of the whole wall time: inside `mujoco.batch`

    def engine_share_alone(self, engine_threads: int) -> float:
        """The share there would be if nobody else used the machine, and the engine's threads shared its work evenly.

        On a busy machine its threads wait for processors, and for each other, which looks like work.
        """
        engine_s = self.engine_cpu_s / engine_threads
        return engine_s / (self.whole_cpu_s - self.engine_cpu_s + engine_s)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Wall times say how long one waits, processor times what was done: on a busy machine the latter vary less."""

    task: str
    robots: int
    iterations: int
    engine_threads: int
    torch_threads: int
    inputs: tuple[int, int]  # of our actor and critic
    rival_inputs: tuple[int, int]
    update: Ratio
    whole: Ratio
    update_cpu: Ratio
    whole_cpu: Ratio
    ours: Costs
    rival: Costs
    shipped: Costs  # ours with all default settings: estimation of velocity and context, symmetry
    shipped_steps_per_s: float


def compare(
    robots: int, iterations: int, *, engine_threads: int, report: Callable[[], None] = lambda: None
) -> Comparison:
    """Ours, rsl_rl's and ours with default settings in turn, each in an environment of its own; torch on one thread."""
    torch.set_num_threads(1)
    ours, problem = _make_ours(_PLAIN, _NETWORKS, robots, engine_threads)
    shipped, shipped_problem = _make_ours(PPOConfig(), AgentConfig(), robots, engine_threads)
    rival_environment = make_environment(TASK, robots, seed=0, threads=engine_threads)
    rival = Rival(rival_environment, _PLAIN, _NETWORKS)
    meters = (
        Meter(lambda: ours.iteration(0.0), [(ours, "_update")], _engine_of(problem.environment)),
        Meter(rival.iteration, rival.update_methods, _engine_of(rival_environment)),
        Meter(lambda: shipped.iteration(0.0), [(shipped, "_update")], _engine_of(shipped_problem.environment)),
    )
    for iteration in range(WARM_UP + iterations):
        for meter in meters:
            meter.measure(keep=iteration >= WARM_UP)
        report()
    own, theirs, full = meters
    return Comparison(
        task=TASK,
        robots=robots,
        iterations=iterations,
        engine_threads=engine_threads,
        torch_threads=torch.get_num_threads(),
        inputs=(problem.actor_shape[1], problem.critic_size),
        rival_inputs=rival.input_sizes,
        update=_ratio(theirs.update_s, own.update_s),
        whole=_ratio(theirs.whole_s, own.whole_s),
        update_cpu=_ratio(theirs.update_cpu_s, own.update_cpu_s),
        whole_cpu=_ratio(theirs.whole_cpu_s, own.whole_cpu_s),
        ours=_costs(own),
        rival=_costs(theirs),
        shipped=_costs(full),
        shipped_steps_per_s=robots * PPOConfig().steps / statistics.median(full.whole_s),
    )


def _make_ours(config: PPOConfig, agent: AgentConfig, robots: int, engine_threads: int) -> tuple[PPO, WalkingProblem]:
    torch.manual_seed(0)
    environment = make_environment(TASK, robots, seed=0, threads=engine_threads)
    problem = WalkingProblem(environment, agent.history_length, yaw_memory_s=agent.yaw_memory_s)
    problem.spread_time_outs(np.random.default_rng(0))
    return PPO(config, make_agent(agent, problem), problem, seed=0), problem


def _engine_of(environment: WalkingEnvironment) -> tuple[object, str]:
    simulator = environment.simulator
    assert isinstance(simulator, MujocoBatch)
    return simulator.batch, "step"


def _costs(meter: Meter) -> Costs:
    return Costs(
        whole_s=statistics.median(meter.whole_s),
        update_s=statistics.median(meter.update_s),
        whole_cpu_s=statistics.median(meter.whole_cpu_s),
        update_cpu_s=statistics.median(meter.update_cpu_s),
        engine_cpu_s=statistics.median(meter.engine_cpu_s),
        engine_share=sum(meter.engine_s) / sum(meter.whole_s),
    )


def _ratio(rival: list[float], ours: list[float]) -> Ratio:
    ratios = [theirs / own for theirs, own in zip(rival, ours, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
