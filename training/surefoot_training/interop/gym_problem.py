"""Gymnasium's environments as problems for our own learner: CartPole, and the MuJoCo tasks of the PPO paper.

Only environments are taken whose state can be saved whole: physics (of MuJoCo the full integration state, warm start
included), random source, time, and what was seen last. What that leaves out is rendering, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import gymnasium
import mujoco
import numpy as np
import torch
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from gymnasium.envs.mujoco.mujoco_env import MujocoEnv
from gymnasium.spaces import Box, Discrete
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.problem import Actions, Mirror, Outcome, Seen, State
from surefoot_training.sim.blow_up import keep_engine_quiet

Environment: TypeAlias = gymnasium.Env[Any, Any]

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {
        "cartpole": "CartPole-v1",
        "half_cheetah": "HalfCheetah-v5",
        "hopper": "Hopper-v5",
        "inverted_double_pendulum": "InvertedDoublePendulum-v5",
        "inverted_pendulum": "InvertedPendulum-v5",
        "reacher": "Reacher-v5",
        "swimmer": "Swimmer-v5",
        "walker2d": "Walker2d-v5",
    }
)
"""Task -> Gymnasium's name. Not Ant and Humanoid: they read positions a substep old, which no state brings back."""

REMEMBERED = 100  # episodes; the PPO paper's score is the mean return of the last 100

_FULL_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_WORD = 16  # bytes of PCG64's state and of its increment


@dataclass(slots=True)
class _Copy:
    """One environment, without Gymnasium's wrappers: they check what is known here, and time is counted here."""

    environment: Environment
    steps: int = 0  # of the episode under way
    total: float = 0.0  # its rewards


class GymProblem:
    """`copies` of one task, in turn. Actions are clipped to the environment's range here and nowhere else."""

    mirror: Mirror | None = None
    velocity_size = 0

    def __init__(self, task: str, copies: int, seed: int) -> None:
        """Every copy has its own random source, made from `seed` and its number."""
        if task not in ENVIRONMENTS:
            raise SurefootError(f"no environment {task!r}", hint=f"there are {', '.join(ENVIRONMENTS)}")
        keep_engine_quiet()  # HalfCheetah's model would warn of an attribute it uses
        name = ENVIRONMENTS[task]
        limit = gymnasium.spec(name).max_episode_steps
        assert limit is not None
        self.copies, self.step_limit = copies, limit
        self.recent_returns: deque[float] = deque(maxlen=REMEMBERED)
        """Of the episodes that finished last."""
        self.steps_done = 0
        """Of all copies, since the beginning."""
        self._copies = [_Copy(gymnasium.make(name, disable_env_checker=True).unwrapped) for _ in range(copies)]
        first = self._copies[0].environment
        self.actions = self._actions_of(first.action_space)
        assert isinstance(first.observation_space, Box)
        features = int(first.observation_space.shape[0])
        self.actor_shape, self.critic_size = (1, features), features
        self._observation = np.zeros((copies, features), dtype=np.float32)
        for number, copy in enumerate(self._copies):
            own_seed = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
            self._observation[number] = copy.environment.reset(seed=own_seed)[0]

    def seen(self) -> Seen:
        """What all copies see now."""
        return _seen_of(self._observation)

    def step(self, action: Tensor) -> Outcome:
        """One step of every copy with actions [N, A], or choices [N]."""
        rows = self._usable(action)
        observation = np.empty_like(self._observation)
        reward = np.empty(self.copies, dtype=np.float32)
        terminated, timed_out = np.zeros((2, self.copies), dtype=bool)
        ids, finals, returns, lengths = [], [], [], []
        for number, copy in enumerate(self._copies):
            seen, gained, fell, cut, _ = copy.environment.step(rows[number])
            copy.steps += 1
            copy.total += float(gained)
            reward[number] = gained
            terminated[number] = fell
            # Who falls in the last moment has fallen: nothing was to be had after it.
            timed_out[number] = not fell and (cut or copy.steps >= self.step_limit)
            if terminated[number] or timed_out[number]:
                ids.append(number)
                finals.append(np.asarray(seen, dtype=np.float32))
                returns.append(copy.total)
                lengths.append(copy.steps)
                seen, _ = copy.environment.reset()
                copy.steps, copy.total = 0, 0.0
            observation[number] = seen
        self._observation = observation
        self.steps_done += self.copies
        self.recent_returns.extend(returns)
        return Outcome(
            seen=self.seen(),
            reward=torch.from_numpy(reward),
            terminated=torch.from_numpy(terminated),
            timed_out=torch.from_numpy(timed_out),
            finished_ids=torch.tensor(ids, dtype=torch.int64),
            final=_seen_of(np.array(finals, dtype=np.float32).reshape(len(ids), -1) if ids else observation[:0]),
            log=_log_of(returns, lengths),
        )

    def state_dict(self) -> State:
        """What `load_state_dict` needs to go on to the bit."""
        environments = [copy.environment for copy in self._copies]
        return {
            "physics": torch.from_numpy(np.stack([_physics_of(environment) for environment in environments])),
            "random": torch.from_numpy(np.stack([_random_of(environment) for environment in environments])),
            "steps": torch.tensor([copy.steps for copy in self._copies]),
            "total": torch.tensor([copy.total for copy in self._copies], dtype=torch.float64),
            "observation": torch.from_numpy(self._observation.copy()),
            "recent_returns": torch.tensor(list(self.recent_returns), dtype=torch.float64),
            "steps_done": torch.tensor(self.steps_done),
        }

    def load_state_dict(self, state: State) -> None:
        """Take up where `state_dict` left off."""
        for number, copy in enumerate(self._copies):
            _set_physics(copy.environment, state["physics"][number].numpy())
            _set_random(copy.environment, state["random"][number].numpy())
            copy.steps, copy.total = int(state["steps"][number]), float(state["total"][number])
        self._observation = state["observation"].numpy().copy()
        self.recent_returns = deque(state["recent_returns"].tolist(), maxlen=REMEMBERED)
        self.steps_done = int(state["steps_done"])

    def _actions_of(self, space: gymnasium.Space[Any]) -> Actions:
        if isinstance(space, Discrete):
            return Actions(int(space.n), discrete=True)
        assert isinstance(space, Box)
        self._low, self._high = space.low, space.high
        return Actions(int(space.shape[0]))

    def _usable(self, action: Tensor) -> np.ndarray | list[int]:
        if self.actions.discrete:
            return [int(choice) for choice in action.tolist()]
        clipped: np.ndarray = np.clip(action.numpy(), self._low, self._high)
        return clipped


