"""A supervisor under any order of requests, troubles and clocks: never beyond limits, never milder by itself."""

import dataclasses
import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from safe_robot import ROBOTS, limits, load_robot_once

from surefoot_safety.action import Action
from surefoot_safety.command import CommandKind
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.machine import action_now
from surefoot_safety.mode import ARMED, MOVES, ON_FEET, SEVERITY, STOPS, Mode, Request
from surefoot_safety.table import ROWS, Clears, Trigger
from surefoot_safety.tryout import SPOILS, Tryout

moves = st.sampled_from([request for request in Request if request not in STOPS])
stops = st.sampled_from(sorted(STOPS, key=lambda request: request.value))
ENOUGH = {Request.STOP: Action.SETTLE, Request.DAMP: Action.DAMP, Request.ZERO_TORQUE: Action.ZERO_TORQUE}


class SupervisorMachine(RuleBasedStateMachine):
    """Tick by tick, with what must hold from each tick to the next checked where the tick is made."""

    @initialize(robot=st.sampled_from(ROBOTS), way=st.sampled_from(["off", "damped", "standing", "walking"]))
    def begin(self, robot, way):
        self.limits = limits(robot)
        self.tryout = Tryout(self.limits, load_robot_once(robot))
        requests = {"off": 0, "damped": 1, "standing": 2, "walking": 3}[way]
        for request in (Request.ARM, Request.STAND, Request.WALK)[:requests]:
            self.tryout.advance(2.6 if request is Request.STAND else 0.6, request)

    def tick(self, *requests, ticks=1):
        for number in range(ticks):
            asked = requests if number == 0 else ()
            before = self.tryout.supervisor._machine
            self.tryout.advance(0.005, *asked)
            after = self.tryout.supervisor._machine
            self.check(before, after, asked)

    def check(self, before, after, asked):
        if not any(request in MOVES for request in asked):
            assert action_now(after) >= action_now(before), "milder, and nobody asked for it"
            kept = {trigger for trigger in before.latched if ROWS[trigger].clears is not Clears.BY_ITSELF}
            assert kept <= set(after.latched), "cleared by itself"
        if before.mode is Mode.STOPPED and after.mode is not Mode.STOPPED:
            assert Request.RESET in asked
            assert after.mode is Mode.OFF
        if before.mode is Mode.OFF and after.mode in ARMED:
            assert Request.ARM in asked
            assert after.mode is Mode.DAMPED
        for request in asked:
            # This trouble takes the requests away: see test_a_stop_wins_over_an_error_of_our_own_in_the_same_tick.
            if request in STOPS and Trigger.INTERNAL_ERROR not in after.latched:
                assert action_now(after) >= ENOUGH[request], "a stop that did not win within one tick"

    @rule(request=moves)
    def ask(self, request):
        self.tick(request)

    @rule(first=moves, second=moves)
    def ask_for_two(self, first, second):
        self.tick(first, second)

    @rule(stop=stops, beside=moves)
    def stop(self, stop, beside):
        self.tick(beside, stop)

    @rule(trigger=st.sampled_from(list(SPOILS)))
    def bring_about_or_take_away(self, trigger):
        self.tryout.faults ^= {trigger}
        self.tick()

    @rule()
    def all_is_well_again(self):
        self.tryout.faults.clear()
        self.tick(ticks=20)

    @rule(ticks=st.integers(1, 150))
    def wait(self, ticks):
        self.tick(ticks=ticks)

    @rule(step_s=st.sampled_from([-3600.0, -0.5, -0.005, -1e-9, 0.04, 0.2, 3600.0]))
    def the_clock_leaps(self, step_s):
        self.tryout._now_s += step_s
        self.tick()

    @rule(step=st.sampled_from([-1000, -1, 5, 1000]))
    def samples_are_counted_otherwise(self, step):
        self.tryout._sequence = max(0, self.tryout._sequence + step)
        self.tick()

    @invariant()
    def within_limits(self):
        if not hasattr(self, "tryout"):
            return
        output, own = self.tryout.output, self.limits
        machine, target = self.tryout.supervisor._machine, output.command.target
        assert output.command.robot_hash == own.robot_hash
        if machine.mode in {Mode.OFF, Mode.DAMPED, Mode.STOPPED}:
            assert output.command.is_stop
        if action_now(machine) is Action.ZERO_TORQUE:
            assert output.command.kind is CommandKind.ZERO_TORQUE
        for field in dataclasses.fields(target):
            assert all(math.isfinite(value) for value in getattr(target, field.name))
        if output.command.kind is CommandKind.TRACK:
            for joint in range(12):
                assert own.target_lower_rad[joint] <= target.position_rad[joint] <= own.target_upper_rad[joint]
                assert abs(target.velocity_radps[joint]) <= own.no_load_speed_radps[joint]
                assert abs(target.torque_nm[joint]) <= own.torque_nm[joint]
                assert 0.0 <= target.kp_nm_per_rad[joint] <= 100.0
                assert 0.0 <= target.kd_nms_per_rad[joint] <= 8.0
        motion = own.settings.motion
        assert abs(output.velocity.vx_mps) <= motion.vx_limit_mps

    @invariant()
    def what_is_active_has_acted(self):
        if not hasattr(self, "tryout"):
            return
        machine, rules = self.tryout.supervisor._machine, self.limits.settings.rules
        for trigger in machine.active:
            wanted = rules[trigger].action
            if wanted > Action.WARN and (machine.mode in ON_FEET or wanted >= Action.DAMP):
                assert action_now(machine) >= min(wanted, Action.ZERO_TORQUE)
        assert machine.stop >= Action.DAMP
        assert action_now(machine) >= SEVERITY[machine.mode]


SupervisorMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=25)
TestSupervisor = SupervisorMachine.TestCase


def test_every_level_of_the_estop_is_tried():
    assert {trigger.value for trigger in SPOILS} >= {"estop_settle", "estop_zero_torque"}
    assert len(EstopLevel) == 3
