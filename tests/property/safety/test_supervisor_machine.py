"""A supervisor under any order of requests, troubles and clocks: never beyond limits, never milder by itself."""

import copy
import dataclasses
import functools
import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from safe_robot import ROBOTS, limits, load_robot_once

from surefoot_safety.action import NEEDS, Action
from surefoot_safety.command import CommandKind, JointTarget
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gaits import gaits_of
from surefoot_safety.limits import torque_range_nm
from surefoot_safety.machine import action_now
from surefoot_safety.mode import ARMED, FOLLOW, MODE_OF_ACTION, MOVES, ON_FEET, SEVERITY, STOPS, Mode, Request
from surefoot_safety.table import ROWS, Clears, Trigger
from surefoot_safety.tryout import SPOILS, TICK_S, Tryout

moves = st.sampled_from([request for request in Request if request not in STOPS])
stops = st.sampled_from(sorted(STOPS, key=lambda request: request.value))
ENOUGH = {Request.STOP: Action.SETTLE, Request.DAMP: Action.DAMP, Request.ZERO_TORQUE: Action.ZERO_TORQUE}
PAIRS = [(mode, trigger) for trigger in Trigger for mode in Mode if mode in ROWS[trigger].watched]
EPS = 1e-9

WAY = {
    Mode.OFF: (),
    Mode.DAMPED: (Request.ARM,),
    Mode.STANDING_UP: (Request.ARM, Request.STAND),
    Mode.WALKING: (Request.ARM, Request.STAND, Request.WALK),
    Mode.FALLBACK: (Request.ARM, Request.STAND, Request.CRAWL),
    Mode.SETTLING: (Request.ARM, Request.STAND, Request.SIT),
    Mode.HANGING: (Request.ARM, Request.HANG),
    Mode.STOPPED: (Request.ARM, Request.DAMP),
}
ARRIVES = {Mode.STANDING: Mode.STANDING_UP, Mode.SITTING: Mode.SETTLING}
"""Modes that nobody can ask for, and where they come from."""


class Bendable(Tryout):
    """A tryout whose policy may ask for anything, of joints that may be stuck."""

    law = None
    stuck = False

    def _inputs(self, requests):
        inputs = super()._inputs(requests)
        if self.law is None:
            return inputs
        return dataclasses.replace(inputs, target=dataclasses.replace(inputs.target, target=self.law))

    def _move(self):
        if not self.stuck:
            super()._move()


@functools.cache
def _there(robot, mode, real):
    """A tryout that has just got into a mode; to be copied, not used."""
    if mode in ARRIVES:
        tryout = ready(robot, ARRIVES[mode], real)
        for _ in range(1200):
            if tryout.mode is mode:
                break
            tryout.advance(TICK_S)
    elif mode is Mode.OFF:
        tryout = Bendable(limits(robot), load_robot_once(robot), gaits_of(robot) if real else None)
    else:
        *before, last = WAY[mode]
        came_from = next(one for one in (Mode.OFF, Mode.DAMPED, Mode.STANDING) if _way(one) == before)
        tryout = ready(robot, came_from, real)
        tryout.advance(TICK_S, last)
    assert tryout.mode is mode
    return tryout


def _way(mode):
    return list(WAY[ARRIVES.get(mode, mode)])


def ready(robot, mode, real=False):
    """A tryout of its own in a mode, with nothing wrong."""
    return copied(_there(robot, mode, real))


def copied(tryout):
    """Limits are of no mind to change."""
    supervisor = tryout.supervisor
    kept = (supervisor._limits, supervisor._hanging, supervisor._leading)
    return copy.deepcopy(tryout, {id(one): one for one in kept})


@functools.cache
def _in_full_stride(robot, real):
    tryout = ready(robot, Mode.WALKING, real)
    tryout.advance(1.0)
    return tryout


