"""Static crawl: one foot at a time, the centre of pressure inside the triangle of the other three.

Feet step in the order of a walking quadruped: rear left, front left, rear right, front right. The trunk goes ahead at
an even speed and sways from side to side, away from the pair of legs that steps: a sine, whose acceleration moves the
centre of pressure further out by ω² h / g (the linear inverted pendulum), which is why it may be small.
"""

from __future__ import annotations

from math import cos, pi, sin, tau

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits.balance import balancing_n
from surefoot_safety.gaits.drive import Drive, carrying_nm, slow_rates, toward
from surefoot_safety.gaits.plan import Plan
from surefoot_safety.gaits.senses import Attitude, Clock, check_usable
from surefoot_safety.gaits.sit import eased
from surefoot_safety.leg import feet_of
from surefoot_safety.state import Floats, RobotState, Vector3

CYCLE_FALL_TIMES = 10.0
"""1.7 s for a Go2. Ten times as slow as it would fall, so that it hardly does; faster, the sway throws it about."""
SWING_SHARE = 0.16
"""Of the cycle that a foot is in the air: 0.3 s for a Go2."""
LIFT_AT = {2: 0.05, 0: 0.27, 3: 0.55, 1: 0.77}
"""When in the cycle each leg (FL 0, FR 1, RL 2, RR 3) lifts: left legs in one half, right legs in the other, with time
between the halves for the trunk to come across."""
LOAD_SHARE = 0.04
"""Of the cycle in which a foot is unloaded before it lifts, and loaded after."""
SWAY_SHARE = 0.35
"""Of the half width of the feet that the trunk sways to either side: 5.7 cm for a Go2, with what its acceleration adds
7 cm of 16; the triangle's edge is then 5 cm away, two of which a payload may take."""
CLEARANCE_SHARE = 0.22
"""Of the height: 6 cm for a Go2."""
PRESS_SHARE = 0.02
"""Of the height that a foot comes down further than the ground should be."""
LONGEST_STRIDE_SHARE = 1.0
"""Of the height that a foot goes in one step: 27 cm for a Go2, 16 cm/s."""
SPEED_GROWTH_SHARE = 0.25
"""Of the fastest speed, that the speed may change in a second."""
SETTLE_S = 1.0
"""Standing over its feet before the first step."""
RATE_RADPS = 8.0
"""Of the joints' targets: a foot that steps at 0.8 m/s needs 6."""
MOVE_MPS = 0.3
"""Feet that stand are brought to their height, and to where the sway has them, no faster."""