def random_returns(task: str, episodes: int, seed: int) -> list[float]:
    """What actions drawn evenly from all that are allowed earn in so many episodes: the paper's score of 0."""
    problem = GymProblem(task, 1, seed)
    problem.recent_returns = deque(maxlen=episodes)
    generator = torch.Generator().manual_seed(seed)
    while len(problem.recent_returns) < episodes:
        if problem.actions.discrete:
            problem.step(torch.randint(problem.actions.size, (1,), generator=generator))
        else:
            share = torch.rand(1, problem.actions.size, generator=generator)
            low, high = torch.from_numpy(problem._low), torch.from_numpy(problem._high)
            problem.step(low + share * (high - low))
    return list(problem.recent_returns)


def _seen_of(observation: np.ndarray) -> Seen:
    """Actor and critic see the same [n, F]; the array is never written to again."""
    tensor = torch.from_numpy(observation)
    return Seen(actor=tensor.unsqueeze(1), critic=tensor, velocity=tensor[:, :0])


def _log_of(returns: list[float], lengths: list[int]) -> dict[str, float]:
    if not returns:
        return {}
    episodes = len(returns)
    return {"episodes": float(episodes), "return": sum(returns) / episodes, "length": sum(lengths) / episodes}


# State. PCG64's numbers have 128 bits, which no tensor has: they travel as bytes.


def _physics_of(environment: Environment) -> np.ndarray:
    if isinstance(environment, CartPoleEnv):
        return np.array(environment.state, dtype=np.float64)
    assert isinstance(environment, MujocoEnv)
    state = np.empty(mujoco.mj_stateSize(environment.model, _FULL_STATE))
    mujoco.mj_getState(environment.model, environment.data, state, _FULL_STATE)
    return state


def _set_physics(environment: Environment, state: np.ndarray) -> None:
    if isinstance(environment, CartPoleEnv):
        environment.state = state.copy()
        environment.steps_beyond_terminated = None
        return
    assert isinstance(environment, MujocoEnv)
    mujoco.mj_setState(environment.model, environment.data, state, _FULL_STATE)


def _random_of(environment: Environment) -> np.ndarray:
    state: dict[str, Any] = dict(environment.np_random.bit_generator.state)
    words = [state["state"][name].to_bytes(_WORD, "little") for name in ("state", "inc")]
    half = state["has_uint32"].to_bytes(1, "little") + state["uinteger"].to_bytes(4, "little")
    return np.frombuffer(b"".join([*words, half]), dtype=np.uint8).copy()


def _set_random(environment: Environment, state: np.ndarray) -> None:
    text = state.tobytes()
    environment.np_random.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {
            "state": int.from_bytes(text[:_WORD], "little"),
            "inc": int.from_bytes(text[_WORD : 2 * _WORD], "little"),
        },
        "has_uint32": text[2 * _WORD],
        "uinteger": int.from_bytes(text[2 * _WORD + 1 :], "little"),
    }