class SupervisorMachine(RuleBasedStateMachine):
    """Tick by tick, with all that must hold checked where the tick is made."""

    robots = ROBOTS
    real = False
    """Whether the gaits are those of the robot, or know poses only."""

    @initialize(number=st.integers(0, 99), mode=st.sampled_from(Mode))
    def begin(self, number, mode):
        self.robot = self.robots[number % len(self.robots)]
        self.limits = limits(self.robot)
        self.tryout = ready(self.robot, mode, self.real)

    def tick(self, *requests, ticks=1, leapt_s=0.0):
        for number in range(ticks):
            asked = requests if number == 0 else ()
            tryout = self.tryout
            before, sent, then_s = tryout.supervisor._machine, tryout.output.command, tryout._now_s
            tryout.advance(TICK_S, *asked)
            after = tryout.supervisor._machine
            self.check_severity(before, after, asked)
            self.check_stops(after, asked)
            self.check_what_leaves(after)
            self.check_moves(sent, tryout._now_s - then_s + (leapt_s if number == 0 else 0.0))
            self.check_what_is_active(after)

    def check_severity(self, before, after, asked):
        request = self.accepted(asked)
        if request is None:
            assert action_now(after) >= action_now(before), "milder, and nobody asked for it"
            kept = {trigger for trigger in before.latched if ROWS[trigger].clears is not Clears.BY_ITSELF}
            assert kept <= set(after.latched), "cleared by itself"
        else:
            assert action_now(after) >= SEVERITY[MOVES[request][before.mode]], "milder than asked for"
        if before.mode is Mode.STOPPED and after.mode is not Mode.STOPPED:
            assert request is Request.RESET
            assert after.mode is Mode.OFF
        if before.mode is Mode.OFF and after.mode in ARMED:
            assert request is Request.ARM
            assert after.mode is Mode.DAMPED

    def accepted(self, asked):
        """The request that was followed: there is one refusal for each that was not."""
        wishes, status = [request for request in asked if request in MOVES], self.tryout.output.status
        lost = Trigger.INTERNAL_ERROR in status.active or len(status.refusals) == len(wishes)
        return None if lost else wishes[0]

    def check_stops(self, after, asked):
        for request in asked:
            # This trouble takes the requests away: see test_a_stop_wins_over_an_error_of_our_own_in_the_same_tick.
            if request in STOPS and Trigger.INTERNAL_ERROR not in after.latched:
                assert action_now(after) >= ENOUGH[request], "a stop that did not win within one tick"

    def check_what_leaves(self, machine):
        output, own = self.tryout.output, self.limits
        target, velocity = output.command.target, output.velocity
        assert output.command.robot_hash == own.robot_hash
        if machine.mode in {Mode.OFF, Mode.DAMPED, Mode.STOPPED}:
            assert output.command.is_stop
        if action_now(machine) is Action.ZERO_TORQUE:
            assert output.command.kind is CommandKind.ZERO_TORQUE
        for field in dataclasses.fields(target):
            assert all(map(math.isfinite, getattr(target, field.name)))
        motion = own.settings.motion
        assert abs(velocity.vx_mps) <= motion.vx_limit_mps
        assert abs(velocity.vy_mps) <= motion.vy_limit_mps
        assert abs(velocity.yaw_rate_radps) <= motion.yaw_rate_limit_radps

    def check_moves(self, sent, seconds):
        """Targets within the joint's limits, near the measured joint, at a bounded rate; a law that the motor can."""
        output, own = self.tryout.output, self.limits
        if output.command.kind is not CommandKind.TRACK:
            return
        target, sample = output.command.target, self.tryout.supervisor._gate.sample.state
        reach_rad = own.settings.command.target_from_measured_rad
        assert seconds > 0.0, "targets while the clock stood still"
        for joint, at_rad in enumerate(target.position_rad):
            lower_rad, upper_rad = own.target_lower_rad[joint], own.target_upper_rad[joint]
            measured_rad, speed_radps = sample.joint_position_rad[joint], sample.joint_velocity_radps[joint]
            assert lower_rad <= at_rad <= upper_rad
            # Where a joint stands beyond its limits, these win.
            low_rad, high_rad = min(measured_rad - reach_rad, upper_rad), max(measured_rad + reach_rad, lower_rad)
            assert low_rad - EPS <= at_rad <= high_rad + EPS
            starts = [measured_rad] if sent.is_stop else [measured_rad, sent.target.position_rad[joint]]
            nearest_rad = min(abs(at_rad - start_rad) for start_rad in starts)
            # A joint that was pushed away takes its target along.
            edges = (lower_rad, upper_rad, low_rad, high_rad)
            taken_along = any(abs(at_rad - edge_rad) <= EPS for edge_rad in edges)
            assert taken_along or nearest_rad <= own.target_rate_radps[joint] * seconds + EPS
            kp, kd = target.kp_nm_per_rad[joint], target.kd_nms_per_rad[joint]
            assert 0.0 <= kp <= own.settings.command.kp_limit_nm_per_rad
            assert 0.0 <= kd <= own.settings.command.kd_limit_nms_per_rad
            wanted_radps, torque_nm = target.velocity_radps[joint], target.torque_nm[joint]
            assert abs(wanted_radps) <= own.no_load_speed_radps[joint]
            assert abs(torque_nm) <= own.torque_nm[joint]
            asked_nm = kp * (at_rad - measured_rad) + kd * (wanted_radps - speed_radps) + torque_nm
            lowest_nm, highest_nm = torque_range_nm(own, joint, speed_radps)
            assert lowest_nm - 1e-6 <= asked_nm <= highest_nm + 1e-6

    def check_what_is_active(self, machine):
        rules = self.limits.settings.rules
        for trigger in machine.active:
            wanted = rules[trigger].action
            if wanted > Action.WARN and (machine.mode in ON_FEET or wanted >= Action.DAMP):
                assert action_now(machine) >= min(wanted, Action.ZERO_TORQUE)
        assert machine.stop >= Action.DAMP
        assert action_now(machine) >= SEVERITY[machine.mode]

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

    @rule(pair=st.sampled_from([pair for pair in PAIRS if pair[1] in SPOILS]))
    def put_into_a_mode_with_a_cause(self, pair):
        mode, trigger = pair
        self.tryout = ready(self.robot, mode, self.real)
        self.tryout.faults = {trigger}
        delay_s = self.limits.settings.rules[trigger].delay_s
        self.tick(ticks=1 + min(40, math.ceil(delay_s / TICK_S)))

    @rule(
        angle_rad=st.floats(-4.0, 4.0),
        kp=st.sampled_from([0.0, 20.0, 100.0]),
        torque_nm=st.floats(-60.0, 60.0),
        stuck=st.booleans(),
    )
    def the_policy_asks_for_anything(self, angle_rad, kp, torque_nm, stuck):
        """Once it is obeyed at once, and not led to where it wants to be."""
        self.tryout = copied(_in_full_stride(self.robot, self.real))
        self.tryout.stuck = stuck
        position_rad = tuple(angle_rad * (-1) ** joint for joint in range(12))
        self.tryout.law = JointTarget(position_rad, (0.0,) * 12, (torque_nm,) * 12, (kp,) * 12, (1.0,) * 12)
        self.tick(ticks=15)
        self.tryout.law, self.tryout.stuck = None, False

    @rule()
    def all_is_well_again(self):
        self.tryout.faults.clear()
        self.tick(ticks=20)

    @rule(ticks=st.integers(1, 100))
    def wait(self, ticks):
        self.tick(ticks=ticks)

    @rule(step_s=st.sampled_from([-3600.0, -0.5, -0.005, -1e-9, 0.04, 0.2, 3600.0]))
    def the_clock_leaps(self, step_s):
        self.tryout._now_s += step_s
        self.tick(leapt_s=step_s)

    @rule(step=st.sampled_from([-1000, -1, 5, 1000]))
    def samples_are_counted_otherwise(self, step):
        self.tryout._sequence = max(0, self.tryout._sequence + step)
        self.tick()


