"""Proximal policy optimization (Schulman et al., arXiv 1707.06347), with context estimation beside it.

An iteration: act for some steps (`_collect`), see what was better than expected (`compute_gae`), and go over it a few
times in minibatches (`_update`), which pulls the policy towards it but not far. Every choice is a field of `PPOConfig`.
"""

from __future__ import annotations

import copy
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.problem import Outcome, Problem, Seen
from surefoot_training.nets.agent import Agent
from surefoot_training.nets.cenet import CollapseWatch
from surefoot_training.nets.distributions import Distribution
from surefoot_training.nets.return_norm import ReturnNorm
from surefoot_training.workers import average_gradients, mean_over_workers, worker_count

_LOWEST_KL_WEIGHT, _HIGHEST_KL_WEIGHT = 1e-4, 1e4  # thirteen halvings or doublings from 1


@dataclass(frozen=True, slots=True)
class PPOConfig:
    """Every choice of the algorithm. Sources: [paper] arXiv 1707.06347, [cpu] the recipe measured for this project."""

    steps: int = 32
    """Steps that every copy acts for in an iteration [cpu]; measured: half as many, twice as often, walk sooner and end
    up turning worse (0.18 instead of 0.16 rad/s off)."""

    epochs: int = 4
    """How often an iteration goes over them [cpu]."""

    minibatches: int = 4
    """Updates per epoch [cpu]."""

    chunk: int = 16
    """Steps over which a recurrent actor's gradient flows back; must divide `steps`."""

    gamma: float = 0.99
    """Discount per step [cpu]."""

    lam: float = 0.95
    """λ of generalized advantage estimation [cpu]."""

    surrogate: Literal["clip", "kl", "adaptive_kl"] = "clip"
    """What keeps the policy near: a clipped ratio, a KL penalty of fixed weight, or one adapted to a target [paper]."""

    clip: float = 0.2
    """Ratios beyond 1 ± clip earn no more [paper]."""

    kl_weight: float = 1.0
    """β of the KL penalty; where it starts, if it adapts [paper]."""

    target_kl: float = 0.04
    """KL per iteration aimed at, by the adaptive penalty and by the adaptive learning rate; measured: at 0.02, walking
    is learned slower by a third."""

    target_kl_end: float = 0.01
    """What the adaptive learning rate aims at by the end of the run, linear between: the policy settles instead of
    wandering by `target_kl` in every iteration to the last."""

    stop_kl: float = 0.0
    """An iteration ends early once the KL is above this; 0 never."""

    learning_rate: float = 1e-3
    """Of the actor's Adam [cpu]."""

    critic_learning_rate: float = 1e-3
    """Of the critic's; an adaptive schedule leaves it alone, a KL of the policy says nothing about values."""

    adam_eps: float = 1e-8
    """Of the actor's Adam, torch's default; 1e-5 is also common (arXiv 2006.05990 finds no difference)."""

    critic_adam_eps: float = 1e-8
    """Of the critic's."""

    schedule: Literal["constant", "linear", "adaptive"] = "adaptive"
    """Learning rates: constant, linear to 0 over the run (actor and critic), or the actor's adapted to `target_kl`
    after every iteration while the critic's stays; the estimator's is constant always. (legged_gym adapts after every
    minibatch: the first ones, whose KL is still near 0, then raise the rate until the KL overshoots, and the rest of
    the iteration hardly learns.)"""

    min_learning_rate: float = 1e-5
    """Lowest adaptive learning rate; legged_gym."""

    max_learning_rate: float = 3e-3
    """Highest; [cpu] has 2e-3, which is rarely reached."""

    normalize_advantage: Literal["none", "batch", "minibatch"] = "batch"
    """Advantages to mean 0 and deviation 1, over all of an iteration's or each minibatch's."""

    value_weight: float = 1.0
    """Of the value loss against the actor's; matters with a shared trunk only, Adam being indifferent to scale."""

    value_clip: float = 0.0
    """Values are not pulled farther than this from what they were, in units of the normalized return; 0 does not clip
    (arXiv 2006.05990: clipping hurts)."""

    normalize_value: bool = True
    """The critic learns returns with mean 0 and deviation 1 (running statistics)."""

    entropy: float = 0.003
    """Weight of the entropy bonus at the start; [cpu] has 0.005."""

    entropy_end: float = 0.0
    """At the end of the run; linear between."""

    max_gradient_norm: float = 1.0
    """Of the actor's and of the critic's gradient, each; legged_gym."""

    mirror: Literal["none", "loss", "augmentation", "both"] = "both"
    """Left and right: ignored, a loss on actions that differ in the mirror, mirrored samples beside the real ones (for
    the actor), or both: without the loss, the two drift apart, and mirrored samples say less and less. Ignored where a
    problem has no mirror, the actor a memory, or symmetry built in (`agent.symmetric`)."""

    mirror_weight: float = 0.5
    """Of the mirror loss [cpu]."""

    def __post_init__(self) -> None:
        """Refuse what cannot be learned with."""
        bounds = {
            "steps": (1, math.inf),
            "epochs": (1, math.inf),
            "minibatches": (1, math.inf),
            "chunk": (1, math.inf),
            "gamma": (0.0, 1.0),
            "lam": (0.0, 1.0),
            "clip": (1e-6, 1e6),
            "min_learning_rate": (0.0, self.max_learning_rate),
        }
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), bounds.get(field.name, (0.0, math.inf))
            if isinstance(value, int | float) and not low <= value <= high:
                raise SurefootError(f"ppo: {field.name} {value}", hint=f"give a number from {low:g} to {high:g}")


