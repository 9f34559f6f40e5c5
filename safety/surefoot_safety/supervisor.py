"""The supervisor: once every tick, from what came in to the command that leaves, and why.

    observe the sample → raise triggers → requests, table → targets from policy or gait → gate

It holds the last tick's memory and the gaits; everything it decides is decided by pure functions elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from surefoot_safety.action import Action
from surefoot_safety.causes import (
    Causes,
    from_duration,
    from_estop,
    from_limit_hits,
    from_operator,
    from_policy,
    from_silence,
    from_violations,
    news,
)
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand, standstill, zero_torque
from surefoot_safety.gait import Gait, Gaits
from surefoot_safety.gate import GateMemory, Judgement, Observation, command_violations, decide, observe
from surefoot_safety.hanging import Loads, are_below, from_feet, from_loads, from_trunk, loaded
from surefoot_safety.limits import Limits, hanging_limits, leading_limits
from surefoot_safety.machine import MachineState, arrived, followed, raised, requested
from surefoot_safety.mode import FOLLOW, POWERED, STOPS, TO_HANG, Mode, Request
from surefoot_safety.policy_answers import Answers, answered, from_answers
from surefoot_safety.policy_terms import PolicyTerms, terms_broken
from surefoot_safety.policy_watch import PolicyMemory, heard
from surefoot_safety.state import RobotState
from surefoot_safety.supervisor_io import Inputs, Output, Status
from surefoot_safety.table import Trigger
from surefoot_safety.transition import Transition, from_measured, led
from surefoot_safety.velocity import usable_velocity, velocity_age_s
from surefoot_safety.violation import STOPPING, Check, Violation

HITS = frozenset({Check.TARGET_RANGE, Check.TARGET_STEP, Check.TARGET_SPEED, Check.TARGET_TORQUE})
"""Clamps that a sound policy seldom needs. The law's torque is not among them: at speed motors give less than policies
ask for, in training as well. Nor is the rate: a policy of 50 Hz leaps four ticks' way at once, on rough ground at most
answers, and motors follow no faster."""
HITS_IN_THE_AIR = HITS | {Check.TARGET_RATE}
"""There a plan moves, in steps as short as the supervisor's, and no policy."""
UNUSABLE = frozenset(
    {Check.COMMAND_FINITE, Check.COMMAND_ROBOT, Check.COMMAND_FUTURE, Check.COMMAND_ORDER, Check.COMMAND_GAIN}
)
"""What a gait's own targets must not be. Their age is that of the sample, which has triggers of its own."""