class WithRealGaits(SupervisorMachine):
    """The same with the gaits that the robot has."""

    robots = ("go2",)
    real = True


SupervisorMachine.TestCase.settings = settings(max_examples=13, stateful_step_count=25)
TestSupervisor = SupervisorMachine.TestCase
WithRealGaits.TestCase.settings = settings(max_examples=3, stateful_step_count=25)
TestSupervisorWithRealGaits = WithRealGaits.TestCase


@functools.cache
def impatient():
    """The limits of a go2 that waits for nothing long: stricter, as files of one's own may be, and sooner tested."""
    own = limits("go2").settings
    rules = {trigger: dataclasses.replace(rule, delay_s=min(0.2, rule.delay_s)) for trigger, rule in own.rules.items()}
    timing = dataclasses.replace(own.timing, stand_up_s=0.5, settle_s=0.5, fallback_s=0.5, hang_s=0.8)
    return dataclasses.replace(limits("go2"), settings=dataclasses.replace(own, rules=rules, timing=timing))


NEVER = {(mode, Trigger.GAIT_BAD) for mode in FOLLOW}
"""Watched but out of reach: while targets come from outside there is no gait that could fail."""
LED_S = 5.0
"""From lying to where the targets of a tryout are, at the rate of the air."""


def with_cause(mode, trigger):
    """A tryout in a mode where a trigger is about to act, and what makes it."""
    if trigger is Trigger.FALLBACK_OVER:  # of a fallback that nobody asked for
        return _led_by(Trigger.POLICY_SILENT, Mode.FALLBACK), set()
    if (mode, trigger) == (Mode.STANDING, Trigger.OPERATOR_SILENT):  # nobody asked it to stand
        return _led_by(Trigger.VELOCITY_SILENT, Mode.STANDING), {trigger}
    if trigger is Trigger.HANG_TIMEOUT:
        return ready("go2", mode), set()
    tryout = ready("go2", mode)
    if mode is Mode.HANGING and trigger in {Trigger.LIMIT_HITS, Trigger.JOINT_RANGE}:
        tryout._kp = (0.2,) * 12  # legs are not to feel it
        tryout.advance(LED_S)  # nor is it only led
        tryout.supervisor._machine = dataclasses.replace(tryout.supervisor._machine, since_s=tryout._now_s)
    # Modes that pass by themselves are to last until the cause has acted.
    keeps = {Mode.STANDING_UP: {Trigger.STAND_UP_TIMEOUT}, Mode.SETTLING: {Trigger.SETTLE_TIMEOUT}}
    return tryout, {trigger} | keeps.get(mode, set())


