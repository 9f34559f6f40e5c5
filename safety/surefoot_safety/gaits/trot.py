"""Trotting in place: steps that catch a robot in motion, then standing until it moves again.

Diagonal legs step together. A foot is put where the robot would come to rest over it, as far ahead of its hip as the
capture point of an upright pendulum: Raibert, Legged Robots That Balance (1986), and Pratt et al., Capture Point
(Humanoids 2006). In between the legs that stand carry the weight, brake, and turn the trunk upright.
"""

from __future__ import annotations

from math import hypot, pi, sin, tanh

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits.balance import balancing_n
from surefoot_safety.gaits.drive import Drive, carrying_nm, toward
from surefoot_safety.gaits.plan import Plan
from surefoot_safety.gaits.senses import Attitude, Clock, Odometry, check_usable
from surefoot_safety.gaits.sit import eased
from surefoot_safety.gaits.stand import RISE_MPS, Stand
from surefoot_safety.gaits.support import around, margin_m
from surefoot_safety.leg import Jacobian, feet_of
from surefoot_safety.state import Floats, RobotState, Vector3

STEP_SHARE = 0.8
"""Of the fall time: 0.13 s for a Go2. Shorter steps correct sooner and tip less, longer ones need slower legs: of
robots pushed over when steps took 1.1, two of three stand with this."""
CLEARANCE_SHARE = 0.2
"""Of the height: 5 cm for a Go2."""
PRESS_SHARE = 0.03
"""Of the height that a foot comes down further than the ground should be, to find it where it is not."""
LANDED_SHARE = 0.85
"""Of a step after which the foot is over its spot and only comes down."""
REACH_SHARE = 0.75
"""Of the height that a foot is put ahead or aside at most: further out it would slip."""
BRAKE_TIME_S = 0.3
"""In which the standing legs would take all of the velocity, if friction let them."""
CALM_SHARE = 0.25
"""Of the half width of the feet that the capture point must be inside of their polygon to come to rest, ..."""
ALARM_SHARE = 0.1
"""... and that it may come near its edge by before it steps again."""
CALM_STEPS = 1
"""Steps that end so calm, in a row, before it rests."""
ALARM_S = 0.04
"""It must look as if it fell for so long before it steps again: a foot that comes down hard shakes the odometry."""
CARRIES_SHARES = 0.04, 0.12
"""Of the weight: a foot that carries less than the one is in the air to the odometry, with the other it stands."""
SHORTEST_SHARE, LONGEST_SHARE = 0.7, 1.3
"""Of the height that a leg is given to find level ground under a trunk that leans: 0.25 rad for a Go2."""
BOUNCE_TIME_S = 0.15
"""In which the legs take the trunk's vertical speed, three times their delay."""
SETTLED_S = 1.0
"""At rest for so long, a trot that settles has."""
STILL_SHARE, STILL_JOINT_RADPS, STILL_TURN_RADPS = 0.1, 1.5, 0.5
"""Feet that differ in height by less than that of the standing height, joints (on average, which noise of 0.9 rad/s
raises to 0.7) and trunk that move less: a robot that stands. If it does not, it looks as if it fell, and steps."""
LOOK_S = 0.1
"""Before it is known how fast it moves: two time constants of the odometry."""
LOADS_KNOWN_S = 0.06
"""Until targets have come through the motors' delay."""
PAIRS = ((1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0))
"""The diagonals FL and RR, FR and RL, as shares of who stands."""


