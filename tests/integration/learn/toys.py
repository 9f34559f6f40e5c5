"""Problems that a few hundred samples teach, and a look at what an algorithm does with them.

Imported by path, as tests are; `two_workers.py` imports it as its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from surefoot_training.learn import ppo as ppo_module
from surefoot_training.learn.ppo import PPO, PPOConfig, Rollout
from surefoot_training.learn.problem import Actions, Outcome, Seen
from surefoot_training.nets.agent import Agent, AgentConfig
from surefoot_training.nets.cenet import CENetConfig

FAR = 1.6  # where points fall off the line
LIMIT = 7  # steps until an episode of Track is over


class Negative:
    """The mirror of Track: everything changes its sign."""

    def observation(self, actor: Tensor) -> Tensor:
        return -actor

    def velocity(self, velocity: Tensor) -> Tensor:
        return -velocity

    def action(self, action: Tensor) -> Tensor:
        return -action


class Track:
    """N points on a line that have to come to their goals; those beyond ±1.6 fall off.

    The actor sees position and goal [n, H, 2], the critic the velocity too. Actions beyond ±1 do no more than ±1.
    """

    def __init__(self, copies: int = 6, *, history: int = 1, seed: int = 0, discrete: bool = False) -> None:
        self.copies, self.actions = copies, Actions(3 if discrete else 1, discrete)
        self.actor_shape, self.critic_size, self.velocity_size = (history, 2), 3, 1
        self.mirror = None if discrete else Negative()
        self._generator = torch.Generator().manual_seed(seed)
        self._velocity, self._past = torch.zeros(copies), torch.zeros(copies, history - 1, 2)
        self._position, self._goal = torch.zeros(copies), torch.zeros(copies)
        self._begin(torch.arange(copies))
        self._age = torch.arange(copies) % LIMIT

    def seen(self) -> Seen:
        newest = torch.stack([self._position, self._goal], dim=-1)
        return Seen(
            actor=torch.cat([self._past, newest.unsqueeze(1)], dim=1),
            critic=torch.cat([newest, self._velocity.unsqueeze(-1)], dim=-1),
            velocity=self._velocity.unsqueeze(-1),
        )

    def step(self, action: Tensor) -> Outcome:
        push = action - 1.0 if self.actions.discrete else action[:, 0].clamp(-1.0, 1.0)
        self._past = self.seen().actor[:, 1:]
        self._velocity = 0.3 * push + 0.05 * torch.randn(self.copies, generator=self._generator)
        self._position = self._position + self._velocity
        self._age = self._age + 1
        terminated = self._position.abs() > FAR
        timed_out = (self._age >= LIMIT) & ~terminated
        reward = 1.0 - (self._position - self._goal).abs()
        ids = (terminated | timed_out).nonzero().flatten()
        final = self.seen()[ids]
        self._begin(ids)
        log = {"episodes": float(len(ids)), "nearness": float(reward[ids].mean())} if len(ids) else {}
        return Outcome(self.seen(), reward, terminated, timed_out, ids, final, log)

    def state_dict(self) -> dict[str, Tensor]:
        state = {name: getattr(self, name).clone() for name in ("_position", "_goal", "_velocity", "_age", "_past")}
        return {**state, "generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._generator.set_state(state["generator"])
        for name in ("_position", "_goal", "_velocity", "_age", "_past"):
            setattr(self, name, state[name].clone())

    def _begin(self, ids: Tensor) -> None:
        for name in ("_position", "_goal"):
            fresh = getattr(self, name).clone()
            fresh[ids] = 3.0 * torch.rand(len(ids), generator=self._generator) - 1.5
            setattr(self, name, fresh)
        self._velocity, self._past = self._velocity.clone(), self._past.clone()
        self._velocity[ids], self._past[ids] = 0.0, 0.0
        self._age = torch.zeros(self.copies, dtype=torch.int64) if len(ids) == self.copies else self._age.clone()
        self._age[ids] = 0


class Bandit:
    """Three arms; the second one pays best, and every pull is an episode."""

    PAYS = (0.2, 1.0, 0.5)

    def __init__(self, copies: int = 8, seed: int = 0) -> None:
        self.copies, self.actions, self.mirror = copies, Actions(3, discrete=True), None
        self.actor_shape, self.critic_size, self.velocity_size = (1, 1), 1, 0
        self._generator = torch.Generator().manual_seed(seed)

    def seen(self) -> Seen:
        n = self.copies
        return Seen(torch.ones(n, 1, 1), torch.ones(n, 1), torch.zeros(n, 0))

    def step(self, action: Tensor) -> Outcome:
        everyone = torch.arange(self.copies)
        noise = 0.3 * torch.randn(self.copies, generator=self._generator)
        reward = torch.tensor(self.PAYS)[action] + noise
        always = torch.ones(self.copies, dtype=torch.bool)
        return Outcome(self.seen(), reward, always, ~always, everyone, self.seen(), {})

    def state_dict(self) -> dict[str, Tensor]:
        return {"generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._generator.set_state(state["generator"])


class Recorded:
    """A problem, with copies of everything that went in and out."""

    def __init__(self, problem: Any) -> None:
        self._problem = problem
        self.before: list[Seen] = []
        self.actions_taken: list[Tensor] = []
        self.outcomes: list[Outcome] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)

    def step(self, action: Tensor) -> Outcome:
        self.before.append(copied(self._problem.seen()))
        self.actions_taken.append(action.clone())
        outcome: Outcome = self._problem.step(action)
        self.outcomes.append(
            replace(
                outcome,
                **{name: getattr(outcome, name).clone() for name in ("reward", "terminated", "timed_out")},
                seen=copied(outcome.seen),
                final=copied(outcome.final),
            )
        )
        return outcome


def copied(seen: Seen) -> Seen:
    return Seen(seen.actor.clone(), seen.critic.clone(), seen.velocity.clone())


SMALL = AgentConfig(
    actor="mlp",
    hidden=(8, 6),
    critic_hidden=(8,),
    gru_size=5,
    history=3,
    activation="elu",
    std="free",
    initial_std=1.0,
    normalize=True,
    symmetric=False,
    last_gain=0.5,  # so that what is wrong shows
    cenet=CENetConfig(context_size=2, encoder=(8,), decoder=(8,), kl_weight=0.05, learning_rate=1e-3),
)
# Everything that tests rely on is said here: defaults are for walking, and may be tuned.
QUICK = PPOConfig(
    steps=12,
    epochs=2,
    minibatches=3,
    chunk=4,
    gamma=0.99,
    lam=0.95,
    surrogate="clip",
    clip=0.2,
    target_kl=0.02,
    stop_kl=0.0,
    learning_rate=1e-3,
    critic_learning_rate=1e-3,
    schedule="adaptive",
    min_learning_rate=1e-5,
    max_learning_rate=2e-3,
    normalize_advantage="batch",
    value_clip=0.0,
    normalize_value=True,
    entropy=0.005,
    entropy_end=0.0,
    max_gradient_norm=1.0,
    mirror="loss",
    mirror_weight=0.5,
)

KINDS: dict[str, AgentConfig] = {
    "mlp": SMALL,
    "mlp-fixed": replace(SMALL, std="fixed"),
    "mlp-state": replace(SMALL, std="state"),
    "mlp-shared": replace(SMALL, shared_trunk=True),
    "mlp-raw": replace(SMALL, normalize=False),
    "history": replace(SMALL, actor="history"),
    "history-shared": replace(SMALL, actor="history", shared_trunk=True),
    "gru": replace(SMALL, actor="gru"),
    "gru-state": replace(SMALL, actor="gru", std="state"),
    "cenet-none": replace(SMALL, actor="cenet", estimator="none"),
    "cenet-velocity": replace(SMALL, actor="cenet", estimator="velocity"),
    "cenet-no_adaboot": replace(SMALL, actor="cenet", estimator="no_adaboot"),
    "cenet-full": replace(SMALL, actor="cenet", estimator="full"),
    "cenet-oracle": replace(SMALL, actor="cenet", estimator="oracle"),
    "cenet-full-shared": replace(SMALL, actor="cenet", shared_trunk=True),
    "cenet-oracle-shared": replace(SMALL, actor="cenet", estimator="oracle", shared_trunk=True),
    "cenet-full-state": replace(SMALL, actor="cenet", std="state"),
    "mlp-symmetric": replace(SMALL, symmetric=True),
    "history-state-symmetric": replace(SMALL, actor="history", std="state", symmetric=True),
    "cenet-velocity-symmetric": replace(SMALL, actor="cenet", estimator="velocity", symmetric=True),
    "cenet-full-symmetric": replace(SMALL, actor="cenet", symmetric=True),
}
DISCRETE = ("mlp", "mlp-shared", "history", "gru", "cenet-full")


def agent_for(config: AgentConfig, problem: Any, seed: int = 0) -> Agent:
    torch.manual_seed(seed)
    sizes = problem.actions, problem.actor_shape, problem.critic_size, problem.velocity_size
    return Agent(config, *sizes, mirror=problem.mirror)


def make(
    config: AgentConfig = SMALL, settings: PPOConfig = QUICK, *, seed: int = 0, copies: int = 6, discrete: bool = False
) -> PPO:
    """An algorithm on Track, everything drawn from `seed`."""
    problem = Track(copies, history=config.history_length, seed=seed, discrete=discrete)
    return PPO(settings, agent_for(config, problem, seed), problem, seed)


@dataclass
class Calls:
    """Arguments that one of the algorithm's functions was called with."""

    arguments: list[tuple[Any, ...]] = field(default_factory=list)
    named: list[dict[str, Any]] = field(default_factory=list)


