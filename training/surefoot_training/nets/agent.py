"""Actor, critic and estimator as one module: everything a run learns, and everything its policy needs.

What acts is always the same: `inputs_of` turns what is seen into the actor's input, `act_on` turns that into a
distribution of actions. In between lies what an update must not change: the estimator's guess as the rollout had it,
velocity mixed in by the bootstrap's coin included, so that probability ratios begin at exactly 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.problem import Actions, Mirror
from surefoot_training.nets.cenet import CENet, CENetConfig
from surefoot_training.nets.distributions import Categorical, Distribution, Gaussian
from surefoot_training.nets.mlp import Activation, mlp, orthogonal
from surefoot_training.nets.running_norm import RunningNorm
from surefoot_training.task.settings import BEFORE

ActorKind: TypeAlias = Literal["mlp", "history", "gru", "cenet"]
Estimator: TypeAlias = Literal["none", "velocity", "no_adaboot", "full", "oracle"]

_LOWEST_LOG_STD, _HIGHEST_LOG_STD = math.log(0.02), math.log(3.0)
_ALMOST_1 = 0.99999


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Which networks."""

    actor: ActorKind = "cenet"
    """mlp sees the newest observation, history the newest few, gru remembers, cenet sees the newest and a guess of
    velocity and context made from the history. On velocity-flat after a million steps, the same robots walk with a
    speed error of 0.18 m/s with cenet and 0.31 m/s with mlp: each is another robot, and no sensor measures speed."""

    estimator: Estimator = "full"
    """For cenet. none: the actor gets the newest observation alone; velocity: no context; no_adaboot: always the
    estimated velocity; full: the estimate or the truth, by adaptive bootstrapping; oracle: always the true velocity,
    which no robot knows: an upper bound that cannot be exported."""

    history: int = 5
    """Observations that history and cenet see; DreamWaQ."""

    yaw_memory_s: float = 0.0
    """How long back the yaw error that actors see is averaged (1/e), such as 0.4, a gait cycle; 0: they see none. A
    gyro is too noisy for a glance to tell whether a robot turns a little all the time; yet of two runs each of
    velocity-flat, those with it turned as precisely as those without, and walked less so."""

    hidden: tuple[int, ...] = (256, 128)
    """The actor's hidden layers; the measured CPU recipe."""

    critic_hidden: tuple[int, ...] = (256, 128)
    """The critic's; the measured CPU recipe."""

    activation: Activation = "elu"
    """Between layers; legged_gym."""

    symmetric: bool = field(default=True, metadata={BEFORE: False})
    """What is done in the mirror is the mirror image, exactly: the actor looks at the world and at its mirror image,
    and acts by the mean of what it would do in both (frame averaging, arXiv 2110.03336; for walking, arXiv
    2403.04359). Every sample then teaches both sides. Ignored where a problem has no mirror, or choices instead of
    numbers, and where the actor has a memory or a shared trunk."""

    shared_trunk: bool = False
    """Actor and critic share the hidden layers; the critic then sees what the actor sees, and no more."""

    gru_size: int = 128
    """The recurrent actor's memory."""

    std: Literal["fixed", "free", "state"] = "free"
    """Standard deviation of actions: fixed, one learned number per action, or an output of the network."""

    initial_std: float = 1.0
    """Where it starts; legged_gym."""

    last_gain: float = 0.01
    """Size of the actor's last layer, small so that it begins around the default pose (arXiv 2006.05990)."""

    normalize: bool = True
    """Running normalization of observations."""

    cenet: CENetConfig = field(default_factory=CENetConfig)

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        for name in ("hidden", "critic_hidden"):
            widths = getattr(self, name)
            if not widths or any(width < 1 for width in widths):
                raise SurefootError(f"agent: {name} {widths}", hint="give at least one positive width, such as 256,128")
        if not 0.0 < self.initial_std <= math.exp(_HIGHEST_LOG_STD):
            raise SurefootError(f"agent: initial_std {self.initial_std}", hint="give a number above 0, up to 3")
        if not 0.0 <= self.yaw_memory_s < math.inf:
            raise SurefootError(f"agent: yaw_memory_s {self.yaw_memory_s}", hint="give seconds, such as 0.4, or 0")
        if self.history < 1 or self.gru_size < 1:
            raise SurefootError(f"agent: history {self.history}, gru_size {self.gru_size}", hint="both are at least 1")
        if self.shared_trunk and self.actor == "gru":
            raise SurefootError("agent: shared_trunk with a gru", hint="share the trunk of mlp, history or cenet")

    @property
    def history_length(self) -> int:
        """H, what a problem has to remember for the actor."""
        return self.history if self.actor in ("history", "cenet") else 1

    @property
    def has_estimator(self) -> bool:
        """Whether there is a CENet to train."""
        return self.actor == "cenet" and self.estimator != "none"


