"""A plan for a robot that stands on the ground, played through its supervisor as a policy's targets are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from surefoot.identifying.motion import Motion
from surefoot.identifying.player import FRESH_S, Numbers, Played, Player
from surefoot_calibration.log.joint_log import Gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.place import folder_of, make_folder
from surefoot_safety.channel.records import CONTACT
from surefoot_safety.gaits import gaits_of
from surefoot_safety.mode import Mode, Request
from surefoot_safety.settings import Settings
from surefoot_training.simulated.config import World
from surefoot_training.simulated.stepped import Stepped

STAND_S = 12.0
"""It takes six to stand up at most, and gaits come to rest behind that."""
TICK_S = 0.001


class StandingPlayer(Player):
    """Plays on the ground: to begin with, the robot must stand there."""

    mode, begins_by, ends_by = Mode.WALKING, Request.WALK, Request.STAND

    def _way(self, motion: Motion, now_s: float) -> tuple[tuple[float, ...], ...]:
        """The supervisor leads joints to where the motion begins in half a second."""
        return (motion.pose_rad,)

    def check(self, now_s: float) -> None:
        """Whether the robot stands, and on all of its feet as far as those say."""
        state, status = self._states.read(now_s), self._statuses.read(now_s)
        if state is None or status is None or now_s - state.record.stamp_s > FRESH_S:
            raise SurefootError("the robot sends no samples", hint="see what it does: surefoot status")
        if status.record.mode is not Mode.STANDING:
            raise SurefootError(
                f"the robot is {status.record.mode.value}: must be standing, on the ground",
                hint="surefoot mode arm, then surefoot mode stand --wait 10",
            )
        if state.record.reported & CONTACT and not all(state.record.foot_contact):
            raise SurefootError("a foot does not touch the ground: the robot must stand on all four")


def rehearsed_standing(
    robot: RobotSpec,
    settings: Settings,
    motion: Motion,
    gains: Gains,
    *,
    world: World | None = None,
    told: Callable[[], None] = lambda: None,
) -> Played:
    """Stand a simulated robot up on the ground and play the motion through link and supervisor.

    Errors if it ends early. `told` is called every simulated second.
    """
    with tempfile.TemporaryDirectory() as root:
        folder = folder_of(robot.name, Path(root))
        make_folder(folder)
        stack = Stepped(robot, settings, gaits_of(robot), world or World(), folder)
        player = StandingPlayer(robot, gains, folder, stack.target, Numbers())
        try:
            _stand(stack)
            player.check(stack.now_s)
            return player.play(motion, stack.ask, _stepping(stack, told))
        finally:
            player.close()
            stack.close()


def _stand(stack: Stepped) -> None:
    stack.run(0.5)
    for request in (Request.ARM, Request.STAND):
        refusal = stack.ask(request).refusal
        if refusal:
            raise SurefootError(f"rehearsal: {refusal}")
    stack.run(STAND_S, until=lambda: stack.mode is Mode.STANDING)
    stack.run(1.0)
    if stack.mode is not Mode.STANDING:
        raise SurefootError(f"rehearsal: the simulated robot is {stack.mode.value}, and not standing")


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
