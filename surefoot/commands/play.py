"""`surefoot play`: a film of a policy walking, with its command, its true velocity and its estimate drawn in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import seed
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

_SHEET_PICTURES = 8
_GIF_FRAMES_PER_S = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare who walks, where, and where the film goes."""
    parser.add_argument(
        "policy", metavar="RUN-or-policy",
        help="run folder, checkpoint, .onnx, name of a shipped policy, or a baseline: stand, trot",
    )  # fmt: skip
    parser.add_argument("--robot", help="another robot than the policy's")
    parser.add_argument("--task", help="another task than the policy's")
    parser.add_argument("--seconds", type=float, default=20.0, help="of walking (default: 20)")
    parser.add_argument(
        "--command", metavar="VX,VY,YAW", help="m/s, m/s, rad/s, all the time; negative: --command=-1,0,0"
    )
    parser.add_argument(
        "--course", action="store_true", help="stand, ahead, turns, sideways, back (default on a plane)"
    )
    parser.add_argument("--terrain", metavar="KIND:LEVEL", help="such as stairs_up:4; see `surefoot terrain`")
    parser.add_argument("--seed", type=seed, default=0, help="of everything random (default: 0)")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("play.mp4"), metavar="FILE",
        help="film .mp4, animation .gif, or .png, a sheet of eight pictures (default: play.mp4)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Walk, then draw."""
    from surefoot_robots.loader import load_robot
    from surefoot_training.evaluate.candidate import find_candidate, judging_task
    from surefoot_training.evaluate.course import parse_command, parse_lane, perform, set_stage
    from surefoot_training.evaluate.film import FRAMES_PER_S, draw_frames, frames_of
    from surefoot_training.evaluate.video import check_format, write_film

    _check(arguments)
    check_format(arguments.out)
    candidate = find_candidate(arguments.policy)
    task = judging_task(candidate, arguments.task)
    robot = load_robot(arguments.robot or candidate.robot)
    stage = set_stage(
        task,
        robot,
        arguments.seconds,
        command=parse_command(arguments.command) if arguments.command else None,
        lane=parse_lane(arguments.terrain, task) if arguments.terrain else None,
        seed=arguments.seed,
        threads=1,
    )
    walker = candidate.make(task, robot, 1)
    with progress_bar(round(arguments.seconds / task.control_dt_s), "walk") as advance:
        shots = perform(stage, walker, arguments.seconds, advance)
    frames_per_s = _GIF_FRAMES_PER_S if arguments.out.suffix == ".gif" else FRAMES_PER_S
    chosen = frames_of(shots, frames_per_s)
    if arguments.out.suffix == ".png":
        chosen = _spread(chosen, _SHEET_PICTURES)
    told = ", told its true velocity" if candidate.is_told_velocity else ""
    title = f"{robot.name}, {arguments.terrain or 'flat'}{told}"
    with progress_bar(len(chosen), "draw") as advance:

        def counted() -> Iterator[np.ndarray]:
            for picture in draw_frames(stage, shots, chosen, title):
                yield picture
                advance()

        write_film(counted(), arguments.out, frames_per_s)
    falls = sum(shot.fell for shot in shots)
    print(f"{arguments.out}: {arguments.seconds:g} s, {falls} falls{told and f'{told}, which no robot knows'}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if not 0.1 <= arguments.seconds <= 600.0:
        raise SurefootError(f"--seconds {arguments.seconds:g}", hint="give 0.1 to 600")
    if arguments.course and (arguments.command or arguments.terrain):
        raise SurefootError("--course goes alone", hint="leave out --command and --terrain, or --course")


def _spread(items: list[int], count: int) -> list[int]:
    """So many of them, evenly, first and last among them."""
    last = len(items) - 1
    return [items[round(index * last / max(1, count - 1))] for index in range(min(count, len(items)))]
