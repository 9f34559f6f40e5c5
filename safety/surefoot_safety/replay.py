"""What the supervisor would have done on a recorded walk: when it would have taken the robot from its policy, and why.

The recording does not answer to the supervisor. What counts is therefore its first act: from then on the robot would
have moved otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.limits import Limits
from surefoot_safety.mode import Mode, Request
from surefoot_safety.pose_gait import PoseGait, pose_gaits
from surefoot_safety.replay_log import Floats64, WalkLog
from surefoot_safety.state import Floats, RobotState, gravity_in_base
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Inputs, Output

LEAD_S = 0.8
"""Before the first row the robot is taken to have stood there: so long the supervisor needs from off to walking."""
TICK_S = 0.005
WARNING_S = 0.15
"""Before the trunk touches the ground."""


@dataclass(frozen=True, slots=True)
class Trip:
    """The supervisor's first act."""

    at_s: float
    """On the log's clock."""
    triggers: tuple[str, ...]
    reason: str
    mode: str
    """Where it led."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of one log."""

    seconds: float
    is_fall: bool
    trip: Trip | None
    lead_s: float | None
    """From the trip to the trunk's contact; None without either."""
    is_early: bool = False
    """Whether the trip came before what made the robot fall: luck, not foresight."""

    @property
    def kept(self) -> bool:
        """Whether the supervisor did right: left a good walk alone, or was early enough for a fall."""
        if not self.is_fall:
            return self.trip is None
        return not self.is_early and self.lead_s is not None and self.lead_s >= WARNING_S

    @property
    def is_false(self) -> bool:
        """Whether the supervisor acted on a robot that was well."""
        return self.trip is not None and (self.is_early or not self.is_fall)


def replay(log: WalkLog, limits: Limits, spec: RobotSpec) -> Replay:
    """Play a log to a supervisor of its robot, up to its first act."""
    if log.robot_hash != limits.robot_hash or log.joint_position_rad.shape[1] != len(limits.joint_names):
        raise SurefootError(
            f"the log is of another robot ({log.robot}) than {limits.robot}",
            hint="name the robot that it was recorded on, in the version that it had then",
        )
    trip = _Player(log, limits, spec).first_trip()
    lead_s = log.trunk_contact_s - trip.at_s if log.is_fall and trip is not None else None
    is_early = trip is not None and trip.at_s < log.cause_s
    return Replay(float(log.stamp_s[-1] - log.stamp_s[0]), log.is_fall, trip, lead_s, is_early)


class _Player:
    def __init__(self, log: WalkLog, limits: Limits, spec: RobotSpec) -> None:
        self._log, self._limits = log, limits
        first = tuple(log.joint_position_rad[0].tolist())
        self._kp, self._kd = tuple(log.kp_nm_per_rad.tolist()), tuple(log.kd_nms_per_rad.tolist())
        self._still: Floats = (0.0,) * len(first)
        here = PoseGait(first, self._kp, self._kd, TICK_S)
        gaits = pose_gaits(spec)
        gaits = type(gaits)(stand_up=here, stand=here, sit=gaits.sit, fallback=gaits.fallback)
        self._supervisor = Supervisor(limits, gaits)
        self._lead = round(LEAD_S / TICK_S)
        self._answer, self._answered_s = 0, -math.inf

    def first_trip(self) -> Trip | None:
        self._lead_in()
        log = self._log
        rows = zip(
            log.stamp_s.tolist(),
            *(map(tuple, column.tolist()) for column in self._columns()),
            map(tuple, log.velocity_command.tolist()),
            map(tuple, log.target_rad.tolist()),
            log.target_stamp_s.tolist(),
            strict=True,
        )
        digest = self._limits.robot_hash
        for row, (stamp_s, *measured, velocity, target_rad, target_stamp_s) in enumerate(rows):
            sequence = self._lead + row
            state = RobotState(digest, sequence, stamp_s, *measured)
            if target_stamp_s != self._answered_s:
                self._answer, self._answered_s = self._answer + 1, target_stamp_s
            policy = self._command(target_rad, target_stamp_s)
            output = self._tick(stamp_s, state, policy, VelocityCommand(sequence, stamp_s, *velocity))
            if output.status.mode is not Mode.WALKING:
                return _trip(stamp_s, output)
        return None

    def _lead_in(self) -> None:
        """From off to walking at the first row's pose, as if the robot had stood there."""
        log = self._log
        orientation = tuple(log.orientation_wxyz[0].tolist())
        x, y, z = gravity_in_base(orientation)
        begin_s, output = float(log.stamp_s[0]) - self._lead * TICK_S, None
        # The first answer in the log is to a sample of before; those that are made up come before it.
        behind_s = max(0.0, float(log.stamp_s[0] - log.target_stamp_s[0]))
        for tick in range(self._lead):
            now_s = begin_s + tick * TICK_S
            state = RobotState(
                robot_hash=self._limits.robot_hash,
                sequence=tick,
                stamp_s=now_s,
                joint_position_rad=tuple(log.joint_position_rad[0].tolist()),
                joint_velocity_radps=self._still,
                joint_torque_nm=self._still,
                orientation_wxyz=orientation,
                angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
                # Of the noise of an IMU this much is left: it never repeats itself.
                acceleration_in_base_mps2=(-9.81 * x, -9.81 * y, -9.81 * z + 1e-6 * tick),
            )
            self._answer += 1
            first, *others = log.target_rad[0].tolist()
            # Never the same twice: that is what a policy does that hangs.
            policy = self._command((first + 1e-9 * (tick % 2), *others), now_s - behind_s)
            requests = {0: (Request.ARM,), 1: (Request.STAND,)}.get(tick, ())
            if output is not None and output.status.mode is Mode.STANDING:
                requests = (Request.WALK,)
            output = self._tick(now_s, state, policy, VelocityCommand(tick, now_s, 0.0, 0.0, 0.0), requests)
        if output is None or output.status.mode is not Mode.WALKING:
            why = "" if output is None else "; ".join(output.status.raised.values())
            raise SurefootError(
                f"the supervisor would not walk from the log's first row: {why or 'it is not on its feet'}",
                hint="a log begins with the robot on its feet",
            )

    def _columns(self) -> tuple[Floats64, ...]:
        log = self._log
        return (
            log.joint_position_rad,
            log.joint_velocity_radps,
            log.joint_torque_nm,
            log.orientation_wxyz,
            log.angular_velocity_in_base_radps,
            log.acceleration_in_base_mps2,
        )

    def _command(self, target_rad: Floats, stamp_s: float) -> JointCommand:
        law = JointTarget(target_rad, self._still, self._still, self._kp, self._kd)
        return JointCommand(self._limits.robot_hash, self._answer, stamp_s, CommandKind.TRACK, law)

    def _tick(
        self,
        now_s: float,
        state: RobotState,
        policy: JointCommand,
        velocity: VelocityCommand,
        requests: tuple[Request, ...] = (),
    ) -> Output:
        return self._supervisor.tick(Inputs(now_s, state, policy, velocity, requests, EstopLevel.RELEASED))


def _trip(at_s: float, output: Output) -> Trip:
    latched = output.status.latched
    return Trip(
        at_s, tuple(trigger.value for trigger in latched), "; ".join(latched.values()), output.status.mode.value
    )