class Supervisor:
    """One robot's. `tick` is to be called at 200 Hz; nothing else changes it."""

    def __init__(self, limits: Limits, gaits: Gaits, terms: PolicyTerms | None = None, *, after: str = "") -> None:
        """`terms`: of the policy whose targets will come; without, they are held to the robot's limits alone.

        `after`: how the supervisor before this one ended, if it was not in good order: what had stopped the robot then
        is not known any more, so this one begins stopped, until a reset.
        """
        self._limits, self._terms = limits, terms
        self._hanging, self._leading = hanging_limits(limits), leading_limits(limits)
        self._gait_of: dict[Mode, Gait] = {
            Mode.STANDING_UP: gaits.stand_up,
            Mode.STANDING: gaits.stand,
            Mode.FALLBACK: gaits.fallback,
            Mode.SETTLING: gaits.sit,
            Mode.SITTING: gaits.sit,
        }
        self._machine = _stopped_by(after) if after else MachineState()
        self._gate = GateMemory()
        self._policy, self._answers = PolicyMemory(), Answers()
        self._hit_s, self._loads, self._hangs_free = 0.0, Loads(), False
        self._source: Gait | None = None
        self._tracking = False
        self._transition: Transition | None = None

    @property
    def mode(self) -> Mode:
        """Where it is."""
        return self._machine.mode

    def tick(self, inputs: Inputs) -> Output:
        """Everything once. No exception leaves: one of ours damps the robot and latches."""
        try:
            return self._tick(inputs)
        except Exception as error:  # the robot is moving: there is no better place to go than a stop
            return self._failed(f"{type(error).__name__}: {error}", inputs)

    def _tick(self, inputs: Inputs) -> Output:
        seen = observe(inputs.state, inputs.now_s, self._limits, self._gate)
        rules, time_s = self._limits.settings.rules, seen.memory.time_s
        velocity, causes = self._causes(inputs, seen)
        machine = raised(self._machine, causes, time_s)
        machine, refusals = self._requested(machine, inputs.requests, causes, time_s)
        self._machine = followed(machine, causes, rules, time_s)
        judgement = self._judged(inputs, velocity, seen, causes)
        self._gate = self._remembered(judgement.memory, seen)
        machine = self._machine
        status = Status(
            machine.mode, time_s - machine.since_s, causes, machine.active, machine.latched, refusals, judgement.verdict
        )
        sample = judgement.memory.sample
        return Output(judgement.command, velocity, status, None if sample is None else sample.state.stamp_s)

    def _causes(self, inputs: Inputs, seen: Observation) -> tuple[VelocityCommand, Causes]:
        """The velocity to walk at, and all triggers whose cause is there."""
        settings, now_s, machine = self._limits.settings, inputs.now_s, self._machine
        timing, future_s = settings.timing, settings.command.future_s
        velocity, faults = usable_velocity(inputs.velocity, now_s, timing, settings.motion, future_s)
        refused = self._watch_policy(inputs, seen.memory.seconds)
        asked_to_stand = machine.mode is Mode.STANDING and not machine.by_trigger
        in_mode_s = seen.memory.time_s - machine.since_s
        return velocity, {
            **news(from_violations((*seen.violations, *faults)), machine.mode),
            **from_answers(self._answers, settings.policy),
            **from_policy(refused, now_s, self._policy, timing),
            **from_limit_hits(self._hit_s, settings.motion.limit_hit_s),
            **self._in_the_air(seen),
            **from_silence(velocity_age_s(inputs.velocity, now_s, future_s), asked_to_stand, timing),
            **from_duration(machine.mode, in_mode_s, machine.by_trigger, timing),
            **from_operator(inputs.requests),
            **from_estop(inputs.estop),
        }

    def _in_the_air(self, seen: Observation) -> Causes:
        """What speaks against hanging. Elsewhere feet touch the ground and legs carry."""
        sample = seen.memory.sample
        if self._machine.mode not in TO_HANG or sample is None:
            return {}
        return {
            **from_feet(sample.state.foot_contact),
            **from_trunk(sample.state, sample.shove.gained_mps, self._limits.settings.hanging),
            **from_loads(self._loads, self._limits),
        }

    @property
    def _in_force(self) -> Limits:
        """The limits that joint targets are held to now."""
        if self._machine.mode not in TO_HANG:
            return self._limits
        return self._hanging if self._hangs_free else self._leading

    def _watch_policy(self, inputs: Inputs, seconds: float) -> list[Violation]:
        """Count deadlines, and see whether the newest joint targets can be used."""
        target, timing = inputs.target, self._limits.settings.timing
        if target is None:
            self._policy, self._answers = PolicyMemory(), Answers()
            return []
        # Where it is not followed a policy may have been started anew, and counts from zero again.
        mode = self._machine.mode
        previous = self._policy.newest if mode in FOLLOW else None
        found = command_violations(target, inputs.now_s, self._in_force, previous)
        # In the air it is no policy that gives them, and no contract counts.
        terms = None if mode in TO_HANG else self._terms
        if target.kind is not CommandKind.TRACK:
            found = [*found, Violation(Check.COMMAND_FINITE, "the policy gives no joint targets")]
        elif terms is not None and not any(violation.check is Check.COMMAND_FINITE for violation in found):
            found = [*found, *terms_broken(target.target, terms, self._limits.joint_names)]
        unusable = any(violation.check in STOPPING for violation in found)
        number = None if unusable else (target.sequence, target.stamp_s)
        if mode not in FOLLOW:
            self._answers = Answers()
        elif number not in (None, self._policy.newest):
            self._answers = answered(target.target.position_rad, target.stamp_s, self._answers)
        self._policy = heard(number, inputs.now_s, seconds, self._policy, timing)
        return found

    def _requested(
        self, machine: MachineState, requests: tuple[Request, ...], causes: Causes, time_s: float
    ) -> tuple[MachineState, tuple[str, ...]]:
        """Follow the first request. Stops are triggers, and go their own way ahead of everything."""
        moves = [request for request in requests if request not in STOPS]
        if not moves:
            return machine, ()
        machine, refusal = requested(machine, moves[0], causes, self._limits.settings.rules, time_s)
        late = [f"{request.value} is refused: one request at a time" for request in moves[1:]]
        return machine, tuple([refusal, *late] if refusal else late)

    def _judged(self, inputs: Inputs, velocity: VelocityCommand, seen: Observation, causes: Causes) -> Judgement:
        """What leaves in this tick."""
        sample = seen.memory.sample
        if self._machine.mode not in POWERED or sample is None:
            return self._at_rest(inputs.now_s, seen)
        memory = seen.memory
        gait = self._gait_of.get(self._machine.mode)
        try:
            if not self._tracking or gait is not self._source:
                self._take_over(gait, sample.state, memory.time_s)
                memory = memory.with_other_source()
            command = self._command(gait, inputs.target, sample.state, velocity, memory.time_s)
            self._see_legs(seen, sample.state)
            arriving = gait is not None and self._transition is None and gait.finished
        except Exception as error:
            return self._without_gait(inputs.now_s, seen, causes, f"{type(error).__name__}: {error}")
        judgement = decide(command, inputs.now_s, self._in_force, replace(seen, memory=memory))
        refused = [violation for violation in judgement.verdict.violations if violation.check in UNUSABLE]
        if gait is not None and refused:
            return self._without_gait(inputs.now_s, seen, causes, refused[0].message)
        if gait is None:
            self._count_hits(judgement)
            self._weigh(command, seen)
        if arriving:
            self._machine = arrived(self._machine, memory.time_s)
            if self._machine.mode not in POWERED:
                return self._at_rest(inputs.now_s, seen)
        return judgement

    def _at_rest(self, now_s: float, seen: Observation) -> Judgement:
        """A stop: no torque when off or when that is how the robot was stopped, damping otherwise."""
        self._source, self._tracking, self._transition = None, False, None
        self._hit_s, self._hangs_free = 0.0, False
        machine, limits = self._machine, self._limits
        limp = machine.mode is Mode.OFF or (machine.mode is Mode.STOPPED and machine.stop is Action.ZERO_TORQUE)
        none = zero_torque(limits.robot_hash, 0, 0.0, len(limits.joint_names)) if limp else None
        judgement = decide(none, now_s, limits, seen)
        self._weigh(judgement.command, seen)
        return judgement

    def _see_legs(self, seen: Observation, state: RobotState) -> None:
        """Whether legs have got below the trunk on their way, with no more torque than free ones take."""
        is_known = not any(violation.check is Check.JOINT_RANGE for violation in seen.violations)
        arrived_there = self._transition is None and is_known and are_below(state, self._limits)
        self._hangs_free = self._hangs_free or arrived_there

    def _weigh(self, command: JointCommand, seen: Observation) -> None:
        """Note what legs take, where it counts."""
        memory = seen.memory
        if self._machine.mode in TO_HANG and memory.sample is not None:
            self._loads = loaded(command.target, memory.sample.state, memory.seconds, self._loads)
        else:
            self._loads = Loads()

    def _take_over(self, gait: Gait | None, state: RobotState, time_s: float) -> None:
        """Begin with another source of targets, from the measured pose."""
        self._source, self._tracking = gait, True
        self._hit_s, self._hangs_free = 0.0, False
        self._transition = from_measured(state.joint_position_rad, time_s)
        if gait is not None:
            gait.begin(state)

    def _command(
        self,
        gait: Gait | None,
        policy: JointCommand | None,
        state: RobotState,
        velocity: VelocityCommand,
        time_s: float,
    ) -> JointCommand:
        """The targets of gait or policy, on their way from the measured pose."""
        sequence, stamp_s = state.sequence, state.stamp_s
        if gait is not None:
            # A fallback that nobody asked for stays where it is, whatever the operator last wanted.
            wanted = standstill(time_s) if self._machine.by_trigger else velocity
            target = gait.tick(state, wanted, time_s)
        else:
            assert policy is not None  # else the policy is silent, and this neither walks nor hangs
            target, sequence, stamp_s = policy.target, policy.sequence, policy.stamp_s
        return JointCommand(self._limits.robot_hash, sequence, stamp_s, CommandKind.TRACK, self._led(target, time_s))

    def _led(self, target: JointTarget, time_s: float) -> JointTarget:
        if self._transition is None:
            return target
        target, self._transition = led(target, self._transition, time_s, self._in_force.settings.motion)
        return target

    def _without_gait(self, now_s: float, seen: Observation, causes: Causes, why: str) -> Judgement:
        """What a gait that fails leads to, in the same tick."""
        causes[Trigger.GAIT_BAD] = why
        self._machine = followed(self._machine, causes, self._limits.settings.rules, seen.memory.time_s)
        return self._at_rest(now_s, seen)

    def _count_hits(self, judgement: Judgement) -> None:
        seconds, hits = judgement.memory.seconds, HITS_IN_THE_AIR if self._machine.mode is Mode.HANGING else HITS
        self._hit_s = max(0.0, self._hit_s + (seconds if judgement.verdict.checks & hits else -seconds))

    def _remembered(self, memory: GateMemory, seen: Observation) -> GateMemory:
        """At rest, samples that count from another beginning (a driver started anew, a clock set back) may be taken."""
        disordered = any(violation.check is Check.STATE_ORDER for violation in seen.violations)
        return replace(memory, sample=None) if disordered and self._machine.mode not in POWERED else memory

    def _failed(self, why: str, inputs: Inputs) -> Output:
        """The way out of an error of our own: stopped, no milder than before, nor than operator and e-stop ask for."""
        machine, time_s = self._machine, self._gate.time_s
        limp = machine.mode is Mode.OFF or (machine.mode is Mode.STOPPED and machine.stop is Action.ZERO_TORQUE)
        limp = limp or self._is_no_torque_asked_for(inputs)
        latched = {**machine.latched, Trigger.INTERNAL_ERROR: why}
        stop = Action.ZERO_TORQUE if limp else Action.DAMP
        self._machine = MachineState(Mode.STOPPED, time_s, stop, by_trigger=True, latched=latched)
        seen = Observation((Violation(Check.INTERNAL_ERROR, why),), self._gate)
        judgement = self._at_rest(time_s, seen)
        self._gate = judgement.memory
        causes = {Trigger.INTERNAL_ERROR: why}
        status = Status(Mode.STOPPED, 0.0, causes, causes, latched, (), judgement.verdict)
        return Output(judgement.command, standstill(time_s), status)

    def _is_no_torque_asked_for(self, inputs: Inputs) -> bool:
        """By operator or e-stop, as far as inputs that have led to an error can tell."""
        try:
            asked = {**from_operator(inputs.requests), **from_estop(inputs.estop)}
        except Exception:  # they were the error
            return False
        return any(self._limits.settings.rules[trigger].action is Action.ZERO_TORQUE for trigger in asked)


def _stopped_by(why: str) -> MachineState:
    return MachineState(Mode.STOPPED, stop=Action.DAMP, by_trigger=True, latched={Trigger.INTERNAL_ERROR: why})
