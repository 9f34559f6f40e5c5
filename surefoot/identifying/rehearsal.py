"""A plan tried before anything moves: by simulated robots and the gate, then by the whole stack in injected time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from surefoot.identifying.heard import Losses
from surefoot.identifying.motion import Motion
from surefoot.identifying.player import Numbers, Played, Player
from surefoot_calibration.log.joint_log import Gains, JointLog
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.place import folder_of, make_folder
from surefoot_safety.gaits import gaits_of
from surefoot_safety.mode import Request
from surefoot_safety.settings import Settings
from surefoot_training.simulated.config import HELD, World
from surefoot_training.simulated.stepped import Stepped

TICK_S = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What came of it."""

    log: JointLog
    clamped: int
    losses: Losses


def rehearsed(
    robot: RobotSpec,
    settings: Settings,
    motion: Motion,
    gains: Gains,
    *,
    world: World | None = None,
    told: Callable[[], None] = lambda: None,
) -> Rehearsal:
    """Hang a simulated robot up and play the motion through link and supervisor; errors if it ends early.

    `told` is called every simulated second.
    """
    world = replace(world or World(), trunk=HELD)
    with tempfile.TemporaryDirectory() as root:
        folder = folder_of(robot.name, Path(root))
        make_folder(folder)
        stack = Stepped(robot, settings, gaits_of(robot), world, folder)
        player = Player(robot, gains, folder, stack.target, Numbers())
        try:
            _arm(stack)
            player.check(stack.now_s)
            found = player.play(motion, stack.ask, _stepping(stack, told))
            return _result(found, robot, gains)
        finally:
            player.close()
            stack.close()


def _arm(stack: Stepped) -> None:
    """Once samples have come."""
    stack.run(0.5)
    refusal = stack.ask(Request.ARM).refusal
    if refusal:
        raise SurefootError(f"rehearsal: {refusal}")


def _stepping(stack: Stepped, told: Callable[[], None]) -> Callable[[], float]:
    ticks = 0

    def step() -> float:
        nonlocal ticks
        ticks += 1
        if ticks % round(1.0 / TICK_S) == 0:
            told()
        stack.run(TICK_S)
        return stack.now_s

    return step


def _result(found: Played, robot: RobotSpec, gains: Gains) -> Rehearsal:
    heard = found.heard
    return Rehearsal(heard.log(robot, gains, "rehearsal", 0.0), found.clamped, heard.losses)
