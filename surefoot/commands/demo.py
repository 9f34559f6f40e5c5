"""`surefoot demo`, which `make demo` runs: the most of the main job that exists so far, in a few minutes."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import seed
from surefoot.output import print_table
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.demo.walk import Walk
    from surefoot_training.task.environment import WalkingEnvironment

CHECK_FAILED = 1  # as against wrong usage, 2; see surefoot/cli.py
_NEXT = (
    ("task velocity-rough", "everything the task rewards, randomizes and measures"),
    ("robot show go2", "every number of the robot with its source"),
    ("bench sim", "how fast your machine simulates, against the bare engine"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to put the pictures, and how long to take."""
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="FOLDER", help="for pictures (default: demo)")
    parser.add_argument(
        "--quick", action="store_true", default=_wants_quick(), help="fewer robots, shorter; also with QUICK=1"
    )
    parser.add_argument("--seed", type=seed, default=0, help="of everything random (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Act by act; each says in a line what it shows."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    robots, seconds = (128, 6.0) if arguments.quick else (1024, 12.0)
    _say("1/5  The robots, from one file each:")
    _show_robots(arguments.out)
    _say("2/5  The terrain they are to walk on, ten levels of each kind:")
    _draw_terrain(arguments.out, arguments.seed)
    _say(f"3/5  {robots} Go2 trot over it for {seconds:g} s, by a fixed gait, which feels nothing.")
    walk, environment = _walk(robots, seconds, arguments.seed, arguments.out)
    _say("4/5  A picture of them:")
    _draw_robots(walk, environment, arguments.out)
    _say("5/5  The same second of simulation, on one thread and on two:")
    if not _is_repeatable(arguments.seed):
        print("error: two runs with one seed differ", file=sys.stderr)
        print("hint: this is a bug: please report your processor and OS", file=sys.stderr)
        return CHECK_FAILED
    _say("     identical to the last bit.")
    _say(f"\nPictures are in {arguments.out.resolve()}. Try next:")
    print_table(["command", "shows"], [(f"{_how_to_call()} {words}", shows) for words, shows in _NEXT])
    return 0


def _how_to_call() -> str:
    """What to type here for `surefoot`: the short word only where the shell finds this very command by it."""
    ours, found = Path(sys.executable).with_name("surefoot"), shutil.which("surefoot")
    if found and ours.exists() and ours.samefile(found):
        return "surefoot"
    here = Path.cwd()
    if not ours.exists():
        return f"{shlex.quote(sys.executable)} -m surefoot"
    return shlex.quote(str(ours.relative_to(here) if ours.is_relative_to(here) else ours))


def _say(line: str) -> None:
    print(line, flush=True)


def _wants_quick() -> bool:
    return os.environ.get("QUICK", "0") not in {"", "0"}


def _show_robots(out: Path) -> None:
    from surefoot_robots.loader import available_robots, load_robot
    from surefoot_robots.urdf import build_urdf

    rows = []
    for name in available_robots():
        robot = load_robot(name)
        file = out / f"{name}.urdf"
        file.write_text(build_urdf(robot), encoding="utf-8")
        rows.append((robot.title, f"{robot.total_mass_kg:.2f}", f"{robot.standing_height_m:.3f}", file))
    print_table(["robot", "mass kg", "stands at m", "URDF for ROS tools"], rows)


def _draw_terrain(out: Path, seed: int) -> None:
    from surefoot_training.task.terrain import TerrainConfig
    from surefoot_training.task.terrain.picture import draw_overview

    file = out / "terrain.png"
    draw_overview(TerrainConfig(seed=seed), file)
    _say(f"     {file}")


def _walk(robots: int, seconds: float, seed: int, out: Path) -> tuple[Walk, WalkingEnvironment]:
    from surefoot_training.demo.charts import draw_trace
    from surefoot_training.demo.walk import walk

    steps = round(seconds / 0.02)
    kept = out / "blow-ups"
    with progress_bar(2 * steps, "simulate") as advance:
        specified, environment = walk(
            robots, seconds, seed, randomized=False, report=advance, dump_folder=kept / "as-specified"
        )
        randomized, _ = walk(robots, seconds, seed, randomized=True, report=advance, dump_folder=kept / "randomized")
    for what, of, name in (
        ("as specified", specified, "walk"),
        ("randomized and pushed", randomized, "walk-randomized"),
    ):
        file = out / f"{name}.png"
        draw_trace(
            of.trace, f"A Go2, {what}, trots by a fixed gait up a slope (shaded: pushed; dotted: fell, put back)", file
        )
        speed = f"those that stayed up {of.mean_speed_mps:.2f} m/s forward"
        _say(f"     {what}: {speed}, {of.falls} falls, {of.blow_ups} blow-ups; {file}")
    if specified.blow_ups + randomized.blow_ups:
        _say(f"     Their last moments are in {kept}: `{_how_to_call()} task replay FOLDER` shows what went first.")
    _say(f"     {randomized.control_steps_per_s:,.0f} control steps/s. Walking anyway is what a policy will learn.")
    return specified, environment


def _draw_robots(walk: Walk, environment: WalkingEnvironment, out: Path) -> None:
    from surefoot_training.demo.scene import draw_scene

    file = out / "robots.png"
    try:
        draw_scene(walk.poses, environment, file)
    except SurefootError as error:  # a machine without OpenGL can do everything else
        _say(f"     left out: {error}; {error.hint}")
    else:
        _say(f"     {file}")


def _is_repeatable(seed: int) -> bool:
    import numpy as np

    from surefoot_training.task.tasks import make_environment

    rewards = []
    for threads in (1, 2):
        environment = make_environment("velocity-flat", 64, seed=seed, threads=threads)
        targets = np.random.default_rng(seed).normal(0.0, 0.5, (50, 64, 12)).astype(np.float32)
        rewards.append([environment.step(environment.joint_target_of(action)).reward for action in targets])
    return bool(np.array_equal(rewards[0], rewards[1]))