class Agent(nn.Module):
    """All networks of a run. Methods take raw observations and normalize them."""

    def __init__(
        self,
        config: AgentConfig,
        actions: Actions,
        actor_shape: tuple[int, int],
        critic_size: int,
        velocity_size: int,
        *,
        mirror: Mirror | None = None,
    ) -> None:
        """For observations [n, H, F] of the actor, [n, C] of the critic, and true velocities [n, V].

        `mirror` is the problem's, if it has one.
        """
        super().__init__()
        history, features = actor_shape
        if history != config.history_length:
            raise SurefootError(
                f"the problem remembers {history} observations, the agent needs {config.history_length}",
                hint="make the problem with the agent's history_length",
            )
        if config.has_estimator and not velocity_size:
            raise SurefootError(
                "this problem knows no true velocity to estimate", hint="use an actor without estimator"
            )
        self.config, self.actions, self.velocity_size = config, actions, velocity_size
        can_mirror = config.symmetric and config.actor != "gru" and not (config.shared_trunk or actions.discrete)
        self.mirror = mirror if can_mirror else None
        self.guess_size = self._guess_size()
        self.norm = RunningNorm(features)
        self.critic_norm = RunningNorm(critic_size)
        self.estimator = (
            CENet(config.cenet, history * features, velocity_size, features, config.activation)
            if config.has_estimator
            else None
        )
        inputs = (history if config.actor == "history" else 1) * features + self.guess_size
        self._side_size = inputs
        self.memory = nn.GRU(inputs, config.gru_size) if config.actor == "gru" else None
        self._make_actor(config.gru_size if self.memory else inputs)
        self._make_critic(critic_size)

    def _guess_size(self) -> int:
        if not self.config.has_estimator:
            return 0
        return self.velocity_size + (0 if self.config.estimator == "velocity" else self.config.cenet.context_size)

    def _make_actor(self, inputs: int) -> None:
        config = self.config
        per_action = 2 if config.std == "state" and not self.actions.discrete else 1
        outputs = self.actions.size * per_action
        body = mlp(inputs, config.hidden, outputs, activation=config.activation, last_gain=config.last_gain)
        self.actor_body, self.actor_head = body[:-1], body[-1]
        log_std = torch.full((self.actions.size,), math.log(config.initial_std))
        if self.actions.discrete or config.std == "state":
            self.log_std = None
        elif config.std == "free":
            self.log_std = nn.Parameter(log_std)
        else:
            self.register_buffer("log_std", log_std)

    def _make_critic(self, inputs: int) -> None:
        config = self.config
        if config.shared_trunk:
            self.critic: nn.Module = orthogonal(nn.Linear(config.hidden[-1], 1), 1.0)
        else:
            self.critic = mlp(inputs, config.critic_hidden, 1, activation=config.activation)

    # Acting

    def inputs_of(self, seen: Tensor, guess: Tensor) -> Tensor:
        """The actor's input: observations [..., H, F] and what `guess` gave; with a mirror, that of both sides."""
        used = seen if self.config.actor == "history" else seen[..., -1:, :]
        if self.mirror is None:
            return torch.cat([self._normalize(used).flatten(-2), guess], dim=-1)
        here, there = guess.tensor_split(2, dim=-1)
        mirrored = self._normalize(self.mirror.observation(used)).flatten(-2)
        return torch.cat([self._normalize(used).flatten(-2), here, mirrored, there], dim=-1)

    def act_on(self, inputs: Tensor) -> Distribution:
        """What to do on inputs [n, …] (of a recurrent actor: on what its memory gives)."""
        outputs = self._outputs_on_sides(inputs)
        if self.actions.discrete:
            return Categorical(self._mean_of_sides(outputs))
        if self.config.std == "state":
            mean, log_std = outputs.chunk(2, dim=-1)
            log_std = _within_bounds(log_std, self.config.initial_std)
        else:
            mean, log_std = outputs, self._free_log_std()
        mean = self._mean_of_sides(mean)
        log_std = self._mean_of_sides(log_std, signed=False).expand_as(mean)
        return Gaussian(torch.cat([mean, log_std.clamp(_LOWEST_LOG_STD, _HIGHEST_LOG_STD)], dim=-1))

    def likeliest_on(self, inputs: Tensor) -> Tensor:
        """The mean of `act_on` alone [n, A], of actions that are numbers."""
        return self._mean_of_sides(self._outputs_on_sides(inputs)[..., : self.actions.size])

    def _free_log_std(self) -> Tensor:
        assert self.log_std is not None
        return self.log_std if self.mirror is None else torch.stack([self.log_std, self.log_std])

    def _outputs_on_sides(self, inputs: Tensor) -> Tensor:
        """What the network gives: of inputs [n, I] [n, O], with a mirror of [n, 2 I] [n, 2, O]."""
        if self.mirror is not None:
            inputs = inputs.reshape(*inputs.shape[:-1], 2, self._side_size)
        return torch.as_tensor(self.actor_head(self.actor_body(inputs)))

    def _mean_of_sides(self, outputs: Tensor, *, signed: bool = True) -> Tensor:
        """[n, A] as it is; of [n, 2, A] the mean of this side and the mirror image of the other."""
        if self.mirror is None:
            return outputs
        here, there = outputs.unbind(-2)
        # Of deviations, which have no sign, the order alone changes.
        there = self.mirror.action(there) if signed else self.mirror.action(there.exp()).abs().log()
        return 0.5 * (here + there)

    def remember(self, inputs: Tensor, hidden: Tensor) -> Tensor:
        """One step of a recurrent actor's memory: inputs [n, I], hidden [n, G] -> [n, G]; others have none."""
        if self.memory is None:
            return hidden
        output, _ = self.memory(inputs.unsqueeze(0), hidden.unsqueeze(0))
        return torch.as_tensor(output[0])

    @property
    def memory_size(self) -> int:
        """G; 0 of actors that remember nothing."""
        return self.config.gru_size if self.memory else 0

    def guess(self, seen: Tensor, velocity: Tensor, use_estimate: Tensor) -> Tensor:
        """The estimator's share of the actor's input; the true velocity where the coin says so.

        Of observations [n, H, F], true velocities [n, V] and the coins [n] bool: true takes the estimate.
        """
        if self.estimator is None:
            return seen.new_zeros((len(seen), 0))
        estimate, context = self.estimate(seen)
        return self.guess_of(torch.where(use_estimate.unsqueeze(-1), estimate, velocity), context)

    def guess_of(self, velocity: Tensor, context: Tensor) -> Tensor:
        """What `estimate` gave as the actor's input: [n, guess_size], with a mirror twice that."""
        contexts = context.tensor_split(2 if self.mirror else 1, dim=-1)
        velocities = [velocity] if self.mirror is None else [velocity, self.mirror.velocity(velocity)]
        if self.config.estimator == "velocity":
            return torch.cat(velocities, dim=-1)
        return torch.cat([part for side in zip(velocities, contexts, strict=True) for part in side], dim=-1)

    def estimate(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Velocity [n, V] and context [n, Z], as estimated from observations [n, H, F].

        With a mirror, the velocity is the mean of what both sides say, and the context that of both [n, 2 Z].
        """
        assert self.estimator is not None
        if self.mirror is None:
            found = self.estimator(self.history_of(seen))
            return found.velocity, found.mean
        sides = torch.stack([seen, self.mirror.observation(seen)], dim=1)
        found = self.estimator(self.history_of(sides))
        here, there = found.velocity.unbind(1)
        return 0.5 * (here + self.mirror.velocity(there)), found.mean.flatten(1)

    def history_of(self, seen: Tensor) -> Tensor:
        """The estimator's input: observations [n, H, F] -> [n, H F]."""
        return self._normalize(seen).flatten(-2)

    def newest_of(self, seen: Tensor) -> Tensor:
        """What the estimator's decoder predicts of the next step: [n, H, F] -> [n, F]."""
        return self._normalize(seen)[..., -1, :]

    # Judging

    def critic_inputs_of(self, critic: Tensor) -> Tensor:
        """The critic's input: its observations [..., C]."""
        return torch.as_tensor(self.critic_norm(critic)) if self.config.normalize else critic

    def value_on(self, critic_inputs: Tensor, inputs: Tensor) -> Tensor:
        """What the critic expects [n]: of its own input [n, C], or with a shared trunk of the actor's."""
        if self.config.shared_trunk:
            return torch.as_tensor(self.critic(self.actor_body(inputs))).squeeze(-1)
        return torch.as_tensor(self.critic(critic_inputs)).squeeze(-1)

    # Learning

    def update_norms(self, seen: Tensor, critic: Tensor) -> None:
        """Take observations into account: [..., H, F] and [..., C]."""
        if self.config.normalize:
            self.norm.update(seen[..., -1, :])
            self.critic_norm.update(critic)

    @torch.no_grad()
    def hold_std(self) -> None:
        """Keep a learned deviation within its bounds: beyond them it has no gradient, and would never come back."""
        if isinstance(self.log_std, nn.Parameter):
            self.log_std.clamp_(_LOWEST_LOG_STD, _HIGHEST_LOG_STD)

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Actor, critic and estimator, each with an optimizer's settings of its own."""
        parts: dict[str, list[nn.Parameter]] = {"actor": [], "critic": [], "estimator": []}
        for name, parameter in self.named_parameters():
            part = name.split(".")[0]
            parts[part if part in ("critic", "estimator") else "actor"].append(parameter)
        return {name: parameters for name, parameters in parts.items() if parameters}

    def _normalize(self, seen: Tensor) -> Tensor:
        return torch.as_tensor(self.norm(seen)) if self.config.normalize else seen


def _within_bounds(output: Tensor, initial_std: float) -> Tensor:
    """A network's output as a log deviation: at 0 the initial one, and never so far out that it has no gradient."""
    middle, reach = 0.5 * (_HIGHEST_LOG_STD + _LOWEST_LOG_STD), 0.5 * (_HIGHEST_LOG_STD - _LOWEST_LOG_STD)
    begin = math.atanh(max(-_ALMOST_1, min(_ALMOST_1, (math.log(initial_std) - middle) / reach)))
    return middle + reach * torch.tanh(begin + output / reach)
