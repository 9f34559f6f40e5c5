"""`surefoot task` as a user runs it: on a terminal, into a pipe, and on the dump of a simulation that blew up."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from surefoot_robots.loader import load_robot
from surefoot_training.sim.blow_up_trace import trace
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terrain import Terrain

GO2 = load_robot("go2")
STANCE = GO2.default_joint_position_rad
ROBOTS, DOOMED, STEPS = 2, 1, 30


def surefoot_task(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "surefoot", "task", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def on_a_terminal(columns: int, *words: str) -> list[str]:
    """What a terminal of that width shows, line by line, without colours."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "surefoot", "task", *words],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color"},
    ) as process:
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # Linux says so when the other end is closed
            while part := os.read(ours, 65536):
                told += part
        os.close(ours)
    assert process.returncode == 0, told
    return re.sub(r"\x1b\[[0-9;]*m", "", told.decode()).replace("\r", "").split("\n")


def width(line: str) -> int:
    """On the screen: the dot of q̇ takes no room of its own."""
    return sum(not unicodedata.combining(character) for character in line)


@pytest.mark.parametrize("columns", [80, 100, 200])
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_terminal_breaks_no_name_and_no_line_is_too_long(task, columns: int) -> None:
    lines = on_a_terminal(columns, task.name)
    assert max(width(line) for line in lines) <= columns
    names = [line.split()[0] for line in lines if line.strip() and not line.startswith(" ")]
    for term in (*task.rewards, *task.terminations, *task.observation, *task.privileged):
        assert term.name in names
    for name in ("initial_angular_velocity_radps", "gyro_drift_radps_per_sqrt_s", "scan.drop_probability"):
        assert name in names
    sources = [line for line in lines if "← " in line]
    assert len(sources) == (0 if columns == 200 else pytest.approx(80, abs=15))


def test_a_wide_terminal_has_a_column_for_sources() -> None:
    row = next(line for line in on_a_terminal(200, "velocity-rough") if line.startswith("base_mass_added_kg"))
    assert re.split(r"\s{2,}", row.rstrip()) == [
        "base_mass_added_kg",
        "-1 to 3 kg",
        "uniform",
        "payload on the trunk",
        "the plan; unitree_rl_lab, walk-these-ways",
    ]


def test_a_pipe_gets_one_row_per_line_and_no_escape_codes() -> None:
    done = surefoot_task("velocity-rough")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "─" not in done.stdout
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("supply_voltage_scale"))
    meaning, source = re.split(r"\s{2,}", row)[-2:]
    assert meaning.endswith("common to a robot: its battery's voltage")
    assert source == "own choice: lithium cells of Go2, 4.2 V when full, 3.4 V near the end and under load"


def test_json_is_one_object_and_nothing_else() -> None:
    done = surefoot_task("velocity-flat", "--json", "--only", "rewards")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rewards"][0]["name"] == "linear_velocity_tracking"


