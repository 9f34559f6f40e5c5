"""From a run to the file for the robot: what the policy was made for, and the world to compare it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from surefoot_policy.contract import (
    CalibrationId,
    CommandRange,
    Gains,
    HeightScanGrid,
    JointRange,
    ObservationEntry,
    TrainedWith,
)
from surefoot_policy.export import PARITY_TICKS, Description, Exported, Format, Source, export
from surefoot_policy.export_module import Policy
from surefoot_policy.export_parity import steps_of
from surefoot_policy.refusal import shown
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping
from surefoot_training.run.checkpoint import Checkpoint, load_policy, policy_file, read_checkpoint
from surefoot_training.run.config import RunConfig
from surefoot_training.run.folder import RunFolder
from surefoot_training.run.values import Plain
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import make_environment
from surefoot_training.task.terrain import ScanGrid

ROBOTS = 4
"""In the world of comparison; with `PARITY_TICKS` each of them walks for 20 s, an episode or two."""

COMPARISON_STEPS = 2 * steps_of(ROBOTS, PARITY_TICKS)
"""So often `report` is called."""

_SEED = 4_000  # of that world; training uses small numbers, the protocol 9001
_COMMANDS_S = (1.0, 3.0)  # from command to command: a dozen in 20 s
_FIRST_COMMANDS_S = (0.2, 0.4)  # in the golden sequence, which lasts 1.3 s
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trained:
    """A policy from a run, and where it comes from."""

    policy: Policy
    config: RunConfig
    origin: TrainedWith


class SimulatedWorld:
    """An environment as whoever compares policies needs it."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        self._environment, self.robots = environment, environment.robots

    def observation(self) -> np.ndarray:
        """What the robots sense, with noise, [N, D]."""
        return to_numpy(self._environment.observations.policy)

    def step(self, joint_target: np.ndarray) -> np.ndarray:
        """One control step; who began anew."""
        target = self._environment.simulator.arrays.asarray(joint_target)
        return to_numpy(self._environment.step(target).finished_ids)


def find_trained(path: Path) -> Trained:
    """The policy of a run folder, the best if there is one, or of a checkpoint file."""
    file = policy_file(path)
    policy, config = load_policy(file)
    return Trained(policy, config, _origin(read_checkpoint(file), config, file))


def export_run(
    path: Path,
    file: Path,
    *,
    form: Format = "onnx",
    report: Callable[[], object] = lambda: None,
) -> Exported:
    """Write the policy of a run or checkpoint to `file`."""
    return export(source_of(find_trained(path)), file, format=form, report=report)


def source_of(trained: Trained) -> Source:
    """Everything that its export needs."""
    config = trained.config
    return walking_source(trained.policy, config.task, config.robot_spec(), trained.origin)


def walking_source(policy: Policy, task: TaskConfig, robot: RobotSpec, origin: TrainedWith) -> Source:
    """Of a policy for a walking task, wherever it was trained."""

    def world(task: TaskConfig, robots: int) -> SimulatedWorld:
        environment = make_environment(task, robots, seed=_SEED, robot=robot, threads=1)
        # So that not all episodes begin together.
        ahead_s = np.arange(robots, dtype=np.float32) * np.float32(task.episode_s / robots)
        environment.episode_time_s = environment.simulator.arrays.asarray(ahead_s)
        return SimulatedWorld(environment)

    return Source(
        policy=policy,
        description=describe_task(task, robot, origin),
        make_world=lambda: world(_over_everything(task, _COMMANDS_S), ROBOTS),
        make_first_ticks=lambda: world(_without_falls(_over_everything(task, _FIRST_COMMANDS_S)), 1),
    )


