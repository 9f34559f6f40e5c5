"""Simulations that blow up: found, counted, and their last moments kept so that they can be replayed.

A dump is a folder that MuJoCo alone can replay: `model.mjb` (the robot's own model, with its randomized parameters and
the terrain), `moments.npz` (a full physics state and everything that acted on the robot since), `about.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import mujoco
import numpy as np
from mujoco.batch import Batch

from surefoot_robots.errors import SurefootError

# No joint of a legged robot turns at 200 rad/s and none runs at 200 m/s (fastest no-load joint speed of our robots: the
# hips of Go1 and Go2, 30.1 rad/s): a simulation that says so is numerically gone, although still finite.
SPEED_LIMIT = 200.0
_POSITION_LIMIT = 1e6  # m, rad
# A policy that asks for 160 turns of a joint has diverged as surely as one that asks for NaN, and the squares that
# rewards make of it overflow.
TARGET_LIMIT_RAD = 1e3
_WINDOW_STEPS = 25
_FULL_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_TRUNK = 1  # the first body after the world is the one with the free joint
_MOST_DUMPS = 5  # a model with terrain is some 10 MB; the first few tell the story
# What a dump may say before it is taken for damaged or made up.
_MOST_SUBSTEPS = 1000
_MOST_ABOUT_BYTES = 10_000
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    RecursionError,  # brackets in brackets in about.json
    BadZipFile,
    mujoco.FatalError,
)


def keep_engine_quiet() -> None:
    """Keep MuJoCo from writing warnings to stderr and MUJOCO_LOG.TXT, in this whole process.

    What they would say is found, counted and reported here.
    """
    mujoco.set_mju_user_warning(_ignore)


def _ignore(_text: str) -> None:
    pass


def robots_out_of_bounds(qpos: np.ndarray, qvel: np.ndarray) -> np.ndarray:
    """Which rows are not finite or impossibly fast: [N] bool."""
    lost: np.ndarray = rows_beyond(qvel, SPEED_LIMIT) | rows_beyond(qpos, _POSITION_LIMIT)
    return lost


def rows_beyond(values: np.ndarray, limit: float) -> np.ndarray:
    """Which rows of `values` [N, M] hold a number as large as `limit`, or none at all: [N] bool."""
    # Nearly always none does: two reductions say so for a quarter of what looking at every row costs.
    if -limit < values.min() and values.max() < limit:  # NaN trips every comparison
        return np.zeros(len(values), dtype=bool)
    within: np.ndarray = (np.abs(values) < limit).all(axis=1)
    return ~within


class _Dumpable(Protocol):
    substeps: int

    @property
    def batch(self) -> Batch: ...


class FlightRecorder:
    """Remembers, for every robot, a past physics state and all inputs since: between 25 and 50 control steps of it."""

    def __init__(self, robots: int, state_size: int, joints: int, folder: Path | None) -> None:
        """`state_size` is the length of one robot's physics state; `folder` receives the dumps, None keeps none."""
        self.blow_ups = 0
        self.dumps: list[Path] = []
        self._folder = folder
        self._step = 0
        self._snapshots = np.zeros((2, robots, state_size))
        self._taken_at = np.zeros((2, robots), dtype=np.int64)
        log_steps = 2 * _WINDOW_STEPS
        self._controls = np.zeros((log_steps, robots, joints))
        self._forces = np.zeros((log_steps, robots, 3))
        self._kicks = np.zeros((log_steps, robots, 3))

    def restart(self, ids: np.ndarray, state: np.ndarray) -> None:
        """Robots `ids` were reset: nothing before this moment explains what follows."""
        self._snapshots[:, ids] = state[ids]
        self._taken_at[:, ids] = self._step

    def note_step(self, state: np.ndarray, control: np.ndarray, force: np.ndarray, kick: np.ndarray) -> None:
        """Called before a control step with the state it starts from and what will act on the robots."""
        if self._step % _WINDOW_STEPS == 0:
            which = (self._step // _WINDOW_STEPS) % 2
            self._snapshots[which] = state
            self._taken_at[which] = self._step
        row = self._step % (2 * _WINDOW_STEPS)
        self._controls[row], self._forces[row], self._kicks[row] = control, force, kick
        self._step += 1

    def keep_last_moments(self, ids: np.ndarray, simulator: _Dumpable) -> None:
        """Count the blow-ups of robots `ids` and write the first few to the dump folder."""
        self.blow_ups += len(ids)
        if self._folder is None:
            return
        for robot in ids[: max(0, _MOST_DUMPS - len(self.dumps))]:
            self.dumps.append(self._write(int(robot), simulator))

    def _write(self, robot: int, simulator: _Dumpable) -> Path:
        assert self._folder is not None
        which = int(np.argmin(self._taken_at[:, robot]))
        first = int(self._taken_at[which, robot])
        rows = np.arange(first, self._step) % (2 * _WINDOW_STEPS)
        folder = self._folder / f"blow-up-step-{self._step:09d}-robot-{robot:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        mujoco.mj_saveModel(simulator.batch.get_model(robot), str(folder / "model.mjb"))
        np.savez(
            folder / "moments.npz",
            state=self._snapshots[which, robot],
            controls=self._controls[rows, robot],
            base_forces_in_world_n=self._forces[rows, robot],
            velocity_kicks_in_world_mps=self._kicks[rows, robot],
        )
        about = {
            "robot": robot,
            "first_step": first,
            "failed_step": self._step - 1,
            "physics_steps_per_control_step": simulator.substeps,
            "mujoco": mujoco.__version__,
        }
        (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n")
        return folder


@dataclass(frozen=True, slots=True, eq=False)
class Dump:
    """What a dump folder holds; T control steps."""

    model: mujoco.MjModel
    robot: int
    first_step: int
    substeps: int
    state: np.ndarray  # full physics state before the first step
    controls: np.ndarray  # [T, J]
    base_forces_in_world_n: np.ndarray  # [T, 3]
    velocity_kicks_in_world_mps: np.ndarray  # [T, 3]

    @property
    def control_dt_s(self) -> float:
        """One control step."""
        return self.substeps * float(self.model.opt.timestep)


def load_dump(folder: Path) -> Dump:
    """Read a dump and check that its parts belong together; it may come from somebody else."""
    keep_engine_quiet()
    try:
        dump = _read_dump(folder)
        problem = _problem_of_model(dump.model) or _problem_of_numbers(dump) or _problem_of_arrays(dump)
        if problem:
            raise ValueError(problem)
    except _UNREADABLE as error:
        raise SurefootError(
            f"{folder} is no blow-up dump: {error}", hint="give a folder with model.mjb, moments.npz and about.json"
        ) from error
    return dump


def _problem_of_model(model: mujoco.MjModel) -> str | None:
    """What keeps it from being a robot on a free joint whose other joints are all driven."""
    floating = model.njnt > 0 and model.jnt_type[0] == mujoco.mjtJoint.mjJNT_FREE and model.jnt_bodyid[0] == _TRUNK
    if not floating or model.nu < 1 or model.nq != 7 + model.nu:
        return "its model is no robot with a free base and a motor at every joint"
    timestep_s = float(model.opt.timestep)
    return None if 0.0 < timestep_s < 1.0 else f"its model steps {timestep_s:g} s, must be above 0 and below 1"


def _problem_of_numbers(dump: Dump) -> str | None:
    if not 1 <= dump.substeps <= _MOST_SUBSTEPS:
        return f"physics_steps_per_control_step {dump.substeps} must be within 1 to {_MOST_SUBSTEPS}"
    return None if dump.first_step >= 0 else f"first_step {dump.first_step} must be at least 0"


def _problem_of_arrays(dump: Dump) -> str | None:
    arrays = (dump.state, dump.controls, dump.base_forces_in_world_n, dump.velocity_kicks_in_world_mps)
    if any(array.dtype.kind != "f" for array in arrays):
        return "its arrays are not all of floating-point numbers"
    steps = len(dump.controls) if dump.controls.ndim else 0
    state_size = mujoco.mj_stateSize(dump.model, _FULL_STATE)
    expected = ((state_size,), (steps, dump.model.nu), (steps, 3), (steps, 3))
    fit = all(array.shape == shape for array, shape in zip(arrays, expected, strict=True))
    return None if fit and 1 <= steps <= 2 * _WINDOW_STEPS else "its arrays do not fit its model"


def _read_dump(folder: Path) -> Dump:
    with (folder / "about.json").open("rb") as file:
        text = file.read(_MOST_ABOUT_BYTES + 1)
    if len(text) > _MOST_ABOUT_BYTES:
        raise ValueError(f"about.json has more than {_MOST_ABOUT_BYTES} bytes")
    about = json.loads(text)
    if about["mujoco"] != mujoco.__version__:
        raise SurefootError(
            f"{folder} was written by mujoco {about['mujoco']}, this is {mujoco.__version__}",
            hint="replay it with the version that wrote it: physics differs between versions",
        )
    with (folder / "moments.npz").open("rb") as file, np.load(file, allow_pickle=False) as moments:
        return Dump(
            model=mujoco.MjModel.from_binary_path(str(folder / "model.mjb")),
            robot=int(about["robot"]),
            first_step=int(about["first_step"]),
            substeps=int(about["physics_steps_per_control_step"]),
            state=moments["state"],
            controls=moments["controls"],
            base_forces_in_world_n=moments["base_forces_in_world_n"],
            velocity_kicks_in_world_mps=moments["velocity_kicks_in_world_mps"],
        )


def replay(dump: Dump) -> np.ndarray:
    """Play a dump again: qpos [1 + T, nq] before its first and after every control step; the last blew up."""
    keep_engine_quiet()
    model, data = dump.model, mujoco.MjData(dump.model)
    mujoco.mj_setState(model, data, dump.state, _FULL_STATE)
    positions = [data.qpos.copy()]
    for control, force, kick in zip(
        dump.controls, dump.base_forces_in_world_n, dump.velocity_kicks_in_world_mps, strict=True
    ):
        data.qvel[:3] += kick
        data.ctrl[:] = control
        data.xfrc_applied[_TRUNK, :3] = force
        mujoco.mj_step(model, data, dump.substeps)
        positions.append(data.qpos.copy())
    return np.array(positions)
