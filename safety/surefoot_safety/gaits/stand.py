"""Standing: feet where they are, the trunk level over their middle."""

from __future__ import annotations

from collections.abc import Sequence

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits.balance import balancing_n
from surefoot_safety.gaits.drive import Drive, carrying_nm, slow_rates, toward
from surefoot_safety.gaits.plan import SLOW_RADPS, Plan
from surefoot_safety.gaits.senses import Attitude, Clock, check_usable
from surefoot_safety.leg import Jacobian, feet_of
from surefoot_safety.state import Floats, RobotState, Vector3

RISE_MPS = 0.15
"""Down to the standing height: 5 cm, the most that a walk differs by, in a third of a second."""
REACH_MPS = 0.3
"""To the ground, for a foot that hangs above it: 5 cm in a sixth of a second."""
SHIFT_MPS = 0.05
"""The trunk to over the middle of the feet: far too slow to tip it."""
LEVEL_TIME_S = 0.7
"""In which the legs take up a tilt: four times what the trunk needs to fall, so that both do not meet."""
MOST_LEVELLED_RAD = 0.2
"""11°: the feet of a Go2 then differ by 7 cm in height, which its knees can."""


NO_PUSH = (0.0, 0.0, 0.0)
ALL = (1.0, 1.0, 1.0, 1.0)
"""Every foot stands."""


class Stand:
    """Goes on for ever. A foot that is in the air is put straight down."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock, self._attitude = Clock(), Attitude()
        self.drive = Drive(plan, slow_rates(plan, SLOW_RADPS))
        self._feet: list[Vector3] = list(plan.feet_m)
        self._levelled = [0.0, 0.0]

    def begin(self, state: RobotState) -> None:
        """From where the feet are."""
        check_usable(state, state.stamp_s, len(self._plan.lower_rad))
        self._attitude.begin(state)
        self._clock.begin(state.stamp_s)
        self.go_on(self._attitude, state.joint_position_rad)

    def go_on(self, attitude: Attitude, position_rad: Floats) -> None:
        """From the targets and the attitude of a gait that this one is part of."""
        self._attitude = attitude
        self.drive.begin(position_rad)
        # As if the trunk had been made to lean as it does: feet are put on level ground, and then it is levelled.
        tilts = attitude.roll_rad, attitude.pitch_rad
        roll, pitch = (-max(-MOST_LEVELLED_RAD, min(MOST_LEVELLED_RAD, tilt)) for tilt in tilts)
        self._levelled = [roll, pitch]
        feet = feet_of(self._plan.legs, position_rad)
        self._feet = [(x, y, z - roll * y + pitch * x) for (x, y, z), _ in feet]

    def tick(self, state: RobotState, _command: VelocityCommand, now_s: float) -> JointTarget:
        """Targets that stand; the velocity command means nothing here."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        self._attitude.update(state, dt_s)
        return self.hold(feet_of(plan.legs, state.joint_position_rad), dt_s)

    def hold(self, measured: Sequence[tuple[Vector3, Jacobian]], dt_s: float, push_n: Vector3 = NO_PUSH) -> JointTarget:
        """Targets, given where the feet are; the attitude has been looked at."""
        self._move(dt_s)
        forces = balancing_n(self._plan, self._attitude, [foot for foot, _ in measured], ALL, push_n)
        return self.drive.to_feet(self._level(), dt_s, carrying_nm(measured, forces))

    @property
    def finished(self) -> bool:
        """Never: there is always something to balance."""
        return False

    def _move(self, dt_s: float) -> None:
        """All feet to the standing height, and together to around the centre of mass as gravity sees it."""
        plan, feet = self._plan, self._feet
        lean_x, lean_y = self._attitude.lean_m(plan.height_m)
        middle_x, middle_y = (sum(foot[axis] for foot in feet) / len(feet) for axis in (0, 1))
        goes_x = toward(0.0, plan.com_in_base_m[0] + lean_x - middle_x, SHIFT_MPS * dt_s)
        goes_y = toward(0.0, plan.com_in_base_m[1] + lean_y - middle_y, SHIFT_MPS * dt_s)
        rise, reach = RISE_MPS * dt_s, REACH_MPS * dt_s
        ground = -plan.height_m
        self._feet = [(x + goes_x, y + goes_y, toward(z, ground, reach if z > ground else rise)) for x, y, z in feet]
        for axis, tilt in enumerate((self._attitude.roll_rad, self._attitude.pitch_rad)):
            levelled = self._levelled[axis] + tilt * dt_s / LEVEL_TIME_S
            self._levelled[axis] = max(-MOST_LEVELLED_RAD, min(MOST_LEVELLED_RAD, levelled))

    def _level(self) -> list[Vector3]:
        """Legs shortened on the side that was up."""
        roll, pitch = self._levelled
        return [(x, y, z + roll * y - pitch * x) for x, y, z in self._feet]