class Crawl:
    """Follows velocity commands as far as its steps reach; with none it stands, and takes no step."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock, self._attitude = Clock(), Attitude()
        self._drive = Drive(plan, slow_rates(plan, RATE_RADPS))
        self._cycle_s = CYCLE_FALL_TIMES * plan.fall_time_s
        self._half_width_m = abs(plan.feet_m[0][1] - plan.feet_m[1][1]) / 2.0
        self.fastest_mps = LONGEST_STRIDE_SHARE * plan.height_m / self._cycle_s
        self._seconds = self._phase = 0.0
        self._velocity = (0.0, 0.0, 0.0)
        self._planted: list[Vector3] = list(plan.feet_m)
        self._lifted: list[Vector3] = list(plan.feet_m)
        self._sway_m = 0.0

    def begin(self, state: RobotState) -> None:
        """From where the feet are."""
        self.go_on(state, state.joint_position_rad, state.stamp_s)

    def go_on(self, state: RobotState, position_rad: Floats, now_s: float) -> None:
        """From the targets of another gait. The feet are where they are: the first cycle puts them right."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        self._clock.begin(now_s)
        self._attitude.begin(state)
        self._drive.begin(position_rad)
        self._planted = [foot for foot, _ in feet_of(plan.legs, self._drive.position_rad)]
        self._lifted = list(self._planted)
        self._velocity, self._sway_m = (0.0, 0.0, 0.0), 0.0
        self._seconds, self._phase = 0.0, 0.0

    def tick(self, state: RobotState, command: VelocityCommand, now_s: float) -> JointTarget:
        """One tick."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        self._seconds += dt_s
        self._attitude.update(state, dt_s)
        self._speed_up(command, dt_s)
        self._advance(dt_s)
        measured = feet_of(plan.legs, state.joint_position_rad)
        forces = balancing_n(plan, self._attitude, [foot for foot, _ in measured], self._shares())
        return self._drive.to_feet(self._targets(dt_s), dt_s, carrying_nm(measured, forces))

    @property
    def finished(self) -> bool:
        """Never."""
        return False

    @property
    def at_rest(self) -> bool:
        """Whether it stands on all four and is to go nowhere."""
        return not self._walking and min(self._shares()) >= 1.0

    @property
    def position_rad(self) -> Floats:
        """The last targets."""
        return self._drive.position_rad

    def _speed_up(self, command: VelocityCommand, dt_s: float) -> None:
        """Towards what is asked for, shortened to what steps can reach; a turn counts by what it moves the feet."""
        lever_m = self._half_width_m + abs(self._plan.feet_m[0][0])
        asked = (command.vx_mps, command.vy_mps, command.yaw_rate_radps)
        length = abs(asked[0]) + abs(asked[1]) + lever_m * abs(asked[2])
        shorter = min(1.0, self.fastest_mps / length) if length > 0.0 else 1.0
        step = SPEED_GROWTH_SHARE * self.fastest_mps * dt_s
        vx, vy, turn = self._velocity
        self._velocity = (
            toward(vx, shorter * asked[0], step),
            toward(vy, shorter * asked[1], step),
            toward(turn, shorter * asked[2], step / lever_m),
        )

    @property
    def _walking(self) -> bool:
        return self._velocity != (0.0, 0.0, 0.0)

    def _advance(self, dt_s: float) -> None:
        """The phase goes on while it walks, and until the feet are down."""
        if self._seconds < SETTLE_S:
            return
        before = self._phase
        if self._walking or any(share < 1.0 for share in self._shares()):
            self._phase = (self._phase + dt_s / self._cycle_s) % 1.0
        for leg, lift_at in LIFT_AT.items():
            if _between(lift_at, before, self._phase):
                self._lifted[leg] = self._planted[leg]

    def _share_of_swing(self, leg: int) -> float:
        """0 to 1 while a leg steps, negative when it stands."""
        since = (self._phase - LIFT_AT[leg]) % 1.0
        return since / SWING_SHARE if since < SWING_SHARE else -1.0

    def _shares(self) -> tuple[float, ...]:
        """How much each foot carries: all, nothing while it steps, and something in between just before and after."""
        shares = []
        for leg in range(len(self._planted)):
            since = (self._phase - LIFT_AT[leg]) % 1.0
            before, after = 1.0 - since, since - SWING_SHARE
            shares.append(max(0.0, min(1.0, before / LOAD_SHARE, after / LOAD_SHARE)))
        return tuple(shares)

    def _targets(self, dt_s: float) -> list[Vector3]:
        """Feet in the base's frame: planted ones go back as the trunk goes ahead, all of them aside as it sways."""
        plan = self._plan
        vx, vy, turn = self._velocity
        lean_x, lean_y = self._attitude.lean_m(plan.height_m)
        step = MOVE_MPS * dt_s
        self._sway_m = toward(self._sway_m, self._sway() if self._walking else 0.0, step)
        targets = []
        for leg, (x, y, z) in enumerate(self._planted):
            share = self._share_of_swing(leg)
            if share >= 0.0:
                self._planted[leg] = self._swinging(leg, share)
            else:
                self._planted[leg] = (
                    x - dt_s * (vx - turn * y),
                    y - dt_s * (vy + turn * x),
                    toward(z, -plan.height_m, 0.5 * step),
                )
            at_x, at_y, at_z = self._planted[leg]
            targets.append((at_x + lean_x, at_y + lean_y - self._sway_m, at_z))
        return targets

    def _sway(self) -> float:
        """Where the trunk should be to the left of its feet: away from the legs that step."""
        # Left legs step around phase 0.24, right legs around 0.74.
        return -SWAY_SHARE * self._half_width_m * cos(tau * (self._phase - _MIDDLE))

    def _swinging(self, leg: int, share: float) -> Vector3:
        """From where it lifted to half a stride ahead of where it stands on average."""
        plan = self._plan
        vx, vy, turn = self._velocity
        x, y, _ = plan.feet_m[leg]
        half_s = 0.5 * (1.0 - SWING_SHARE) * self._cycle_s
        to_x, to_y = x + half_s * (vx - turn * y), y + half_s * (vy + turn * x)
        from_x, from_y, from_z = self._lifted[leg]
        along = eased(share)
        ground = -plan.height_m * (1.0 + PRESS_SHARE * share)
        z = from_z + along * (ground - from_z) + CLEARANCE_SHARE * plan.height_m * sin(pi * share)
        return from_x + along * (to_x - from_x), from_y + along * (to_y - from_y), z


_MIDDLE = (LIFT_AT[2] + LIFT_AT[0] + SWING_SHARE) / 2.0


def _between(mark: float, before: float, now: float) -> bool:
    """Whether a phase that went from before to now has come past the mark; both within 0 to 1, round and round."""
    return before < mark <= now or (now < before and (mark > before or mark <= now))
