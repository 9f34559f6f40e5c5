"""From everything that was seen in a tick to the triggers it raises, each with its reason in words."""

from __future__ import annotations

from collections.abc import Iterable

from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_watch import PolicyMemory
from surefoot_safety.settings import TimingSettings
from surefoot_safety.table import TRIGGER_OF_CHECK, UP, Trigger
from surefoot_safety.violation import STOPPING, Violation

Causes = dict[Trigger, str]
"""Raised triggers and why."""

LOW = frozenset({Trigger.LOW_BASE, Trigger.SINKING})

TRIGGER_OF_STOP: dict[Request, Trigger] = {
    Request.STOP: Trigger.OPERATOR_STOP,
    Request.DAMP: Trigger.OPERATOR_DAMP,
    Request.ZERO_TORQUE: Trigger.OPERATOR_ZERO_TORQUE,
}


def from_violations(violations: Iterable[Violation]) -> Causes:
    """What clock, sample and velocity command raise; the first of several reasons is kept."""
    causes: Causes = {}
    for violation in violations:
        trigger = TRIGGER_OF_CHECK.get(violation.check)
        if trigger is not None:
            causes.setdefault(trigger, violation.message)
    return causes


def news(causes: Causes, mode: Mode) -> Causes:
    """Without being near the ground where a robot sits or lies, or is on its way from there or to there."""
    return causes if mode in UP else {trigger: why for trigger, why in causes.items() if trigger not in LOW}


def from_policy(violations: Iterable[Violation], now_s: float, memory: PolicyMemory, timing: TimingSettings) -> Causes:
    """What the policy raises: silence, missed deadlines, joint targets that cannot be used."""
    causes: Causes = {}
    silent_s = now_s - memory.heard_s
    if not silent_s <= timing.policy_silent_s:
        causes[Trigger.POLICY_SILENT] = f"no joint targets for {silent_s:.3f} s > {timing.policy_silent_s:g} s"
    if not memory.misses < timing.policy_misses:
        causes[Trigger.POLICY_LATE] = f"{memory.misses:.1f} deadlines missed of late, {timing.policy_misses:g} allowed"
    for violation in violations:
        if violation.check in STOPPING:
            causes.setdefault(Trigger.POLICY_BAD, violation.message)
    return causes


def from_limit_hits(hit_s: float, limit_s: float) -> Causes:
    """What clamping the policy again and again raises."""
    if hit_s <= limit_s:
        return {}
    return {Trigger.LIMIT_HITS: f"targets were clamped for {hit_s:.2f} s of late > {limit_s:g} s"}


def from_silence(velocity_age_s: float, asked_to_stand: bool, timing: TimingSettings) -> Causes:
    """What an operator raises who says nothing; a robot that was asked to stand does so without."""
    causes: Causes = {}
    if not velocity_age_s <= timing.velocity_silent_s:
        causes[Trigger.VELOCITY_SILENT] = f"no velocity command for {velocity_age_s:.1f} s"
    if not (asked_to_stand or velocity_age_s <= timing.operator_silent_s):
        causes[Trigger.OPERATOR_SILENT] = f"no velocity command for {velocity_age_s:.1f} s"
    return causes


def from_duration(mode: Mode, in_mode_s: float, by_trigger: bool, timing: TimingSettings) -> Causes:
    """What a mode raises that lasts too long; `by_trigger` tells a fallback that nobody asked for."""
    if mode is Mode.STANDING_UP and not in_mode_s <= timing.stand_up_s:
        return {Trigger.STAND_UP_TIMEOUT: f"standing up since {in_mode_s:.1f} s > {timing.stand_up_s:g} s"}
    if mode is Mode.SETTLING and not in_mode_s <= timing.settle_s:
        return {Trigger.SETTLE_TIMEOUT: f"sitting down since {in_mode_s:.1f} s > {timing.settle_s:g} s"}
    if mode is Mode.HANGING and not in_mode_s <= timing.hang_s:
        return {Trigger.HANG_TIMEOUT: f"hanging since {in_mode_s:.1f} s > {timing.hang_s:g} s"}
    if mode is Mode.FALLBACK and by_trigger and not in_mode_s <= timing.fallback_s:
        return {Trigger.FALLBACK_OVER: f"in fallback since {in_mode_s:.1f} s > {timing.fallback_s:g} s"}
    return {}


def from_operator(requests: Iterable[object]) -> Causes:
    """The stops among an operator's requests."""
    return {
        trigger: f"the operator asked for {request.value}"
        for request, trigger in TRIGGER_OF_STOP.items()
        if request in requests
    }


def from_estop(level: object) -> Causes:
    """What the e-stop raises; anything that is no level counts as the most restrictive."""
    if level is EstopLevel.RELEASED:
        return {}
    if level is EstopLevel.SETTLE_THEN_DAMP:
        return {Trigger.ESTOP_SETTLE: "the e-stop asks to settle"}
    return {Trigger.ESTOP_ZERO_TORQUE: "the e-stop permits no torque"}