def describe_task(task: TaskConfig, robot: RobotSpec, origin: TrainedWith) -> Description:
    """What a policy for `task` on `robot` was made for."""
    commands = task.commands
    return Description(
        robot=robot.name,
        robot_hash=robot_hash(robot),
        control_dt_s=task.control_dt_s,
        joint_names=robot.joint_names,
        observation=tuple(
            ObservationEntry(term.name, term.size, _grid(task.scan) if term.name == "height_scan" else None)
            for term in task.observation
        ),
        gains=Gains(_numbers(robot.kp_nm_per_rad), _numbers(robot.kd_nms_per_rad)),
        torque_limit_nm=_numbers(robot.torque_limit_nm),
        default_joint_position_rad=_numbers(robot.default_joint_position_rad),
        joint_target_range_rad=JointRange(_numbers(robot.joint_lower_rad), _numbers(robot.joint_upper_rad)),
        command_range=CommandRange(commands.vx_mps, commands.vy_mps, commands.yaw_rate_radps),
        trained_with=origin,
    )


def default_file(run: Path, suffix: str) -> Path:
    """Where a policy goes if nobody says: `policy` in the run's folder, or beside the checkpoint under its name."""
    return run / f"policy{suffix}" if run.is_dir() else run.with_suffix(suffix)


def _over_everything(task: TaskConfig, interval_s: tuple[float, float]) -> TaskConfig:
    """`task` at all levels and speeds at once, with commands that change so often."""
    curriculum = replace(task.curriculum, initial_level_max=task.curriculum.levels - 1, speed_bins=1)
    return replace(task, curriculum=curriculum, commands=replace(task.commands, interval_s=interval_s))


def _without_falls(task: TaskConfig) -> TaskConfig:
    limits = tuple(term for term in task.terminations if term.is_timeout and "limit_s" in term.parameters)
    return replace(task, terminations=limits)


def _grid(scan: ScanGrid | None) -> HeightScanGrid:
    if scan is None:
        raise SurefootError("the task observes height_scan and has no scan", hint="give the task a scan grid")
    return HeightScanGrid(scan.x_m, scan.y_m, scan.spacing_m)


def _numbers(array: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in array)


# Where it comes from: the checkpoint, and the record of sessions beside it


def _origin(checkpoint: Checkpoint, config: RunConfig, file: Path) -> TrainedWith:
    session = _session(file, checkpoint.iteration)
    packages = session.get("packages")
    mujoco = packages.get("mujoco") if isinstance(packages, dict) else None
    return TrainedWith(
        simulator=f"mujoco {mujoco or _UNKNOWN}",
        task=config.task.name,
        algorithm=_algorithm(config),
        seed=config.seed,
        steps=checkpoint.steps,
        git=revision_text(session),
        config_sha256=checkpoint.config_sha256,
        created=str(session["started"]) if "started" in session else _written(file),
        calibration=CalibrationId(config.calibration.name, config.calibration.sha256) if config.calibration else None,
    )


def _session(file: Path, iteration: int) -> dict[str, Plain]:
    """The session of the run that made a checkpoint; nothing if the checkpoint lies alone."""
    record = RunFolder(file.parent).provenance
    if not record.exists():
        return {}
    sessions = read_mapping(record).get("sessions")
    if not isinstance(sessions, list) or not sessions or not all(_began(one) for one in sessions):
        raise SurefootError(
            f"{record}: `sessions` is {shown(sessions)}: must be a list, each with its `from_iteration`",
            hint="bring the file back from a copy; without it, the policy's origin is unknown, and is exported as such",
        )
    before: Sequence[dict[str, Plain]] = [one for one in sessions if one["from_iteration"] < iteration]
    return (before or sessions)[-1]


def _began(session: object) -> bool:
    return isinstance(session, dict) and isinstance(session.get("from_iteration"), int)


def revision_text(session: Mapping[str, Plain]) -> str:
    """Which code, from what `git_state` says."""
    revision = session.get("git_revision")
    if not revision:
        return _UNKNOWN
    return f"{revision} with changes" if session.get("git_dirty") else str(revision)


def _written(file: Path) -> str:
    return datetime.fromtimestamp(int(file.stat().st_mtime), UTC).isoformat(timespec="seconds")


def _algorithm(config: RunConfig) -> str:
    agent = config.agent
    kind = "" if agent.actor == "mlp" else f"+{agent.actor}"
    return f"ppo{kind}" if agent.actor != "cenet" or agent.estimator == "full" else f"ppo{kind}:{agent.estimator}"
