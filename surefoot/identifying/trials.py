"""Robots in the air and on the ground that are asked to hang: whom the supervisor follows, and how far the others get.

Link, supervisor and gaits as they are, simulated robots with random weights, friction, motors and ground, in steps of
injected time. The same seed makes the same robots.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from surefoot.identifying.motion import Motion, motion_of
from surefoot.identifying.player import Numbers, Player
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.log.gains import chosen_gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.place import folder_of, make_folder
from surefoot_safety.gaits import gaits_of
from surefoot_safety.mode import Mode, Request
from surefoot_safety.settings_loader import available_settings, load_settings
from surefoot_safety.table import Trigger
from surefoot_training.simulated.config import FREE, HELD, Ground, Sensors, Truth, World
from surefoot_training.simulated.stepped import Stepped

PLAN_S, TICK_S = 6.0, 0.001
HUNG_FROM = ("lying", "home", "default")
UNEVEN_RAD = 0.15
"""Legs drop from such poses, none quite as the other. They hang inwards, and feet of left and right may meet."""
DROP_M = 0.35
"""From where those fall that lie as they fell: no leg reaches that far."""
REST_S, ARRIVE_S, AFTER_S = 1.5, 12.0, 1.0
MET_S = 0.2
ROSE_M = 0.02
"""More than this is a robot that pushes itself up: a foot's ball gives way by less."""


class Place(Enum):
    """Where a robot is when it is asked to hang."""

    HUNG = "in the air"
    LYING = "lies"
    FALLEN = "lies as it fell"
    SAT = "sat down, disarmed, armed"
    LET_GO = "stood, and was let go of just now"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one robot."""

    robot: str
    place: Place
    seed: int
    reports_contact: bool
    followed: bool
    """Whether its plan was played to the end."""
    why: str
    """It was not."""
    hung_s: float
    """For so long targets were followed."""
    rose_m: float
    """Its trunk, at most, since it was asked."""
    clamped: int
    met_s: float
    """For so long, while it followed, two of its legs touched one another."""

    @property
    def reason(self) -> str:
        """The trigger that refused or ended it; empty if none did."""
        named = [trigger.value for trigger in Trigger if f": {trigger.value}" in self.why]
        return named[0] if named else self.why

    @property
    def is_tangled(self) -> bool:
        """Whether it hangs with legs in each other's way, which a hand must take apart."""
        return self.place is Place.HUNG and not self.followed and self.met_s > MET_S

    @property
    def right(self) -> bool:
        """Who hangs freely is to be measured, and nobody else to be moved."""
        if self.place is Place.HUNG:
            return self.followed or self.is_tangled
        return not self.followed and self.rose_m < ROSE_M


def trials(places: tuple[Place, ...], robots: int) -> Iterator[Outcome]:
    """So many for each place: every other one reports contact, and every third is another kind."""
    names = available_settings()
    for place in places:
        for seed in range(robots):
            yield trial(names[seed % len(names)], place, seed, reports_contact=seed % 2 == 0)


def trial(name: str, place: Place, seed: int, *, reports_contact: bool) -> Outcome:
    """One robot, asked."""
    robot = load_robot(name)
    rng = np.random.default_rng([seed, list(Place).index(place)])
    world = _world(robot, place, seed, rng, reports_contact=reports_contact)
    with tempfile.TemporaryDirectory() as root:
        folder = folder_of(name, Path(root))
        make_folder(folder)
        stack = Stepped(robot, load_settings(name), gaits_of(robot), world, folder)
        player = Player(robot, chosen_gains(None, None, robot), folder, stack.target, Numbers())
        try:
            _bring(stack, place, robot, rng)
            watch, (why, clamped) = _Watch(stack), ("", 0)
            try:
                clamped = player.play(_motion(robot, rng), stack.ask, watch.step).clamped
            except SurefootError as error:
                why = error.message
            watch.wait(AFTER_S)
            seen = watch.hung_s, watch.rose_m, clamped, watch.met_s
            return Outcome(name, place, seed, reports_contact, not why, why, *seen)
        finally:
            player.close()
            stack.close()


