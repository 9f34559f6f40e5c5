"""The walking tasks as Gymnasium vector environments, for its wrappers and for learners that use them.

Importing this module registers every task: `gymnasium.make_vec("surefoot/velocity-flat-v0", num_envs=256)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ClosedEnvironmentError
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.interop.learner import LearnerEnvironment
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.environment import Observations, StepResult, WalkingEnvironment
from surefoot_training.task.tasks import TASKS, make_environment

RESET_MASK = "reset_mask"


class WalkingVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """N robots of one task.

    Robots that fall (terminated) or run out of time (truncated) start anew in the same step; `infos["final_obs"]` and
    `infos["final_info"]` hold what they saw last. `infos["privileged"]` [N, P] is for critics. All arrays are new ones
    in every step. The columns of observations are described by `layout`.
    """

    def __init__(self, environment: WalkingEnvironment) -> None:
        """Around `environment`; a reset with a seed puts a new one in its place, with the same simulator."""
        self._learner = LearnerEnvironment(environment)
        self.layout = self._learner.layout
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}
        self.num_envs = environment.robots
        self.log: dict[str, float] = {}
        """Means over the episodes that finished in the last step; empty if none did."""
        low, high = to_numpy(self._learner.action_low), to_numpy(self._learner.action_high)
        self.single_action_space = Box(low, high, dtype=np.float32)
        self.single_observation_space = Box(-np.inf, np.inf, (self.layout.policy_size,), np.float32)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    @property
    def environment(self) -> WalkingEnvironment:
        """The environment inside, as it is since the last reset with a seed."""
        self._check_open()
        return self._learner.environment

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start new episodes.

        With a seed everything starts from the beginning, the curriculum too, and the future is the seed's alone.
        Without one, the episodes that are under way are broken off and the rest goes on; `options["reset_mask"]`, bool
        [N], says for which robots.
        """
        self._check_open()
        who = self._who(seed, options)
        super().reset(seed=seed)
        environment = self._learner.environment
        if seed is None:
            environment.restart(environment.simulator.arrays.asarray(np.flatnonzero(who)))
        else:
            environment = WalkingEnvironment(environment.task, environment.simulator, seed)
            self._learner = LearnerEnvironment(environment)
        seen = _on_host(self._learner.observations)
        return seen.policy, _info(seen, who)

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One control step with actions [N, J]: observations, rewards, terminations, truncations, infos."""
        self._check_open()
        arrays = self._learner.environment.simulator.arrays
        result = self._learner.step(arrays.asarray(np.asarray(actions, dtype=np.float32)))
        self.log = result.log
        seen = _on_host(result.observations)
        infos = _info(seen, np.ones(self.num_envs, dtype=bool)) | self._final_infos(result)
        terminated, timed_out = to_numpy(result.terminated), to_numpy(result.timed_out)
        return seen.policy, to_numpy(result.reward), terminated, timed_out, infos

    def close_extras(self) -> None:
        """Let go of the simulator and its memory."""
        del self._learner

    def _final_infos(self, result: StepResult) -> dict[str, Any]:
        """What robots saw last whose episodes ended, laid out as Gymnasium does; nothing if none did."""
        ids = to_numpy(result.finished_ids)
        if not len(ids):
            return {}
        finished = np.zeros(self.num_envs, dtype=bool)
        finished[ids] = True
        final = _on_host(result.final)
        final_obs = np.full(self.num_envs, None, dtype=object)
        for robot, row in zip(ids, final.policy, strict=True):
            final_obs[robot] = row
        privileged = np.zeros((self.num_envs, self.layout.privileged_size), dtype=np.float32)
        privileged[ids] = final.privileged
        final_info = {"privileged": privileged, "_privileged": finished.copy()}
        return {
            "final_obs": final_obs,
            "_final_obs": finished.copy(),
            "final_info": final_info,
            "_final_info": finished,
        }

    def _who(self, seed: int | None, options: dict[str, Any] | None) -> np.ndarray:
        """Which robots a reset is about [N] bool."""
        options = options or {}
        unknown = sorted(options.keys() - {RESET_MASK})
        if unknown:
            raise SurefootError(f"reset has no option {', '.join(unknown)}", hint=f"it has {RESET_MASK}, bool [N]")
        if RESET_MASK not in options:
            return np.ones(self.num_envs, dtype=bool)
        mask = options[RESET_MASK]
        if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.shape != (self.num_envs,) or not mask.any():
            raise SurefootError(
                f"{RESET_MASK} {mask!r}", hint=f"give a NumPy array of bool, shape {(self.num_envs,)}, with one True"
            )
        if seed is not None and not mask.all():
            raise SurefootError(
                f"reset with seed {seed} and a {RESET_MASK}: all robots share one random source",
                hint="seed all of them, or restart some without a seed",
            )
        return mask.copy()

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError("the environment was closed: make a new one")


def make_vector_env(
    task: str,
    num_envs: int = 1,
    *,
    seed: int = 0,
    threads: int = 0,
    robot: RobotSpec | str | None = None,
    dump_folder: Path | str | None = None,
) -> WalkingVectorEnv:
    """The task called `task` for `num_envs` robots; `threads` 0 takes every processor.

    `dump_folder` receives the last moments of simulations that blow up, for `surefoot task replay`.
    """
    folder = None if dump_folder is None else Path(dump_folder)
    environment = make_environment(task, num_envs, seed=seed, threads=threads, robot=robot, dump_folder=folder)
    return WalkingVectorEnv(environment)


def _info(seen: Observations, who: np.ndarray) -> dict[str, Any]:
    privileged = np.where(who[:, None], seen.privileged, np.float32(0.0))
    return {"privileged": privileged, "_privileged": who}


def _on_host(seen: Observations) -> Observations:
    return Observations(to_numpy(seen.policy), to_numpy(seen.privileged))


for _name in TASKS:
    gymnasium.register(
        id=f"surefoot/{_name}-v0",
        vector_entry_point=f"{__name__}:{make_vector_env.__name__}",
        kwargs={"task": _name},
        nondeterministic=False,
    )
