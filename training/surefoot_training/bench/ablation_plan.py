"""What an ablation compares: variants of one run, all with the same seeds and the same budget in steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from surefoot_robots.errors import SurefootError
from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.nets.agent import Estimator
from surefoot_training.run.config import RunConfig, to_yaml
from surefoot_training.run.tree import near, tree_from_plain, tree_to_plain
from surefoot_training.run.values import Plain

ESTIMATORS: tuple[str, ...] = get_args(Estimator)
REFERENCE = "full"
"""What the others are compared with."""

# Equal for all, so that what differs is the variants' own doing.
_EQUAL = ("robot", "robots", "seed", "threads", "processes", "begun_from", "minutes", "steps")
_ESTIMATOR = "agent.estimator"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to learn."""

    name: str
    settings: tuple[str, ...]
    """As typed, `key=value`, beside what all have in common."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training."""

    variant: str
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.variant}-seed{self.seed}"


def estimator_variant(name: str) -> Variant:
    """One of the estimator's own ablations."""
    if name not in ESTIMATORS:
        raise SurefootError(
            f"there is no variant {name!r} of the estimator{near(name, list(ESTIMATORS))}",
            hint="variants: " + ", ".join(ESTIMATORS),
        )
    return Variant(name, (f"{_ESTIMATOR}={name}",))


def parse_variant(text: str) -> Variant:
    """`NAME:key=value[,key=value]`: the full estimator with other settings, whose values may hold commas, too."""
    name, _, listed = text.partition(":")
    settings: list[str] = []
    for piece in listed.split(","):
        if "=" in piece or not settings:
            settings.append(piece)
        else:
            settings[-1] += f",{piece}"
    if not _NAME.fullmatch(name) or "=" not in settings[0]:
        raise SurefootError(
            f"{text!r} is no variant", hint="write NAME:key=value[,key=value], such as lopsided:agent.symmetric=false"
        )
    return Variant(name, (*estimator_variant(REFERENCE).settings, *settings))


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what an ablation comes to."""

    base: RunConfig
    """What all have in common; its seed is not used."""

    variants: tuple[Variant, ...]
    seeds: int
    """From 0 on."""

    protocol: Protocol
    """By which every run's policy is examined."""

    axes: tuple[str, ...]
    """Along which."""

    def __post_init__(self) -> None:
        """Refuse what does not compare, or not what it says."""
        if self.base.steps is None:
            raise SurefootError("an ablation has no budget in time", hint="give steps: budgets are to be equal")
        names = [variant.name for variant in self.variants]
        if REFERENCE not in names:
            raise SurefootError(
                f"{REFERENCE} is not among the variants {', '.join(names)}",
                hint="the others are compared with it: name it, too",
            )
        learned: dict[str, str] = {}
        for variant in self.variants:
            if names.count(variant.name) > 1:
                raise SurefootError(f"two variants are called {variant.name}", hint="give each a name of its own")
            sha256 = self.config(Run(variant.name, 0)).sha256
            if sha256 in learned:
                raise SurefootError(
                    f"variants {learned[sha256]} and {variant.name} learn with the same settings",
                    hint="leave one of them out, or change another setting",
                )
            learned[sha256] = variant.name

    def runs(self) -> list[Run]:
        """One seed over all variants before the next, so that what is there compares at any time."""
        return [Run(variant.name, seed) for seed in range(self.seeds) for variant in self.variants]

    def config(self, run: Run) -> RunConfig:
        """With which a run is trained."""
        variant = next(variant for variant in self.variants if variant.name == run.variant)
        check_settings(variant.settings)
        try:
            config = self.base.with_settings(variant.settings)
        except SurefootError as error:
            raise SurefootError(f"variant {variant.name}: {error.message}", hint=error.hint) from error
        if variant.name in ESTIMATORS and config.agent.actor != "cenet":
            raise SurefootError(
                f"agent.actor={config.agent.actor} has no estimator: {variant.name} would be no variant",
                hint="leave agent.actor=cenet for all; compare another one as NAME:agent.actor=…",
            )
        return replace(config, seed=run.seed)

    def with_seeds(self, seeds: int) -> Plan:
        """With more of them; what has been trained stays as it is."""
        if seeds < self.seeds:
            raise SurefootError(f"the bench has {self.seeds} seeds, not {seeds}", hint="more may be given, not fewer")
        return replace(self, seeds=seeds)


def check_settings(settings: Sequence[str]) -> None:
    """Refuse to set what has to be equal."""
    for setting in settings:
        path = setting.partition("=")[0].strip()
        if path.partition(".")[0] in _EQUAL:
            raise SurefootError(f"{setting} is not for variants", hint=f"{path} is the same for all runs of a bench")


def check_common_settings(settings: Sequence[str]) -> None:
    """As `check_settings`, of what all variants share."""
    check_settings(settings)
    for setting in settings:
        if setting.partition("=")[0].strip() == _ESTIMATOR:
            raise SurefootError(f"{setting}: the variants set it", hint="choose variants: " + ", ".join(ESTIMATORS))


def save_plan(plan: Plan, file: Path) -> None:
    """As YAML for people, which `load_plan` reads."""
    variants: dict[str, Plain] = {variant.name: list(variant.settings) for variant in plan.variants}
    content: dict[str, Plain] = {
        "seeds": plan.seeds,
        "axes": list(plan.axes),
        "variants": variants,
        "base": tree_to_plain(plan.base),
        "protocol": tree_to_plain(plan.protocol),
    }
    write_text(file, to_yaml(content))


def load_plan(file: Path) -> Plan:
    """The very plan that was saved."""
    content = read_mapping(file)
    try:
        return Plan(
            base=tree_from_plain(RunConfig, content["base"], "base"),
            variants=tuple(Variant(name, tuple(settings)) for name, settings in content["variants"].items()),
            seeds=content["seeds"],
            protocol=tree_from_plain(Protocol, content["protocol"], "protocol"),
            axes=tuple(content["axes"]),
        )
    except SurefootError as error:
        raise SurefootError(f"{file}: {error.message}", hint=error.hint) from error
    except (KeyError, AttributeError, TypeError) as error:
        raise SurefootError(f"{file} is not the plan of an ablation", hint="it was edited, or cut off") from error