class Trot:
    """Goes on for ever; at rest it stands, balanced."""

    def __init__(self, plan: Plan, *, settles: bool = False) -> None:
        """One that settles steps no more once it has stood for a while: people may be near."""
        self._plan, self._settles = plan, settles
        self._clock, self._attitude = Clock(), Attitude()
        self._odometry, self._other = Odometry(plan), Odometry(plan)
        self._drive = Drive(plan, plan.no_load_speed_radps)
        self._stand = Stand(plan)
        self._step_s = STEP_SHARE * plan.fall_time_s
        # A pendulum that leaves its foot x behind with velocity v is at rest a step later if x = v T / tanh(step / T).
        self._catch_s = plan.fall_time_s / tanh(STEP_SHARE)
        self._half_width_m = abs(plan.feet_m[0][1] - plan.feet_m[1][1]) / 2.0
        self._resting, self._calm = False, 0
        self._standing, self._alarmed_s, self._rested_s = 0, 0.0, 0.0
        self._phase = self._begun_at = 0.0
        self._feet: list[Vector3] = list(plan.feet_m)
        self._lifted: list[Vector3] = list(plan.feet_m)
        self._seconds = 0.0

    def begin(self, state: RobotState) -> None:
        """In mid-stride: the pair that is lower stands, the other one is on its way."""
        plan = self._plan
        check_usable(state, state.stamp_s, len(plan.lower_rad))
        self._clock.begin(state.stamp_s)
        self._attitude.begin(state)
        self._odometry.begin()
        self._other.begin()
        self._drive.begin(state.joint_position_rad)
        self._feet = [foot for foot, _ in feet_of(plan.legs, state.joint_position_rad)]
        self._lifted = list(self._feet)
        first, second = self._heights()
        self._standing = 0 if first <= second else 1
        up_m = abs(first - second) / 2.0
        # As far up as a foot is, so far is its step: at the top it is half way.
        self._phase = self._begun_at = 0.5 * min(1.0, up_m / (CLEARANCE_SHARE * plan.height_m))
        self._resting, self._calm, self._seconds = False, 0, 0.0
        if self._stands_still(state):
            self._rest(state.joint_position_rad)

    def tick(self, state: RobotState, command: VelocityCommand, now_s: float) -> JointTarget:
        """One tick of stepping or of standing."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        self._seconds += dt_s
        self._attitude.update(state, dt_s)
        measured = feet_of(plan.legs, state.joint_position_rad)
        self._measure_speed(state, measured, dt_s)
        feet = [foot for foot, _ in measured]
        self._rested_s += dt_s
        if self._resting and self._falls(feet, dt_s) and not (self._settles and self._rested_s > SETTLED_S):
            self._wake()
        if self._resting:
            return self._stand.hold(measured, dt_s, self._push_n(0.0))
        self._step(feet, dt_s)
        if self.resting:  # from now on it stands, and goes on from the last targets of stepping
            return self._stand.hold(measured, dt_s, self._push_n(0.0))
        forces = balancing_n(plan, self._attitude, feet, PAIRS[self._standing], self._push_n(1.0))
        return self._drive.to_feet(self._feet, dt_s, carrying_nm(measured, forces))

    def stand_from(self, state: RobotState, position_rad: Floats, now_s: float) -> None:
        """At rest, from the targets of another gait that stands."""
        self.begin(state)
        self._clock.begin(now_s)
        self._seconds = LOADS_KNOWN_S
        self._rest(position_rad)

    @property
    def finished(self) -> bool:
        """Never."""
        return False

    @property
    def resting(self) -> bool:
        """Whether it stands on all four."""
        return self._resting

    @property
    def position_rad(self) -> Floats:
        """The last targets."""
        return (self._stand.drive if self._resting else self._drive).position_rad

    def _stands_still(self, state: RobotState) -> bool:
        """Whether it begins on all four and at rest: then there is nothing to catch."""
        x, y, z = self._attitude.down
        depths = [x * foot[0] + y * foot[1] + z * foot[2] for foot in self._feet]
        speeds = [abs(speed) for speed in state.joint_velocity_radps]
        return (
            max(depths) - min(depths) < STILL_SHARE * self._plan.height_m
            and sum(speeds) / len(speeds) < STILL_JOINT_RADPS
            and hypot(*self._attitude.turn_radps) < STILL_TURN_RADPS
        )

    def _heights(self) -> tuple[float, float]:
        """Of each pair's feet, added, along gravity."""
        down_x, down_y, down_z = self._attitude.down
        up = [-(x * down_x + y * down_y + z * down_z) for x, y, z in self._feet]
        return up[0] + up[3], up[1] + up[2]

    def _inside_m(self, feet: list[Vector3]) -> float:
        """How far the capture point is inside the feet's polygon."""
        plan = self._plan
        lean_x, lean_y = self._attitude.lean_m(plan.height_m)
        vx, vy, _ = self._odometry.velocity_mps
        x = plan.com_in_base_m[0] + lean_x + vx * plan.fall_time_s
        y = plan.com_in_base_m[1] + lean_y + vy * plan.fall_time_s
        return margin_m(x, y, around(feet))

    def _measure_speed(self, state: RobotState, measured: list[tuple[Vector3, Jacobian]], dt_s: float) -> None:
        """By the feet that carry. Of the pair that was higher at first, too, until one has turned out to stand."""
        down = self._attitude.down
        self._odometry.update(state, measured, self._carrying(state, measured), down, dt_s)
        if self._seconds < LOADS_KNOWN_S:
            self._other.update(state, measured, PAIRS[1 - self._standing], down, dt_s)
        elif self._other.belief_s > self._odometry.belief_s:
            self._odometry, self._other = self._other, self._odometry

    def _carrying(self, state: RobotState, measured: list[tuple[Vector3, Jacobian]]) -> tuple[float, ...]:
        """How much each foot is believed to stand still: those that carry. At first, what the pose tells."""
        if self._seconds < LOADS_KNOWN_S:
            return PAIRS[self._standing]
        drive = self._stand.drive if self._resting else self._drive
        least, enough = CARRIES_SHARES
        weight = self._plan.weight_n
        loads = drive.loads_n(state, measured)
        return tuple(max(0.0, min(1.0, (load / weight - least) / (enough - least))) for load in loads)

    def _push_n(self, horizontal: float) -> Vector3:
        """Against the trunk's velocity; `horizontal` 0 leaves that to legs that stand stiffly."""
        mass = self._plan.mass_kg
        vx, vy, vz = self._odometry.velocity_mps
        across = -horizontal * mass / BRAKE_TIME_S
        return across * vx, across * vy, -mass * vz / BOUNCE_TIME_S

    def _falls(self, feet: list[Vector3], dt_s: float) -> bool:
        """Whether the capture point has been near the edge of the feet, or beyond, for a while."""
        alarm = self._inside_m(feet) < ALARM_SHARE * self._half_width_m
        self._alarmed_s = self._alarmed_s + dt_s if alarm else 0.0
        return self._alarmed_s > ALARM_S

    def _wake(self) -> None:
        """From standing to stepping, from where the targets are."""
        self._resting, self._calm = False, 0
        self._phase = self._begun_at = 0.0
        self._standing = 1 - self._standing
        self._drive.begin(self._stand.drive.position_rad)
        self._feet = [foot for foot, _ in feet_of(self._plan.legs, self._drive.position_rad)]
        self._lifted = list(self._feet)

    def _step(self, measured: list[Vector3], dt_s: float) -> None:
        """Move the legs that stand with the ground and those that step towards their spots."""
        self._phase += dt_s / self._step_s
        if self._phase >= 1.0:
            self._land(measured)
        plan, stands = self._plan, PAIRS[self._standing]
        vx, vy, _ = self._odometry.velocity_mps
        turn = self._attitude.turn_radps[2]
        ground_m = self._ground_m(measured)
        for leg, (x, y, z) in enumerate(self._feet):
            if stands[leg] > 0.0:
                height = toward(z, -plan.height_m, RISE_MPS * dt_s)
                self._feet[leg] = (x - dt_s * (vx - turn * y), y - dt_s * (vy + turn * x), height)
            else:
                self._feet[leg] = self._swinging(leg, ground_m)

    def _land(self, measured: list[Vector3]) -> None:
        """The pairs change places."""
        self._phase, self._begun_at = self._phase - 1.0, 0.0
        self._standing = 1 - self._standing
        self._lifted = list(self._feet)
        calm = self._inside_m(measured) > CALM_SHARE * self._half_width_m and self._seconds > LOOK_S
        self._calm = self._calm + 1 if calm else 0
        if self._calm >= CALM_STEPS:
            self._rest(self._drive.position_rad)

    def _rest(self, position_rad: Floats) -> None:
        """On all four, until it moves again."""
        self._resting, self._alarmed_s, self._rested_s = True, 0.0, 0.0
        self._stand.go_on(self._attitude, position_rad)

    def _ground_m(self, measured: list[Vector3]) -> float:
        """How far below the base level ground is: where the feet are that stand."""
        x, y, z = self._attitude.down
        stands = PAIRS[self._standing]
        return sum(
            share * (x * foot[0] + y * foot[1] + z * foot[2]) for share, foot in zip(stands, measured, strict=True)
        ) / sum(stands)

    def _down_to(self, ground_m: float, foot_x: float, foot_y: float) -> float:
        """Where along the base's z a foot meets level ground."""
        x, y, z = self._attitude.down
        height_m, below = self._plan.height_m, min(z, -0.5)
        at = (ground_m - x * foot_x - y * foot_y) / below
        return max(-LONGEST_SHARE * height_m, min(-SHORTEST_SHARE * height_m, at))

    def _swinging(self, leg: int, ground_m: float) -> Vector3:
        """Where a foot is between the spot that it left and the one that it goes to."""
        plan, begun = self._plan, self._begun_at
        s = (self._phase - begun) / (1.0 - begun)
        to_x, to_y = self._spot(leg)
        from_x, from_y, from_z = self._lifted[leg]
        along = eased(s / LANDED_SHARE)
        ground = self._down_to(ground_m, to_x, to_y) - PRESS_SHARE * s * plan.height_m
        # A foot that was found half way is up already.
        up = (1.0 - 2.0 * begun) * CLEARANCE_SHARE * plan.height_m * sin(pi * s) ** 2
        z = from_z + eased(s) * (ground - from_z) + up
        return from_x + along * (to_x - from_x), from_y + along * (to_y - from_y), z

    def _spot(self, leg: int) -> tuple[float, float]:
        """Where the foot is to come down, so that the robot comes to rest."""
        plan = self._plan
        lean_x, lean_y = self._attitude.lean_m(plan.height_m)
        vx, vy, _ = self._odometry.velocity_mps
        most = REACH_SHARE * plan.height_m
        ahead_x = max(-most, min(most, lean_x + self._catch_s * vx))
        ahead_y = max(-most, min(most, lean_y + self._catch_s * vy))
        x, y, _ = plan.feet_m[leg]
        return x + ahead_x, y + ahead_y
