"""A robot for the tests of the safety layer: it does as it is told, and any of its fields can be bent."""

from __future__ import annotations

import dataclasses
import functools
import math

from surefoot_robots.loader import load_robot
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.limits import Limits, limits_of
from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_terms import PolicyTerms
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.settings_loader import available_settings, load_settings
from surefoot_safety.state import RobotState
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Inputs, Output

ROBOTS = available_settings()
DT = 0.005


@functools.cache
def limits(robot: str = "go2") -> Limits:
    return limits_of(load_robot(robot), load_settings(robot))


@functools.cache
def pose(robot: str = "go2", name: str = "default") -> tuple[float, ...]:
    return tuple(load_robot(robot).pose_rad(name).tolist())


def state(now_s: float = 1.0, sequence: int = 1, robot: str = "go2", **bent: object) -> RobotState:
    """Standing level and still, measured now; `bent` replaces fields."""
    still = (0.0,) * 12
    level = RobotState(
        robot_hash=limits(robot).robot_hash,
        sequence=sequence,
        stamp_s=now_s,
        joint_position_rad=pose(robot),
        joint_velocity_radps=still,
        joint_torque_nm=still,
        orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
        angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
        # Noise of its own for each sample: an IMU never repeats itself.
        acceleration_in_base_mps2=(0.0, 0.0, 9.81 + 1e-6 * sequence),
        foot_contact=(True, True, True, True),
        base_height_m=0.3,
        motor_temperature_c=(40.0,) * 12,
        motor_current_a=(2.0,) * 12,
        battery_voltage_v=30.0,
    )
    return dataclasses.replace(level, **bent)


def tilted(angle_rad: float, axis: str = "x") -> tuple[float, float, float, float]:
    """The orientation of a base that is turned about x (rolled to the right) or y (pitched down)."""
    cos, sin = math.cos(0.5 * angle_rad), math.sin(0.5 * angle_rad)
    return (cos, sin, 0.0, 0.0) if axis == "x" else (cos, 0.0, sin, 0.0)


def target(robot: str = "go2", **bent: object) -> JointTarget:
    """The default pose with the robot's own gains."""
    spec, still = load_robot_once(robot), (0.0,) * 12
    plain = JointTarget(
        pose(robot), still, still, tuple(spec.kp_nm_per_rad.tolist()), tuple(spec.kd_nms_per_rad.tolist())
    )
    return dataclasses.replace(plain, **bent)


@functools.cache
def load_robot_once(robot: str):
    return load_robot(robot)


def command(
    now_s: float = 1.0, sequence: int = 1, robot: str = "go2", kind: CommandKind = CommandKind.TRACK, **bent: object
) -> JointCommand:
    return JointCommand(limits(robot).robot_hash, sequence, now_s, kind, target(robot, **bent))


def answer(now_s: float, number: int, robot: str = "go2", **bent: object) -> JointCommand:
    """A command of a policy that looks at its sensors: never to the last bit the same as the one before."""
    plain = command(now_s, number, robot, **bent)
    *others, last = plain.target.position_rad
    law = dataclasses.replace(plain.target, position_rad=(*others, last + 1e-9 * (number % 7)))
    return dataclasses.replace(plain, target=law)


def at(values: tuple[float, ...], index: int, value: float) -> tuple[float, ...]:
    """The values with one of them replaced."""
    return (*values[:index], value, *values[index + 1 :])


class Rig:
    """A supervisor with a healthy robot, policy, operator and e-stop around it; any of them can be bent.

    Joints go where they are told, by at most 0.1 rad a tick. `tick` keyword arguments replace inputs of that tick;
    `state_bent` and `policy_bent` replace fields of sample and target; `None` for state, target or velocity takes them
    away.
    """

    def __init__(self, robot: str = "go2", gaits: object = None, terms: PolicyTerms | None = None) -> None:
        self.robot, self.limits = robot, limits(robot)
        self.supervisor = Supervisor(self.limits, gaits or pose_gaits(load_robot_once(robot), 0.05, 0.05), terms)
        self.now_s, self.count = 10.0, 0
        self.policy = (-1, self.now_s)
        self.joints = pose(robot, "lying")
        self.feet = (True,) * 4
        self.last: Output | None = None

    @property
    def mode(self) -> Mode:
        return self.supervisor.mode

    def healthy(self, *requests: Request, state_bent: dict | None = None, policy_bent: dict | None = None) -> Inputs:
        sample = state(self.now_s, self.count, self.robot, joint_position_rad=self.joints, foot_contact=self.feet)
        sample = dataclasses.replace(sample, **(state_bent or {}))
        if self.count // 4 != self.policy[0]:  # 50 Hz
            self.policy = (self.count // 4, self.now_s)
        number, stamp_s = self.policy
        policy = answer(stamp_s, number, self.robot, **(policy_bent or {}))
        velocity = VelocityCommand(self.count, self.now_s, 0.5, 0.0, 0.0)
        return Inputs(self.now_s, sample, policy, velocity, requests, EstopLevel.RELEASED)

    def tick(self, *requests: Request, state_bent=None, policy_bent=None, dt: float = DT, **replaced) -> Output:
        self.now_s, self.count = self.now_s + dt, self.count + 1
        inputs = self.healthy(*requests, state_bent=state_bent, policy_bent=policy_bent)
        self.last = self.supervisor.tick(dataclasses.replace(inputs, **replaced))
        if self.last.command.kind is CommandKind.TRACK:
            wanted = self.last.command.target.position_rad
            self.joints = tuple(a + min(0.1, max(-0.1, b - a)) for a, b in zip(self.joints, wanted, strict=True))
        return self.last

    def run(self, seconds: float, **keywords) -> Output:
        for _ in range(round(seconds / DT)):
            self.tick(**keywords)
        assert self.last is not None
        return self.last

    def to(self, mode: Mode) -> Rig:
        """Bring it there the way an operator would."""
        if mode is Mode.HANGING:
            self.feet = (False,) * 4
        self.tick()
        for request in WAY[mode]:
            self.tick(request)
            assert self.last.status.refusals == (), self.last.status
            self.run(ENOUGH_S.get(request, 0.0))
        assert self.mode is mode, (self.mode, mode, self.last.status)
        return self


_UP = (Request.ARM, Request.STAND)
WAY: dict[Mode, tuple[Request, ...]] = {
    Mode.OFF: (),
    Mode.DAMPED: (Request.ARM,),
    Mode.STANDING: _UP,
    Mode.WALKING: (*_UP, Request.WALK),
    Mode.FALLBACK: (*_UP, Request.CRAWL),
    Mode.SITTING: (*_UP, Request.SIT),
    Mode.HANGING: (Request.ARM, Request.HANG),
    Mode.STOPPED: (Request.ARM, Request.DAMP),
}
ENOUGH_S = {Request.STAND: 0.6, Request.SIT: 0.8}


def in_mode(mode: Mode, robot: str = "go2") -> Rig:
    """A rig in any mode, those that pass by themselves included."""
    rig = Rig(robot)
    if mode is Mode.STANDING_UP:
        rig.to(Mode.DAMPED).tick(Request.STAND)
    elif mode is Mode.SETTLING:
        rig.to(Mode.STANDING).tick(Request.SIT)
    else:
        rig.to(mode)
    assert rig.mode is mode, rig.last
    return rig
