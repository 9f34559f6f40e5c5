"""What the whole loop is tried on: robots that are heavier, weaker and later than their file says, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.config import RunConfig, to_yaml
from surefoot_training.run.tree import tree_from_plain, tree_to_plain
from surefoot_training.run.values import Plain

Kind: TypeAlias = Literal["nominal", "own", "identified"]
KINDS: tuple[Kind, ...] = ("nominal", "own", "identified")
"""Trained for the robot of the file; for the hidden one, its truth known; for what was identified of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what the bench comes to."""

    base: RunConfig
    """Of every run; the nominal one is just this."""

    robots: int
    """Hidden ones, of seeds from `seed` on."""

    seed: int

    safety_factor: float
    """On identified intervals."""

    protocol: Protocol
    """By which policies are examined."""

    def __post_init__(self) -> None:
        """Refuse what does not compare."""
        if self.robots < 1:
            raise SurefootError(f"robots {self.robots}", hint="hide at least one")
        if self.base.steps is None or self.base.begun_from is None:
            raise SurefootError("all runs begin with the same networks and get the same steps", hint="give both")


@dataclass(frozen=True, slots=True)
class Run:
    """One policy to be trained."""

    kind: Kind
    robot: int | None
    """Which hidden one it is for; None for the nominal policy, which is for none of them."""

    @property
    def name(self) -> str:
        """Also of its folder."""
        return self.kind if self.robot is None else f"{robot_name(self.robot)}/{self.kind}"


def robot_name(robot: int) -> str:
    """Of a hidden robot's folder."""
    return f"robot-{robot}"


def runs(plan: Plan) -> list[Run]:
    """The nominal one first: robot by robot, what is there compares at any time."""
    each: tuple[Kind, ...] = ("own", "identified")
    return [Run("nominal", None), *(Run(kind, robot) for robot in range(plan.robots) for kind in each)]


def hidden_truth(robot: RobotSpec, seed: int) -> dict[str, Plain]:
    """`truth` of a world: heavier by 15 to 35 %, motors of 65 to 85 % (±5 % each), 15 to 25 ms late, every joint off.

    Joints' armature, damping and friction are up to ±50 % off the file, encoders up to 0.02 rad. Beyond what the tasks
    randomize is strength (90 to 110 %); the rest is at the edge of it, all at once.
    """
    rng, joints = np.random.default_rng([seed, 2030]), len(robot.joint_names)

    def each(values: np.ndarray) -> list[Plain]:
        return [round(float(value), 6) for value in values]

    return {
        "armature_kgm2": each(robot.armature_kgm2 * rng.uniform(0.5, 1.5, joints)),
        "damping_nms_per_rad": each(robot.damping_nms_per_rad * rng.uniform(0.5, 1.5, joints)),
        "friction_nm": each(robot.friction_nm * rng.uniform(0.5, 1.5, joints)),
        "encoder_offset_rad": each(rng.uniform(-0.02, 0.02, joints)),
        "motor_strength": each(rng.uniform(0.65, 0.85) * rng.uniform(0.95, 1.05, joints)),
        "action_delay_s": round(float(rng.uniform(0.015, 0.025)), 6),
        "base_mass_kg": round(robot.trunk.inertial.mass_kg + robot.total_mass_kg * float(rng.uniform(0.15, 0.35)), 6),
        "base_com_x_m": round(robot.trunk.inertial.com_m[0] + float(rng.uniform(-0.03, 0.03)), 6),
    }


def save_plan(plan: Plan, file: Path) -> None:
    """As YAML for people, which `load_plan` reads."""
    write_text(file, to_yaml(tree_to_plain(plan)))


def load_plan(file: Path) -> Plan:
    """The very plan that was saved."""
    return tree_from_plain(Plan, read_mapping(file))