def _world(robot: RobotSpec, place: Place, seed: int, rng: np.random.Generator, *, reports_contact: bool) -> World:
    """Twice as heavy or half, loose or stiff, weak or strong; on ground that slopes."""
    joints = len(robot.joint_names)
    truth = Truth(
        armature_kgm2=tuple((robot.armature_kgm2 * rng.uniform(0.5, 1.5, joints)).tolist()),
        damping_nms_per_rad=tuple((robot.damping_nms_per_rad * rng.uniform(0.5, 1.5, joints)).tolist()),
        friction_nm=tuple(rng.uniform(0.0, 0.6, joints).tolist()),
        encoder_offset_rad=tuple(rng.uniform(-0.02, 0.02, joints).tolist()),
        motor_strength=tuple(rng.uniform(0.8, 1.2, joints).tolist()),
        action_delay_s=float(rng.uniform(0.0, 0.025)),
        base_mass_kg=float(robot.trunk.inertial.mass_kg * rng.uniform(0.6, 2.0)),
        base_com_x_m=float(rng.uniform(-0.05, 0.05)),
        foot_friction=float(rng.uniform(0.2, 1.2)),
    )
    hung = place is Place.HUNG
    slope_rad = 0.0 if hung else float(rng.uniform(-0.15, 0.15))
    return World(
        seed=seed,
        trunk=HELD if hung else FREE,
        ground=Ground() if hung else Ground("slope", slope_rad),
        truth=truth,
        sensors=Sensors(foot_contact=reports_contact),
    )


def _bring(stack: Stepped, place: Place, robot: RobotSpec, rng: np.random.Generator) -> None:
    """To where it is asked, armed."""
    joints, height = stack.robot.body.data.qpos[7:], stack.robot.body.data.qpos[2:3]
    if place is Place.HUNG:
        pose = robot.pose_rad(HUNG_FROM[rng.integers(len(HUNG_FROM))])
        joints[:] = pose + rng.uniform(-UNEVEN_RAD, UNEVEN_RAD, len(pose))
    if place is Place.FALLEN:
        joints[:] = rng.uniform(robot.joint_lower_rad, robot.joint_upper_rad)
        height += DROP_M
    stack.run(REST_S)
    if place in {Place.SAT, Place.LET_GO}:
        for request in (Request.ARM, Request.STAND):
            _follow(stack, request)
        stack.run(ARRIVE_S, until=lambda: stack.mode is Mode.STANDING)
        stack.run(REST_S)
    if place is Place.SAT:
        _follow(stack, Request.SIT)
        stack.run(ARRIVE_S, until=lambda: stack.mode is Mode.SITTING)
        _follow(stack, Request.DISARM)
        stack.run(REST_S)
    if place is Place.LET_GO:
        for request in (Request.DAMP, Request.RESET):
            _follow(stack, request)
    _follow(stack, Request.ARM)


def _follow(stack: Stepped, request: Request) -> None:
    refusal = stack.ask(request).refusal
    if refusal:
        raise SurefootError(f"the trial never began: {refusal}")


def _motion(robot: RobotSpec, rng: np.random.Generator) -> Motion:
    return motion_of(make_plan(robot, PlanOptions(seconds=PLAN_S), random_phases(rng)))


class _Watch:
    """Lets a millisecond pass, and looks."""

    def __init__(self, stack: Stepped) -> None:
        self._stack, self._began_m = stack, self._height_m(stack)
        self.hung_s = self.rose_m = self.met_s = 0.0

    @staticmethod
    def _height_m(stack: Stepped) -> float:
        return float(stack.robot.body.data.qpos[2])

    def step(self) -> float:
        """Say when it is then."""
        self._stack.run(TICK_S)
        if self._stack.mode is Mode.HANGING:
            self.hung_s += TICK_S
            self.met_s += TICK_S * bool(self._stack.robot.body.data.ncon)
        self.rose_m = max(self.rose_m, self._height_m(self._stack) - self._began_m)
        return self._stack.now_s

    def wait(self, seconds: float) -> None:
        """Go on looking."""
        for _ in range(round(seconds / TICK_S)):
            self.step()
