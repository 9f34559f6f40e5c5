"""What a run is: everything that decides what it learns, in one tree that its folder keeps as `config.yaml`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from surefoot_robots.calibration import Calibration
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping
from surefoot_training.learn.ppo import PPOConfig
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.run.calibration import UsedCalibration, refuse_without_effect
from surefoot_training.run.overrides import FIXED, apply_overrides
from surefoot_training.run.tree import tree_from_plain, tree_to_plain
from surefoot_training.run.values import Plain
from surefoot_training.task.calibrated import SAFETY_FACTOR, calibrated_task, measured_robot
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.settings import OPTIONAL

CLOSING_S, CLOSING_SHARE = 20.0, 0.2
"""Of a budget in time, what is kept for curves and export, and how much of a short one at most. On two cores, 8 s were
measured on the flat task with nothing else running."""

# They say when a run ends and how often it is kept, which a resumed run may change.
_NOT_LEARNED_WITH = ("minutes", "steps", "save_minutes")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All that decides what a run learns. With the same, and a budget in steps, it learns the same to the bit."""

    task: TaskConfig
    """What is to be learned, every weight and range included."""

    robot: str = "go2"
    """Whose body."""

    robots: int = 256
    """Simulated together, by all processes; the measured CPU recipe."""

    seed: int = 0
    """Of everything random."""

    threads: int = 1
    """Of simulation and networks, in each process. The simulation is the same at any number, the last bits of the
    networks may not be: so a run keeps it."""

    processes: int = 1
    """That learn together, each with its share of the robots."""

    begun_from: str | None = None
    """SHA-256 of the checkpoint whose networks the run began with; None began from nothing."""

    minutes: float | None = None
    """Budget in time, for everything from start-up to export; None has one in steps."""

    steps: int | None = None
    """Budget in control steps of all robots; None has one in time."""

    save_minutes: float = 1.0
    """From checkpoint to checkpoint: the most that a power cut can cost."""

    agent: AgentConfig = field(default_factory=AgentConfig)
    ppo: PPOConfig = field(default_factory=PPOConfig)

    calibration: UsedCalibration | None = field(default=None, metadata={OPTIONAL: True, FIXED: True})
    """What was measured of the robot; None for the robot of the file. The ranges that follow are in the task."""

    def __post_init__(self) -> None:
        """Refuse a run that cannot begin or does not end."""
        for name in ("robots", "threads", "processes"):
            if getattr(self, name) < 1:
                raise SurefootError(f"{name} {getattr(self, name)}", hint="give at least 1")
        if self.seed < 0:
            raise SurefootError(f"seed {self.seed}", hint="give a whole number of at least 0")
        if self.robots % self.processes:
            raise SurefootError(
                f"{self.robots} robots cannot be shared evenly by {self.processes} processes",
                hint=f"give a multiple of {self.processes}",
            )
        if (self.minutes is None) == (self.steps is None):
            both = "both a time and a number of steps" if self.steps else "neither a time nor a number of steps"
            raise SurefootError(f"the run is given {both}", hint="give one of minutes and steps")
        for name in ("minutes", "steps", "save_minutes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SurefootError(f"{name} {value}", hint="give more than 0")

    @property
    def sha256(self) -> str:
        """Of everything but the budget: checkpoints go with it."""
        plain = tree_to_plain(self)
        learned_with = {name: value for name, value in plain.items() if name not in _NOT_LEARNED_WITH}
        # In the tree's own order, which counts: rewards are added up in it.
        return hashlib.sha256(json.dumps(learned_with).encode()).hexdigest()

    @property
    def robots_per_process(self) -> int:
        """Each one's share."""
        return self.robots // self.processes

    @property
    def learning_s(self) -> float:
        """Of a budget in time, what is there for start-up, learning and saving."""
        assert self.minutes is not None
        whole_s = 60.0 * self.minutes
        return whole_s - min(CLOSING_S, CLOSING_SHARE * whole_s)

    def progress(self, elapsed_s: float, steps: int) -> float:
        """How much of the budget is used, 0 to 1; of one in time, of what is there to learn in."""
        if self.minutes is not None:
            return min(1.0, elapsed_s / self.learning_s)
        assert self.steps is not None
        return min(1.0, steps / self.steps)

    def with_settings(self, settings: Sequence[str]) -> RunConfig:
        """With overrides as typed, `path=value`."""
        changed = apply_overrides(self, settings)
        refuse_without_effect(changed.task, settings)
        changed.robot_spec()  # now rather than after minutes
        return changed

    def with_calibration(self, calibration: Calibration, safety_factor: float = SAFETY_FACTOR) -> RunConfig:
        """With the ranges of the robot that was measured, which must be this run's."""
        task = calibrated_task(self.task, load_robot(self.robot), calibration, safety_factor)
        return replace(self, task=task, calibration=UsedCalibration.of(calibration, safety_factor))

    def robot_spec(self) -> RobotSpec:
        """Whose body, as it was measured if it was."""
        robot = load_robot(self.robot)
        return measured_robot(robot, self.calibration.calibration) if self.calibration else robot

    def with_budget(self, minutes: float | None, steps: int | None) -> RunConfig:
        """With another budget; the same if neither is given."""
        return self if minutes is None and steps is None else replace(self, minutes=minutes, steps=steps)


def config_to_json(config: RunConfig) -> str:
    """One line that `config_from_json` reads."""
    return json.dumps(tree_to_plain(config))


def config_from_json(text: str, *, complete: bool = True) -> RunConfig:
    """See `tree_from_plain`."""
    return tree_from_plain(RunConfig, json.loads(text), complete=complete)


def save_config(config: RunConfig, file: Path) -> None:
    """As YAML for people, which `load_config` reads."""
    write_text(file, to_yaml(tree_to_plain(config)))


def load_config(file: Path) -> RunConfig:
    """The very configuration that was saved; anything unknown, missing or invalid is an error."""
    try:
        return tree_from_plain(RunConfig, read_mapping(file))
    except SurefootError as error:
        named = error.message if str(file) in error.message else f"{file}: {error.message}"
        raise SurefootError(named, hint=error.hint) from error


def to_yaml(data: Plain) -> str:
    """Plain YAML as `read_mapping` reads it: its strings are quoted wherever they might be taken for something else."""
    return yaml.dump(data, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, as PyYAML has it
        """Equal parts are written out each time."""
        return True


_ONE_LINE = 90  # characters: what is shorter is not spread over several lines
_PLAIN_WORD = re.compile(r"(?!(?:true|false|null|none|yes|no|on|off|y|n)$)[a-z][a-z0-9_./ -]*[a-z0-9_]", re.IGNORECASE)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _PLAIN_WORD.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_mapping(dumper: yaml.SafeDumper, data: dict[str, Plain]) -> yaml.MappingNode:
    fits = len(json.dumps(data)) <= _ONE_LINE
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=fits)


_PlainDumper.add_representer(str, _represent_text)
_PlainDumper.add_representer(dict, _represent_mapping)
