"""`surefoot demo`, which `make demo` runs: the whole story, from learning to walk to a report."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import seed
from surefoot.output import print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.demo.acts import Play

DESCRIPTION = (
    "Shows the whole story with the commands and processes that anybody would use: learn to walk, evaluate, export, "
    "verify; start a simulated robot with its ROS 2 nodes, walk it, push it, kill its policy, press its e-stop; "
    "identify a robot from a log; write reports. Ctrl-C ends it, and everything that it started."
)
MARK = ".made-by-surefoot-demo"
"""In a folder that the next demonstration may clear."""
LEAST_FREE_BYTES = 500_000_000
"""Recording, checkpoints, pages and logs are a tenth of it."""
_NEXT = (
    ("up --sim --policy go2-velocity-flat", "the robot again; drive it with `surefoot drive` in another terminal"),
    ("play go2-velocity-rough --terrain stairs_up:4", "a film of another policy on stairs, which it cannot see"),
    ("doctor", "what this machine lacks for more"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to put what it makes, and how long to take."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="FOLDER", help="for reports and all else (default: demo)"
    )
    parser.add_argument(
        "--quick", action="store_true", default=_wants_quick(), help="with the shipped policy; also with QUICK=1"
    )
    parser.add_argument(
        "--patient",
        action="store_true",
        help="deadlines as late as settings allow, for a machine that does something else besides",
    )
    parser.add_argument("--seed", type=seed, default=0, help="of everything random (default: 0)")


def run(arguments: argparse.Namespace) -> int:
    """Act by act; a line before each, and one with what came of it."""
    from surefoot.terminated import like_ctrl_c
    from surefoot_control.ros import check_ros

    check_ros()
    out: Path = arguments.out
    _prepare(out)
    _keep_to_ourselves()
    with like_ctrl_c():
        play = _play(out, arguments)
    _say("\nTo look at:")
    for page, shows in play.pages:
        _say(f"  {page.resolve()}  {shows}")
    _say("\nTry next:")
    print_table(["command", "shows"], [(f"{_how_to_call()} {words}", shows) for words, shows in _NEXT])
    return 0


def _play(out: Path, arguments: argparse.Namespace) -> Play:
    from surefoot.demo.acts import Play, acts
    from surefoot.demo.children import Children

    children = Children(out / "logs")
    play = Play(children, out, arguments.seed, arguments.quick, arguments.patient)
    program = acts(arguments.quick)
    began_s = time.monotonic()
    try:
        for number, act in enumerate(program, 1):
            act_began_s = time.monotonic()
            _say(f"{number:2}/{len(program)}  {act.title}")
            said = act.play(play)
            _say(f"       {said}  ({time.monotonic() - act_began_s:.0f} s)")
    finally:
        if play.stage is not None or play.hanging is not None:
            _say("       ending what was started")
        children.close()
    _say(f"\n{(time.monotonic() - began_s) / 60.0:.1f} minutes")
    return play


def _prepare(out: Path) -> None:
    """An empty folder with room in it; one that an earlier demonstration has filled is cleared."""
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARK).exists():
            raise SurefootError(
                f"{out} is not empty, and not of an earlier demonstration",
                hint="name another folder with --out, or remove it",
            )
        shutil.rmtree(out)
    (out / "logs").mkdir(parents=True)
    (out / MARK).touch()
    free_bytes = shutil.disk_usage(out).free
    if free_bytes < LEAST_FREE_BYTES:
        raise SurefootError(
            f"{out.resolve()}: only {free_bytes / 1e6:.0f} MB are free on this disk: at least "
            f"{LEAST_FREE_BYTES / 1e6:.0f} MB are needed",
            hint="free some space, or choose another place with --out",
        )


def _keep_to_ourselves() -> None:
    """Nodes of this demonstration meet each other alone: what drives its robot must never drive anybody else's."""
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.pop("ROS_STATIC_PEERS", None)


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
