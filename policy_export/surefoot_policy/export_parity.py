"""Whether an exported policy does what the module does that it was made from, over whole episodes, closed loop.

One drives robots in the world that the policy was trained for; the other sees what they see, keeps its own memory, and
is asked what it would have done. Then they change places. Errors that grow with time, in what is remembered, show this
way, and those that only show where one's own errors lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from surefoot_policy.export_module import Policy, one_thread
from surefoot_robots.errors import SurefootError

TOLERANCE_RAD = 1e-4
"""Of joint targets. Float32 in another order of summation gives 1e-6; encoders resolve 4e-4 rad (14 bits)."""


class World(Protocol):
    """N robots that walk as they are told, sensed with noise, and begin anew when an episode is over."""

    robots: int

    def observation(self) -> np.ndarray:
        """What they sense now, [N, D] raw SI."""
        ...

    def step(self, joint_target: np.ndarray) -> np.ndarray:
        """One tick with joint targets [N, J] rad; the ids of those who began anew."""
        ...


class Player(Protocol):
    """A policy of N robots, whatever it runs on."""

    def reset(self, ids: np.ndarray) -> None:
        """Robots `ids` remember nothing."""
        ...

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [N, J] rad of [N, D]."""
        ...


class TorchPlayer:
    """The module itself."""

    def __init__(self, policy: Policy, robots: int) -> None:
        self._policy, self._state = policy, dict(policy.initial_state(robots))

    def reset(self, ids: np.ndarray) -> None:
        """Robots `ids` remember nothing."""
        fresh = self._policy.initial_state(len(ids))
        for name, before in self._state.items():
            self._state[name] = before.clone()  # what was given may be a view of something that is kept
            self._state[name][ids] = fresh[name]

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """One call of the module."""
        with torch.inference_mode():
            target, following, _ = self._policy(torch.from_numpy(observation), self._state)
        self._state = dict(following)
        return target.numpy()


@dataclass(frozen=True, slots=True)
class Parity:
    """How far apart two players were."""

    ticks: int
    """Of all robots, compared while the module drove, and as many while the export did."""

    episodes: int
    """Of all robots, both ways."""

    module_drives_rad: float
    """The largest difference of any joint target while the module drove."""

    export_drives_rad: float
    """And while the export did."""

    tolerance_rad: float = TOLERANCE_RAD

    @property
    def worst_rad(self) -> float:
        """NaN if anything was not a number."""
        return float(np.maximum(self.module_drives_rad, self.export_drives_rad))

    @property
    def holds(self) -> bool:
        """Within the tolerance."""
        return self.worst_rad <= self.tolerance_rad


def compare(
    module: Policy,
    make_export: Callable[[int], Player],
    make_world: Callable[[], World],
    ticks: int,
    report: Callable[[], object] = lambda: None,
) -> Parity:
    """At least `ticks` ticks each way; `report` is called after each step of the world, `steps_of` times in all."""
    worst, begun, done = [], 0, 0
    with one_thread():
        for module_drives in (True, False):
            world = make_world()
            begun += world.robots
            players: list[Player] = [TorchPlayer(module, world.robots), make_export(world.robots)]
            driver, follower = players if module_drives else players[::-1]
            differences = []
            for _ in range(steps_of(world.robots, ticks)):
                difference, ids = _step(world, driver, follower)
                differences.append(difference)
                begun += len(ids)
                report()
            worst.append(float(np.max(differences)))  # NaN if one is
            done = len(differences) * world.robots
    return Parity(done, begun, *worst)


def steps_of(robots: int, ticks: int) -> int:
    """Steps of a world that make at least so many ticks."""
    return -(-ticks // robots)


def _step(world: World, driver: Player, follower: Player) -> tuple[float, np.ndarray]:
    seen = world.observation()
    target, other = driver.tick(seen), follower.tick(seen)
    difference = float(np.max(np.abs(target - other)))
    ids = world.step(target)
    driver.reset(ids)
    follower.reset(ids)
    return difference, ids


@dataclass(frozen=True, slots=True)
class Episode:
    """The first ticks of one robot, from reset."""

    observation: np.ndarray  # [T, D]
    joint_target: np.ndarray  # [T, J] rad


def record_episode(policy: Policy, world: World, ticks: int) -> Episode:
    """What the first robot of `world` senses and does, driven by `policy`; nobody may begin anew meanwhile."""
    observations, targets = [], []
    with one_thread():
        everyone, alone = TorchPlayer(policy, world.robots), TorchPlayer(policy, 1)
        for tick in range(ticks):
            seen = world.observation()
            observations.append(seen[0].copy())
            targets.append(alone.tick(seen[:1])[0].copy())
            if (bad := np.flatnonzero(~np.isfinite(targets[-1]))).size:
                raise SurefootError(
                    f"the policy's joint targets are not finite numbers: number {bad[0]} in tick {tick}",
                    hint="its training has diverged: export an earlier checkpoint",
                )
            if len(world.step(everyone.tick(seen))):
                raise SurefootError(
                    f"the golden sequence broke off after {tick + 1} of {ticks} ticks: the episode ended, "
                    "or the simulation blew up",
                    hint="let no fall end an episode in make_first_ticks; `surefoot play` shows what the policy does",
                )
    return Episode(np.array(observations), np.array(targets))