class NotFiniteError(SurefootError):
    """NaN or infinity where learning cannot go on; `dump` has what led to it."""

    def __init__(self, culprit: str, dump: dict[str, Any]) -> None:
        super().__init__(
            f"{culprit} is not finite",
            hint="lower ppo.learning_rate or ppo.max_gradient_norm; see the dump for the batch",
        )
        self.culprit, self.dump = culprit, dump


# The mathematics


def compute_gae(
    reward: Tensor, value: Tensor, next_value: Tensor, ended: Tensor, *, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """Advantages and returns, all [T, N].

    `next_value` is what the state after the step is worth: 0 after a fall, the value of the true last observation after
    a time-out. `ended` [T, N] bool says where the next row belongs to another episode.
    """
    # A_t = δ_t + γ λ A_{t+1} within an episode, δ_t = r_t + γ V(s_{t+1}) − V(s_t)
    delta = reward + gamma * next_value - value
    decay = gamma * lam * (~ended)
    advantage = torch.zeros_like(delta)
    following = torch.zeros_like(delta[0])
    for step in reversed(range(len(delta))):
        following = delta[step] + decay[step] * following
        advantage[step] = following
    return advantage, advantage + value


class SurrogateLoss(NamedTuple):
    """To be minimized, and how far the policy went."""

    loss: Tensor
    clipped_share: Tensor


def ppo_loss(ratio: Tensor, advantage: Tensor, clip: float) -> SurrogateLoss:
    """−E min(r A, clip(r, 1 − ε, 1 + ε) A), ratios and advantages [n]."""
    clipped = ratio.clamp(1.0 - clip, 1.0 + clip)
    loss = -torch.minimum(ratio * advantage, clipped * advantage).mean()
    return SurrogateLoss(loss, (ratio.detach() != clipped.detach()).float().mean())


def penalized_loss(ratio: Tensor, advantage: Tensor, kl: Tensor, weight: float) -> Tensor:
    """−E (r A − β KL), all [n]."""
    return -(ratio * advantage - weight * kl).mean()


def value_loss(value: Tensor, target: Tensor, old: Tensor, clip: float) -> Tensor:
    """½ E (V − R)²; with `clip`, the worse of that and of a value held within `clip` of what it was."""
    error = (value - target).square()
    if clip > 0:
        held = old + (value - old).clamp(-clip, clip)
        error = torch.maximum(error, (held - target).square())
    return 0.5 * error.mean()


def adapted_kl_weight(weight: float, kl: float, target: float) -> float:
    """β of the next iteration: halved where the KL is below target / 1.5, doubled above 1.5 × target [paper].

    Within bounds: a KL that stays small for long must not take a β along from which there is no way back in time.
    """
    if kl < target / 1.5:
        return max(weight / 2.0, _LOWEST_KL_WEIGHT)
    return min(weight * 2.0, _HIGHEST_KL_WEIGHT) if kl > target * 1.5 else weight


def adapted_learning_rate(rate: float, kl: float, config: PPOConfig, progress: float) -> float:
    """A KL of more than twice the target slows learning by 1.5, less than half of it speeds it up (legged_gym)."""
    target = config.target_kl + (config.target_kl_end - config.target_kl) * progress
    if kl > 2.0 * target:
        return max(rate / 1.5, config.min_learning_rate)
    return min(rate * 1.5, config.max_learning_rate) if kl < 0.5 * target else rate


def entropy_weight(config: PPOConfig, progress: float) -> float:
    """Linear from `entropy` to `entropy_end`; progress 0 to 1."""
    return config.entropy + (config.entropy_end - config.entropy) * progress


def standardized(values: Tensor) -> Tensor:
    """To mean 0 and deviation 1, over all workers."""
    exact = values.double()  # or rounding would make something of values that are all the same
    mean = mean_over_workers(exact.mean())
    square = mean_over_workers((exact - mean).square().mean())
    return ((exact - mean) / (square.sqrt() + 1e-8)).to(values.dtype)


# What an iteration learns from


@dataclass(slots=True)
class Rollout:
    """What happened in T steps of N copies, each [T, N, …]."""

    seen: Tensor  # [T, N, H, F] raw
    critic: Tensor  # [T, N, C] raw
    velocity: Tensor  # [T, N, V]
    use_estimate: Tensor  # [T, N] bool, the bootstrap's coin
    inputs: Tensor  # [T, N, I] what the actor acted on, guess included
    hidden: Tensor  # [T, N, G] its memory before the step
    parameters: Tensor  # [T, N, P] of the distribution it drew from
    action: Tensor  # [T, N, A], or [T, N] choices
    log_prob: Tensor  # [T, N]
    reward: Tensor  # [T, N]
    terminated: Tensor  # [T, N] bool
    timed_out: Tensor  # [T, N] bool
    final_at: Tensor  # [k, 2] step and copy of time-outs
    final: Seen  # [k, …] what they saw last
    after: Seen  # [N, …] what is seen after the last step

    @property
    def ended(self) -> Tensor:
        """[T, N] bool."""
        return self.terminated | self.timed_out


@dataclass(slots=True)
class Samples:
    """A rollout as chunks [chunks, L, …]: L is 1 unless the actor remembers."""

    inputs: Tensor
    hidden: Tensor  # before each step; of a chunk the first counts
    begins: Tensor  # bool, the memory was empty before this step
    critic: Tensor
    action: Tensor
    log_prob: Tensor
    parameters: Tensor
    advantage: Tensor
    target: Tensor  # of the value
    value: Tensor  # as the critic said it, before the update
    mirrored: Tensor | None  # the actor's input in the mirror
    history: Tensor | None  # for the estimator, with the three after it
    velocity: Tensor | None
    following: Tensor | None
    goes_on: Tensor | None

    def __len__(self) -> int:
        return len(self.inputs)

    def pick(self, chunks: Tensor) -> Samples:
        """Some chunks."""
        return self.each(lambda part: part.index_select(0, chunks))

    def each(self, change: Callable[[Tensor], Tensor]) -> Samples:
        """`change` applied to every part that there is."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {name: None if part is None else change(part) for name, part in parts.items()}
        return Samples(**changed)


class PPO:
    """Improves `agent` at `problem`."""

    def __init__(self, config: PPOConfig, agent: Agent, problem: Problem, seed: int) -> None:
        """`seed` is of the actions and the order of minibatches; workers need seeds of their own."""
        self.config, self.agent, self.problem = config, agent, problem
        self._check()
        self.learning_rate, self.kl_weight = config.learning_rate, config.kl_weight
        self.bootstrap_share = 0.0  # of estimates the actor gets instead of the truth
        self.critic_alone = 0  # iterations in which the actor waits, for a critic that knows nothing yet
        self._collapse = CollapseWatch()
        self.value_norm = ReturnNorm(config.normalize_value)
        self._generator = torch.Generator().manual_seed(seed)
        self._groups = agent.parameter_groups()
        self._optimizer = self._make_optimizer()
        self._seen = problem.seen()
        self._hidden = torch.zeros(problem.copies, agent.memory_size)
        self._clipped_shares: dict[str, list[float]] = defaultdict(list)  # of this update's minibatches
        self._episode_return = torch.zeros(problem.copies)
        self._last_returns = torch.full((problem.copies,), torch.nan)  # none yet
        can_mirror = problem.mirror is not None and not agent.memory_size and agent.mirror is None
        self._mirrors = config.mirror != "none" and can_mirror

    @property
    def steps_per_iteration(self) -> int:
        """Of all copies on all workers."""
        return self.config.steps * self.problem.copies * worker_count()

    def iteration(self, progress: float) -> dict[str, float]:
        """Act, learn, and say how it went; `progress` of the run, 0 to 1, drives the schedules."""
        begun_s = time.perf_counter()
        progress = min(max(progress, 0.0), 1.0)  # a run may end a few steps late
        norms = (self.agent.norm, self.agent.critic_norm)  # a run may begin with the actor of another one
        if self.agent.config.normalize and not all(float(norm.count) for norm in norms):
            self._see_first()
        rollout, log = self._collect()
        collected_s = time.perf_counter()
        log |= self._update(rollout, progress)
        log["time/collect_s"], log["time/update_s"] = collected_s - begun_s, time.perf_counter() - collected_s
        return log

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on to the bit, the problem's state included."""
        return {
            "agent": copy.deepcopy(self.agent.state_dict()),
            "optimizer": copy.deepcopy(self._optimizer.state_dict()),
            "value_norm": self.value_norm.state_dict(),
            "generator": self._generator.get_state(),
            "problem": self.problem.state_dict(),
            "hidden": self._hidden.clone(),
            "episode_return": self._episode_return.clone(),
            "last_returns": self._last_returns.clone(),
            "learning_rate": self.learning_rate,
            "kl_weight": self.kl_weight,
            "bootstrap_share": self.bootstrap_share,
            "critic_alone": self.critic_alone,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self.agent.load_state_dict(state["agent"])
        self._optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))  # or it would go on in `state` itself
        self.value_norm.load_state_dict(state["value_norm"])
        self._generator.set_state(state["generator"])
        self.problem.load_state_dict(state["problem"])
        self._seen = self.problem.seen()
        self._hidden = state["hidden"].clone()
        self._episode_return, self._last_returns = state["episode_return"].clone(), state["last_returns"].clone()
        self.learning_rate, self.kl_weight = state["learning_rate"], state["kl_weight"]
        self.bootstrap_share, self.critic_alone = state["bootstrap_share"], state["critic_alone"]

    # Acting

    @torch.no_grad()
    def _see_first(self) -> None:
        """Act once without learning, so that the first batch that is learned from is seen normalized."""
        rollout, _ = self._collect()
        self.agent.update_norms(rollout.seen, rollout.critic)

    @torch.no_grad()
    def _collect(self) -> tuple[Rollout, dict[str, float]]:
        """Act for `steps` steps."""
        keep: dict[str, list[Tensor]] = defaultdict(list)
        finals: list[tuple[Tensor, Seen]] = []
        logs = LogMeans()
        for step in range(self.config.steps):
            seen, use_estimate = self._seen, self._toss()
            inputs = self.agent.inputs_of(seen.actor, self.agent.guess(seen.actor, seen.velocity, use_estimate))
            hidden = self._hidden
            self._hidden = self.agent.remember(inputs, hidden)
            policy = self.agent.act_on(self._hidden if self.agent.memory_size else inputs)
            action = policy.sample(self._generator)
            outcome = self.problem.step(action)
            for name, value in {
                "seen": seen.actor,
                "critic": seen.critic,
                "velocity": seen.velocity,
                "use_estimate": use_estimate,
                "inputs": inputs,
                "hidden": hidden,
                "parameters": policy.parameters,
                "action": action,
                "log_prob": policy.log_prob(action),
                "reward": outcome.reward,
                "terminated": outcome.terminated,
                "timed_out": outcome.timed_out,
            }.items():
                keep[name].append(value)
            finals.append(_time_outs(step, outcome))
            logs.add(outcome.log)
            self._note(outcome)
        parts = [final for _, final in finals]
        rollout = Rollout(
            **{name: torch.stack(values) for name, values in keep.items()},
            final_at=torch.cat([at for at, _ in finals]),
            final=Seen(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Seen))),
            after=self._seen,
        )
        return rollout, logs.means() | {"reward/step": float(rollout.reward.mean())}

    def _toss(self) -> Tensor:
        """The bootstrap's coin for every copy [N] bool: true takes the estimate."""
        copies = self.problem.copies
        if not self.agent.guess_size:
            return torch.zeros(copies, dtype=torch.bool)
        match self.agent.config.estimator:
            case "oracle":
                return torch.zeros(copies, dtype=torch.bool)
            case "full":
                return torch.rand(copies, generator=self._generator) < self.bootstrap_share
            case _:
                return torch.ones(copies, dtype=torch.bool)

    def _note(self, outcome: Outcome) -> None:
        """What the next step begins with."""
        self._seen = outcome.seen
        self._episode_return = self._episode_return + outcome.reward
        ids = outcome.finished_ids
        if len(ids):
            self._last_returns[ids] = self._episode_return[ids]
            self._episode_return[ids] = 0.0
            if self.agent.memory_size:
                self._hidden = self._hidden.clone()
                self._hidden[ids] = 0.0

    # Learning

    def _update(self, rollout: Rollout, progress: float) -> dict[str, float]:
        """Learn from a rollout; the normalization moves on only after it."""
        config = self.config
        samples, log = self._prepare(rollout)
        self._set_learning_rates(progress)
        sums, count, stopped = defaultdict[str, float](float), 0, False
        kl = 0.0
        self._clipped_shares.clear()
        for _ in range(config.epochs):
            kls = []
            for chunks in self._minibatches(len(samples)):
                batch, noise = samples.pick(chunks), self._generator.get_state()
                terms, kl_mean = self._losses(batch, progress)
                self._descend(terms, partial(self._dump, batch, noise, progress))
                kls.append(kl_mean)
                for name, term in terms.items():
                    sums[name] += float(term.detach())
                count += 1
            kl = sum(kls) / len(kls)
            if config.stop_kl and kl > config.stop_kl:
                stopped = True
                break
        self._adapt(kl, progress)
        log |= {f"loss/{name}": total / count for name, total in sums.items()}
        log |= {
            "policy/kl": kl,
            "policy/learning_rate": self._optimizer.param_groups[0]["lr"],
            "policy/stopped_early": float(stopped),
        }
        log |= {f"policy/{name}": sum(shares) / len(shares) for name, shares in self._clipped_shares.items()}
        if config.surrogate != "clip":
            log["policy/kl_weight"] = self.kl_weight
        log |= self._estimator_log(samples)
        self.agent.update_norms(rollout.seen, rollout.critic)
        self._set_bootstrap_share()
        return log

    @torch.no_grad()
    def _prepare(self, rollout: Rollout) -> tuple[Samples, dict[str, float]]:
        """Advantages, value targets and everything else that stays the same during the update."""
        agent, config = self.agent, self.config
        critic = agent.critic_inputs_of(rollout.critic)
        said = agent.value_on(critic, rollout.inputs)
        value = self.value_norm.restore(said)
        advantage, returns = compute_gae(
            rollout.reward,
            value,
            self._next_values(rollout, value),
            rollout.ended,
            gamma=config.gamma,
            lam=config.lam,
        )
        self.value_norm.update(returns)
        explained = 1.0 - (returns - value).var(correction=0) / returns.var(correction=0).clamp(min=1e-8)
        if config.normalize_advantage == "batch":
            advantage = standardized(advantage)
        begins = torch.cat([torch.zeros_like(rollout.ended[:1]), rollout.ended[:-1]])
        length = config.chunk if agent.memory_size else 1
        samples = Samples(
            inputs=rollout.inputs,
            hidden=rollout.hidden,
            begins=begins,
            critic=critic,
            action=rollout.action,
            log_prob=rollout.log_prob,
            parameters=rollout.parameters,
            advantage=advantage,
            target=self.value_norm.normalize(returns),
            value=said,
            mirrored=self._mirrored(rollout) if self._mirrors else None,
            **self._estimator_samples(rollout),
        )
        log = {"value/explained_variance": float(explained)}
        if not agent.actions.discrete:
            log["policy/std"] = float(rollout.parameters.chunk(2, -1)[1].exp().mean())
        return _in_chunks(samples, length), log

    def _next_values(self, rollout: Rollout, value: Tensor) -> Tensor:
        """What each step led to was worth [T, N]: nothing after a fall, the true last sight after a time-out."""
        after = torch.cat([value[1:], self._values_of(rollout.after).unsqueeze(0)])
        after = after * ~rollout.terminated
        if len(rollout.final_at):
            after[rollout.final_at[:, 0], rollout.final_at[:, 1]] = self._values_of(rollout.final)
        return after

    def _values_of(self, seen: Seen) -> Tensor:
        agent, inputs = self.agent, seen.actor
        if agent.config.shared_trunk:
            # What the actor would most likely get there: no coin was tossed for it.
            known = agent.config.estimator == "oracle" or (
                agent.config.estimator == "full" and self.bootstrap_share < 0.5
            )
            use_estimate = torch.full((len(seen.actor),), not known)
            inputs = agent.inputs_of(seen.actor, agent.guess(seen.actor, seen.velocity, use_estimate))
        return self.value_norm.restore(agent.value_on(agent.critic_inputs_of(seen.critic), inputs))

    def _mirrored(self, rollout: Rollout) -> Tensor:
        """The actor's inputs [T, N, I] as they would be in the mirror, made by the same coin."""
        assert self.problem.mirror is not None
        agent, steps = self.agent, rollout.seen.shape[:2]
        seen = self.problem.mirror.observation(rollout.seen.flatten(0, 1))
        velocity = self.problem.mirror.velocity(rollout.velocity.flatten(0, 1))
        guess = agent.guess(seen, velocity, rollout.use_estimate.flatten())
        inputs = agent.inputs_of(seen, guess)
        return inputs.reshape(*steps, *inputs.shape[1:])

    def _estimator_samples(self, rollout: Rollout) -> dict[str, Tensor | None]:
        if self.agent.estimator is None:
            return dict.fromkeys(("history", "velocity", "following", "goes_on"))
        newest = self.agent.newest_of(torch.cat([rollout.seen, rollout.after.actor.unsqueeze(0)]))
        return {
            "history": self.agent.history_of(rollout.seen),
            "velocity": rollout.velocity,
            "following": newest[1:],
            "goes_on": (~rollout.ended).float(),
        }

    def _minibatches(self, chunks: int) -> Iterator[Tensor]:
        """Indices of all chunks in random order, in equal parts."""
        order = torch.randperm(chunks, generator=self._generator)
        yield from order.tensor_split(self.config.minibatches)

    def _losses(self, batch: Samples, progress: float) -> tuple[dict[str, Tensor], float]:
        """Everything that is minimized, by name and weighted, and the mean KL from the policy that acted."""
        config, agent = self.config, self.agent
        flat = _flat(batch)
        inputs = self._remembered(batch) if agent.memory_size else flat.inputs
        policy, mirrored = self._policies(inputs, flat)
        kl = policy.kl_from(type(policy)(flat.parameters))
        advantage = standardized(flat.advantage) if config.normalize_advantage == "minibatch" else flat.advantage
        terms = self._surrogate(policy, flat, advantage, kl)
        if mirrored is not None:
            terms |= self._mirror_terms(policy, mirrored, flat, advantage)
        value = agent.value_on(flat.critic, inputs)
        terms["value"] = config.value_weight * value_loss(value, flat.target, flat.value, config.value_clip)
        terms["entropy"] = -entropy_weight(config, progress) * policy.entropy().mean()
        if self.critic_alone:
            terms = {"value": terms["value"]}
        if agent.estimator is not None:
            terms |= self._estimator_terms(flat)
        return terms, float(mean_over_workers(kl.detach().mean()))

    def _policies(self, inputs: Tensor, flat: Samples) -> tuple[Distribution, Distribution | None]:
        """What the policy does now, and what in the mirror, in one pass."""
        if flat.mirrored is None:
            return self.agent.act_on(inputs), None
        both = self.agent.act_on(torch.cat([inputs, flat.mirrored]))
        here, there = both.parameters.chunk(2)
        return type(both)(here), type(both)(there)

    def _surrogate(self, policy: Distribution, flat: Samples, advantage: Tensor, kl: Tensor) -> dict[str, Tensor]:
        ratio = (policy.log_prob(flat.action) - flat.log_prob).exp()
        if self.config.surrogate == "clip":
            return {"surrogate": self._clipped("clipped_share", ratio, advantage)}
        return {"surrogate": penalized_loss(ratio, advantage, kl, self.kl_weight)}

    def _mirror_terms(
        self, policy: Distribution, mirrored: Distribution, flat: Samples, advantage: Tensor
    ) -> dict[str, Tensor]:
        mirror = self.problem.mirror
        assert mirror is not None
        terms = {}
        if self.config.mirror in ("loss", "both"):
            wanted = mirror.action(policy.mode()).detach()
            terms["mirror"] = self.config.mirror_weight * (mirrored.mode() - wanted).square().mean()
        if self.config.mirror in ("augmentation", "both"):
            # A mirrored action was drawn with the probability of the real one.
            ratio = (mirrored.log_prob(mirror.action(flat.action)) - flat.log_prob).exp()
            terms["mirrored_surrogate"] = self._clipped("mirrored_clipped_share", ratio, advantage)
        return terms

    def _clipped(self, name: str, ratio: Tensor, advantage: Tensor) -> Tensor:
        """The clipped loss; how much of it was clipped is kept for the log."""
        found = ppo_loss(ratio, advantage, self.config.clip)
        self._clipped_shares[name].append(float(found.clipped_share))
        return found.loss

    def _estimator_terms(self, flat: Samples) -> dict[str, Tensor]:
        agent = self.agent
        assert agent.estimator is not None
        assert flat.history is not None
        assert flat.velocity is not None
        assert flat.following is not None
        assert flat.goes_on is not None
        noise = torch.randn(len(flat.history), agent.config.cenet.context_size, generator=self._generator)
        losses = agent.estimator.losses(flat.history, flat.velocity, flat.following, flat.goes_on, noise)
        weights = agent.config.cenet
        terms = {"estimator_velocity": weights.velocity_weight * losses.velocity}
        if agent.config.estimator != "velocity":
            terms["estimator_prediction"] = losses.prediction
            terms["estimator_kl"] = weights.kl_weight * losses.kl
        return terms

    def _remembered(self, batch: Samples) -> Tensor:
        """What a recurrent actor's memory holds at every step of the chunks [chunks × L, G], gradients included."""
        hidden, steps = batch.hidden[:, 0], []
        for step in range(batch.inputs.shape[1]):
            hidden = hidden * ~batch.begins[:, step, None] if step else hidden
            hidden = self.agent.remember(batch.inputs[:, step], hidden)
            steps.append(hidden)
        return torch.stack(steps, dim=1).flatten(0, 1)

    def _descend(self, terms: dict[str, Tensor], dump: Callable[[], dict[str, Any]]) -> None:
        """One step of all optimizers along the sum of `terms`."""
        culprits = [name for name, term in terms.items() if not math.isfinite(float(term.detach()))]
        if culprits:
            raise NotFiniteError(f"loss {', '.join(culprits)}", dump())
        for part, size in self._gradients(terms).items():
            if not math.isfinite(size):
                raise NotFiniteError(f"gradient of the {part}", dump())
        self._optimizer.step()
        self.agent.hold_std()

    def _gradients(self, terms: dict[str, Tensor]) -> dict[str, float]:
        """Gradients of the sum of `terms`, each part's clipped; how large they were."""
        self._optimizer.zero_grad(set_to_none=True)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        sizes = {}
        for part, parameters in self._groups.items():
            average_gradients(parameters)
            sizes[part] = float(torch.nn.utils.clip_grad_norm_(parameters, self.config.max_gradient_norm))
        return sizes

    def _dump(self, batch: Samples, noise: Tensor, progress: float) -> dict[str, Any]:
        """What led to a loss that is not finite, for `replay`: the networks and the minibatch."""
        samples = {f.name: getattr(batch, f.name) for f in fields(batch)}
        return {
            "agent": copy.deepcopy(self.agent.state_dict()),
            "samples": {name: value for name, value in samples.items() if value is not None},
            "generator": noise,
            "progress": progress,
            "kl_weight": self.kl_weight,
        }

    def replay(self, dump: dict[str, Any]) -> dict[str, float]:
        """All losses and gradients that led to a dump, by name, of the same agent; learning does not go on after it."""
        self.agent.load_state_dict(dump["agent"])
        self._generator.set_state(dump["generator"])
        self.kl_weight = dump["kl_weight"]
        samples = {f.name: dump["samples"].get(f.name) for f in fields(Samples)}
        terms, _ = self._losses(Samples(**samples), dump["progress"])
        gradients = {f"gradient/{part}": size for part, size in self._gradients(terms).items()}
        return {f"loss/{name}": float(term.detach()) for name, term in terms.items()} | gradients

    # Settings that move

    def _adapt(self, kl: float, progress: float) -> None:
        """Settings to how far the policy went; while the actor waits, that says nothing."""
        config = self.config
        if self.critic_alone:
            self.critic_alone -= 1
            return
        if config.schedule == "adaptive":
            self.learning_rate = adapted_learning_rate(self.learning_rate, kl, config, progress)
        if config.surrogate == "adaptive_kl":
            self.kl_weight = adapted_kl_weight(self.kl_weight, kl, config.target_kl)

    def _make_optimizer(self) -> torch.optim.Adam:
        config = self.config
        settings = {
            "actor": {"lr": config.learning_rate, "eps": config.adam_eps},
            "critic": {"lr": config.critic_learning_rate, "eps": config.critic_adam_eps},
            "estimator": {"lr": self.agent.config.cenet.learning_rate, "eps": 1e-8},
        }
        groups = [{"params": parameters, **settings[name]} for name, parameters in self._groups.items()]
        return torch.optim.Adam(groups, fused=True)

    def _set_learning_rates(self, progress: float) -> None:
        config = self.config
        left = 1.0 - progress if config.schedule == "linear" else 1.0
        actor = self.learning_rate if config.schedule == "adaptive" else config.learning_rate * left
        rates = {"actor": actor, "critic": config.critic_learning_rate * left}
        for name, group in zip(self._groups, self._optimizer.param_groups, strict=True):
            group["lr"] = rates.get(name, group["lr"])

    def _set_bootstrap_share(self) -> None:
        """Adaptive bootstrapping: 1 − tanh(σ / μ) of the returns of all copies' last episodes (dreamwaq.md)."""
        if not (self.agent.guess_size and self.agent.config.estimator == "full"):
            return
        known = ~self._last_returns.isnan()  # a copy's first episode may last for long
        count = mean_over_workers(known.float().sum())
        if not count:
            return
        returns = torch.where(known, self._last_returns, 0.0)
        mean = mean_over_workers(returns.sum()) / count
        deviation = (mean_over_workers(((returns - mean).square() * known).sum()) / count).sqrt()
        # While returns are not even positive, nothing is known to be good: the truth alone.
        self.bootstrap_share = float(1.0 - torch.tanh(deviation / mean)) if mean > 0 else 0.0

    def _estimator_log(self, samples: Samples) -> dict[str, float]:
        """How the context fares, on one minibatch."""
        estimator = self.agent.estimator
        if estimator is None:
            return {}
        flat = _flat(samples.pick(next(self._minibatches(len(samples)))))
        assert flat.history is not None
        assert flat.following is not None
        assert flat.goes_on is not None
        assert flat.velocity is not None
        health = estimator.health(flat.history, flat.following, flat.goes_on)
        with torch.no_grad():
            error = estimator(flat.history).velocity - flat.velocity
        if self.agent.config.estimator != "velocity":  # which trains no context
            self._collapse.note(health)
        return {
            "estimator/bootstrap_share": self.bootstrap_share,
            "estimator/velocity_rms_error": float(error.square().mean().sqrt()),
            "estimator/context_size": health.size,
            "estimator/context_active_share": health.active_share,
            "estimator/context_use": health.use,
        }

    def _check(self) -> None:
        config = self.config
        if self.agent.memory_size and config.steps % config.chunk:
            raise SurefootError(
                f"ppo: chunk {config.chunk} does not divide steps {config.steps}", hint="give a divisor of steps"
            )
        chunks = config.steps * self.problem.copies // (config.chunk if self.agent.memory_size else 1)
        if chunks < config.minibatches:
            raise SurefootError(
                f"ppo: {config.minibatches} minibatches of {chunks} samples",
                hint="give fewer minibatches, or more copies",
            )