def _led_by(trigger, mode):
    tryout = ready("go2", Mode.WALKING)
    tryout.faults = {trigger}
    tryout.advance(0.5)
    assert tryout.mode is mode
    tryout.faults = set()
    tryout.advance(TICK_S)
    return tryout


def mode_by_the_table(mode, trigger, active):
    """What must follow from one trigger alone; None where it is not alone, or cannot do as it would."""
    rules, row = impatient().settings.rules, ROWS[trigger]
    wanted, others = rules[trigger].action, {other for other in active if rules[other].action > Action.WARN} - {trigger}
    if others or (wanted < Action.DAMP and (mode not in ON_FEET or NEEDS[wanted] & row.spoils)):
        return None
    if wanted >= Action.DAMP:
        return Mode.STOPPED
    return mode if wanted <= max(Action.WARN, SEVERITY[mode]) else MODE_OF_ACTION[wanted]


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_every_trigger_acts_in_every_mode_that_watches_it(mode):
    rules, plain = impatient().settings.rules, 0
    pairs = [trigger for place, trigger in PAIRS if place is mode and (place, trigger) not in NEVER]
    for trigger in pairs:
        tryout, faults = with_cause(mode, trigger)
        tryout.faults, tryout.limits, tryout.supervisor._limits = faults, impatient(), impatient()
        before = tryout.supervisor._machine
        ticks = 0
        while trigger not in tryout.output.status.active and ticks < 200:
            assert tryout.mode is mode, (trigger, "something else acted before")
            tryout.advance(TICK_S)
            ticks += 1
        assert ticks * TICK_S >= rules[trigger].delay_s - 0.5 * TICK_S, (trigger, "too early")
        status, after = tryout.output.status, tryout.supervisor._machine
        assert trigger in status.active, (trigger, "never acted")
        lasting = ROWS[trigger].clears is not Clears.BY_ITSELF
        assert (trigger in status.latched) == lasting, trigger
        wanted = Action.NONE if rules[trigger].action is Action.WARN else rules[trigger].action
        assert action_now(after) >= max(action_now(before), wanted), trigger
        expected = mode_by_the_table(mode, trigger, status.active)
        if expected is not None:
            plain += 1
            assert tryout.mode is expected, trigger
    assert pairs
    assert plain >= len(pairs) // 2, "most pairs act alone, and say exactly what the table says"


def test_every_level_of_the_estop_is_tried():
    assert {trigger.value for trigger in SPOILS} >= {"estop_settle", "estop_zero_torque"}
    assert len(EstopLevel) == 3