def test_showing_a_task_loads_neither_torch_nor_a_plotter() -> None:
    code = """
import sys
from surefoot.cli import main
main(["task", "velocity-rough", "--json"])
print([name for name in ("torch", "matplotlib", "scipy", "gymnasium") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_task_is_wrong_usage() -> None:
    done = surefoot_task("velocity-ruff")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: there is no task 'velocity-ruff'; did you mean velocity-rough?\n"
        "hint: tasks: velocity-flat, velocity-rough\n"
    )


# Dumps


@dataclass(frozen=True)
class Seen:
    """What the simulator itself said about the doomed robot, step by step."""

    folder: Path
    base_height_m: np.ndarray
    gravity_z_in_base: np.ndarray
    joint_position: np.ndarray  # one row more: where it started


def blow_up(folder: Path, kick_mps: float = 0.0, spoilt_target: float = 0.0, force_n: float = 0.0) -> Seen:
    """A robot that wriggles on the spot, is pushed gently for three steps, and in the end is done for."""
    simulator = MujocoBatch(GO2, Terrain.flat(), ROBOTS, threads=1, dump_folder=folder)
    rng = np.random.default_rng(2)
    heights, gravities, joints = [], [], [simulator.state().joint_position[DOOMED].copy()]
    for step in range(STEPS):
        target = np.tile(STANCE, (ROBOTS, 1)) + rng.normal(0.0, 0.15, (ROBOTS, 12))
        force = np.zeros((ROBOTS, 3))
        force[DOOMED, 1] = 20.0 if 10 <= step < 13 else 0.0
        if step == STEPS - 1:
            target[DOOMED, 5] += spoilt_target
            force[DOOMED, 0] += force_n
            simulator.push(np.where(np.arange(ROBOTS)[:, None] == DOOMED, [kick_mps, 0.0, 0.0], 0.0))
        simulator.set_base_force(force)
        simulator.step(target)
        state = simulator.state()
        heights.append(state.base_position_in_world[DOOMED, 2])
        gravities.append(state.gravity_in_base[DOOMED, 2])
        joints.append(state.joint_position[DOOMED].copy())
    assert list(simulator.failed()) == [False, True]
    (dump,) = folder.iterdir()
    return Seen(dump, np.array(heights), np.array(gravities), np.array(joints))


@pytest.fixture(scope="module")
def kicked(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return blow_up(tmp_path_factory.mktemp("dumps"), kick_mps=300.0)


def test_the_trace_is_what_the_simulator_saw(kicked: Seen) -> None:
    seen, found = kicked, trace(kicked.folder)
    assert (found.robot, found.control_dt_s) == (DOOMED, pytest.approx(0.02))
    np.testing.assert_array_equal(found.step, np.arange(STEPS))
    np.testing.assert_allclose(found.base_height_m, seen.base_height_m, rtol=1e-6)
    np.testing.assert_allclose(np.cos(found.tilt_rad), -seen.gravity_z_in_base, atol=1e-5)
    speeds = np.abs(np.diff(seen.joint_position, axis=0)) / 0.02
    np.testing.assert_allclose(found.joint_speed_radps, speeds.max(axis=1), rtol=1e-3)
    assert list(found.fastest_joint) == [GO2.joint_names[joint] for joint in speeds.argmax(axis=1)]
    np.testing.assert_array_equal(np.flatnonzero(found.base_force_n == 20.0), [10, 11, 12])
    np.testing.assert_array_equal(np.flatnonzero(found.velocity_kick_mps == 300.0), [STEPS - 1])


def test_the_trace_says_what_passed_which_limit(kicked: Seen, tmp_path: Path) -> None:
    found = trace(kicked.folder)
    assert found.left_sane_range == STEPS - 1
    assert re.fullmatch(
        r"(the base|\w\w_\w+_joint) moved at \d\S* (m|rad)/s, limit 200", found.reason
    )  # legs fly apart when the base is torn away
    spoilt = trace(blow_up(tmp_path, spoilt_target=float("nan")).folder)
    assert (spoilt.left_sane_range, spoilt.reason) == (STEPS - 1, "a joint target was not a finite number")


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_positions_that_are_not_finite_are_null_in_json(tmp_path: Path) -> None:
    dump = blow_up(tmp_path, force_n=1e13).folder
    done = surefoot_task("replay", str(dump), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["reason"] == "its positions are not finite"
    assert told["steps"]["base_height_m"][-1] is None
    assert told["steps"]["base_height_m"][-2] == pytest.approx(0.27, abs=0.03)


def test_replay_prints_every_step(kicked: Seen) -> None:
    done = surefoot_task("replay", str(kicked.folder))
    assert (done.returncode, done.stderr) == (0, "")
    title, head, *lines = done.stdout.splitlines()
    assert title == f"robot {DOOMED}: its last {STEPS} control steps of 0.02 s"
    assert re.split(r"\s{2,}", head)[:3] == ["step", "height m", "tilt °"]
    rows = lines[:STEPS]
    assert [int(row.split()[0]) for row in rows] == list(range(STEPS))
    assert [float(row.split()[1]) for row in rows] == pytest.approx(kicked.base_height_m, abs=6e-4)
    assert [row.endswith("push 20 N") for row in rows].count(True) == 3
    assert rows[-1].endswith("kick 300 m/s, out of bounds")
    assert lines[STEPS].startswith(f"out of bounds in step {STEPS - 1}: ")


def test_replay_draws_the_curves(kicked: Seen, tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    done = surefoot_task("replay", str(kicked.folder), "--png", str(picture), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["png"] == str(picture)
    with Image.open(picture) as image:
        assert (image.format, image.size) == ("PNG", (1100, 770))
        pixels = np.asarray(image.convert("RGB")).astype(int)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    curve, mark = (blue > red + 80) & (blue > 150), (red > 150) & (red > green + 90)
    # A curve in each of the three panels, over all of their width, and the mark of the end at their right.
    for panel in range(3):
        third = curve[panel * 250 + 20 : (panel + 1) * 250]
        assert np.ptp(np.flatnonzero(third.any(axis=0))) > 850
    assert np.flatnonzero(mark.sum(axis=0) > 500).min() > 1000


def test_nothing_is_left_behind_where_it_was_run(kicked: Seen, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "surefoot", "task", "replay", str(kicked.folder)]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert list(tmp_path.iterdir()) == []  # MuJoCo would write MUJOCO_LOG.TXT


def test_a_folder_that_is_no_dump_is_one_line(tmp_path: Path) -> None:
    done = surefoot_task("replay", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"error: {tmp_path} is no blow-up dump: ")
    assert hint == "hint: give a folder with model.mjb, moments.npz and about.json"