class LogMeans:
    """Means of what episodes report, weighted by how many ended."""

    def __init__(self) -> None:
        self._totals: dict[str, float] = defaultdict(float)
        self._episodes = 0.0

    def add(self, log: Any) -> None:  # noqa: ANN401  # a mapping
        """Of one step; may be empty."""
        episodes = log.get("episodes", 0.0)
        self._episodes += episodes
        for name, value in log.items():
            if name != "episodes":
                self._totals[name] += value * episodes

    def means(self) -> dict[str, float]:
        """Over all episodes that ended, with their number."""
        if not self._episodes:
            return {}
        means = {f"episode/{name}": total / self._episodes for name, total in self._totals.items()}
        return means | {"episode/count": self._episodes}


def _time_outs(step: int, outcome: Outcome) -> tuple[Tensor, Seen]:
    """Where in the rollout time was over [k, 2], and what was seen last there."""
    timed_out = outcome.timed_out[outcome.finished_ids]
    ids = outcome.finished_ids[timed_out]
    at = torch.stack([torch.full_like(ids, step), ids], dim=-1)
    return at, outcome.final[timed_out]


def _in_chunks(samples: Samples, length: int) -> Samples:
    """[T, N, …] -> [T N / L, L, …], steps of a chunk in their order."""

    def cut(part: Tensor) -> Tensor:
        steps, copies = part.shape[:2]
        chunks = part.reshape(steps // length, length, copies, *part.shape[2:]).transpose(1, 2)
        return chunks.reshape(steps * copies // length, length, *part.shape[2:])

    return samples.each(cut)


def _flat(samples: Samples) -> Samples:
    """[chunks, L, …] -> [chunks L, …]."""
    return samples.each(lambda part: part.flatten(0, 1))
