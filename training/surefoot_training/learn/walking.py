"""The walking task as a problem to learn: actions around the default pose, and what actor and critic see of it."""

from __future__ import annotations

import io

import numpy as np
import torch
from torch import Tensor

from surefoot_training.interop.learner import means_per_second
from surefoot_training.learn.mirror import WalkingMirror
from surefoot_training.learn.problem import Actions, Mirror, Outcome, Seen, State
from surefoot_training.nets.agent import Agent, AgentConfig
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy
from surefoot_training.task.environment import Observations, WalkingEnvironment

_VELOCITY = "velocity_in_base"
_NPY = b"\x93NUMPY"


class WalkingProblem:
    """`environment`, as seen through the policy's own perception."""

    def __init__(self, environment: WalkingEnvironment, history: int, *, yaw_memory_s: float = 0.0) -> None:
        """With the newest `history` observations for the actor; those before an episode's start are zeros.

        `yaw_memory_s` is the perception's.
        """
        robot = environment.simulator.robot
        self.environment, self.copies = environment, environment.robots
        self.perception = Perception(environment.task, robot, yaw_memory_s=yaw_memory_s)
        self.mirror: Mirror | None = WalkingMirror(self.perception, environment.task, robot)
        self.actions = Actions(environment.joints)
        self.actor_shape = history, self.perception.size
        self.critic_size = self.perception.size + environment.privileged_size
        self._velocity = _columns(environment, _VELOCITY)
        self.velocity_size = 3
        self._last_action = torch.zeros(self.copies, environment.joints)
        self._phase = torch.zeros(self.copies)
        self._yaw_error = self.perception.no_yaw_error(self.copies)  # before the newest observation
        self._past = torch.zeros(self.copies, history - 1, self.perception.size)  # before the newest
        self._observation = _tensor(environment.observations.policy)
        self._seen = self._look(environment.observations)

    def seen(self) -> Seen:
        """What all robots see now."""
        return self._seen

    def spread_time_outs(self, generator: np.random.Generator) -> None:
        """Send robots ahead in their first episodes, each by another share of it, so that not all end at once."""
        task = self.environment.task
        steps = round(task.episode_s / task.control_dt_s)
        ahead = generator.integers(0, steps, self.copies) * task.control_dt_s
        self.environment.episode_time_s = self.environment.simulator.arrays.asarray(ahead.astype(np.float32))

    def step(self, action: Tensor) -> Outcome:
        """One control step."""
        perception = self.perception
        action = perception.clipped(action)
        target = self.environment.simulator.arrays.asarray(perception.joint_target(action).numpy())
        result = self.environment.step(target)
        ids = _tensor(result.finished_ids)
        self._phase = perception.next_phase(self._observation, self._phase)
        self._yaw_error = perception.next_yaw_error(self._observation, self._yaw_error)
        self._last_action = action
        self._past = self._seen.actor[:, 1:]
        final = self._final(result.final, ids)
        if len(ids):
            self._forget(ids)
        self._observation = _tensor(result.observations.policy)
        self._seen = self._look(result.observations)
        return Outcome(
            seen=self._seen,
            reward=_tensor(result.reward),
            terminated=_tensor(result.terminated),
            timed_out=_tensor(result.timed_out),
            finished_ids=ids,
            final=final,
            log=means_per_second(result.log) if result.log else {},
        )

    def state_dict(self) -> State:
        """What `load_state_dict` needs to go on to the bit."""
        own = {
            "last_action": self._last_action,
            "phase": self._phase,
            "yaw_error": self._yaw_error,
            "past": self._past,
        }
        simulated = self.environment.state_dict()
        return {
            **{f"own/{name}": value.clone() for name, value in own.items()},
            **{f"environment/{name}": _as_tensor(value) for name, value in simulated.items()},
        }

    def load_state_dict(self, state: State) -> None:
        """Take up where `state_dict` left off."""
        self._last_action, self._phase, self._yaw_error, self._past = (
            state[f"own/{name}"].clone() for name in ("last_action", "phase", "yaw_error", "past")
        )
        prefix = "environment/"
        self.environment.load_state_dict(
            {name.removeprefix(prefix): _as_array(value) for name, value in state.items() if name.startswith(prefix)}
        )
        self._observation = _tensor(self.environment.observations.policy)
        self._seen = self._look(self.environment.observations)

    def _look(self, observations: Observations) -> Seen:
        return self._seen_of(observations, slice(None))

    def _final(self, observations: Observations, ids: Tensor) -> Seen:
        """What robots `ids` saw before they began anew."""
        return self._seen_of(observations, ids)

    def _seen_of(self, observations: Observations, robots: Tensor | slice) -> Seen:
        remembered = self._last_action[robots], self._phase[robots], self._yaw_error[robots]
        newest = self.perception(_tensor(observations.policy), *remembered)
        privileged = _tensor(observations.privileged)
        return Seen(
            actor=torch.cat([self._past[robots], newest.unsqueeze(1)], dim=1),
            critic=torch.cat([newest, privileged], dim=-1),
            velocity=privileged[:, self._velocity],
        )

    def _forget(self, ids: Tensor) -> None:
        """Robots `ids` begin anew."""
        self._last_action = self._last_action.clone()
        self._past = self._past.clone()
        self._last_action[ids], self._phase[ids], self._yaw_error[ids], self._past[ids] = 0.0, 0.0, 0.0, 0.0


def make_agent(config: AgentConfig, problem: WalkingProblem) -> Agent:
    """Untrained networks for `problem`; their weights come from torch's global generator."""
    sizes = problem.actions, problem.actor_shape, problem.critic_size, problem.velocity_size
    return Agent(config, *sizes, mirror=problem.mirror)


def policy_of(agent: Agent, problem: WalkingProblem) -> Policy:
    """What is exported: the agent behind the problem's own perception."""
    return Policy(problem.perception, agent)


def _columns(environment: WalkingEnvironment, name: str) -> slice:
    at = 0
    for term in environment.task.privileged:
        if term.name == name:
            return slice(at, at + term.size)
        at += term.size
    raise KeyError(name)


def _tensor(array: object) -> Tensor:
    return torch.as_tensor(array)


def _as_tensor(array: np.ndarray) -> Tensor:
    """Any array as a tensor that `_as_array` turns back; text travels as the bytes of a .npy file."""
    if array.dtype.kind != "U":
        return torch.as_tensor(array.copy())
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)


def _as_array(tensor: Tensor) -> np.ndarray:
    array = tensor.numpy()
    if array.dtype != np.uint8 or not array.tobytes().startswith(_NPY):
        return array
    return np.asarray(np.load(io.BytesIO(array.tobytes()), allow_pickle=False))