def watch(monkeypatch: Any, name: str, module: ModuleType = ppo_module) -> Calls:
    """Note the arguments of every call of `name` from now on."""
    calls, function = Calls(), getattr(module, name)

    def noting(*arguments: Any, **named: Any) -> Any:
        calls.arguments.append(tuple(a.detach().clone() if isinstance(a, Tensor) else a for a in arguments))
        calls.named.append(named)
        return function(*arguments, **named)

    monkeypatch.setattr(module, name, noting)
    return calls


def parameters_of(agent: Agent) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in agent.state_dict().items()}


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """To the last bit."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def without_times(log: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in log.items() if not name.startswith("time/")}


def rows_of(seen: Seen, rows: Tensor | slice) -> Seen:
    return Seen(*(getattr(seen, f.name)[rows] for f in fields(seen)))


# Several workers


def together() -> list[tuple[str, AgentConfig, PPOConfig]]:
    """What two workers are tried on: one minibatch, so that both see the same samples in every step.

    A large ε keeps Adam from making something of gradients that are nothing but rounding.
    """
    settings = replace(QUICK, minibatches=1, epochs=3, adam_eps=1e-4, critic_adam_eps=1e-4)
    return [
        (
            "mlp-shared",
            KINDS["mlp-shared"],
            replace(settings, normalize_advantage="minibatch", surrogate="adaptive_kl"),
        ),
        ("gru", KINDS["gru"], settings),
        ("cenet-full", KINDS["cenet-full"], settings),
    ]


def trained_on_rows(config: AgentConfig, settings: PPOConfig, rows: slice) -> dict[str, Tensor]:
    """What an update makes of copies `rows` of a rollout of eight; the estimator's noise is left out."""
    everyone = make(config, settings, copies=8)
    everyone.bootstrap_share = 0.5
    with alone():
        rollout, _ = everyone._collect()
    problem = Track(rows.stop - rows.start, history=config.history_length)
    ppo = PPO(settings, agent_for(config, problem), problem, seed=0)
    ppo._last_returns = torch.arange(1.0, 9.0)[rows]
    noise, torch.randn = torch.randn, lambda *shape, **_: torch.zeros(*shape)
    try:
        ppo._update(rows_of_rollout(rollout, rows), progress=0.2)
    finally:
        torch.randn = noise
    scale = {f"value_norm.{name}": value for name, value in ppo.value_norm.state_dict().items()}
    settled = {"kl_weight": ppo.kl_weight, "rate": ppo.learning_rate, "bootstrap_share": ppo.bootstrap_share}
    return parameters_of(ppo.agent) | scale | {name: torch.tensor(value) for name, value in settled.items()}


@contextmanager
def alone() -> Iterator[None]:
    """As if there were no other workers."""
    from surefoot_training import workers

    really, workers._together = workers._together, lambda: False
    try:
        yield
    finally:
        workers._together = really


def rows_of_rollout(rollout: Rollout, rows: slice) -> Rollout:
    """Copies `rows` of it."""
    mine = (rollout.final_at[:, 1] >= rows.start) & (rollout.final_at[:, 1] < rows.stop)
    per_step = {
        f.name: getattr(rollout, f.name)[:, rows]
        for f in fields(Rollout)
        if f.name not in ("final_at", "final", "after")
    }
    return Rollout(
        **per_step,
        final_at=rollout.final_at[mine] - torch.tensor([0, rows.start]),
        final=rows_of(rollout.final, mine),
        after=rows_of(rollout.after, rows),
    )
