"""What the robot does and why, in words, and what an operator can do next. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from surefoot.console.messages import REQUESTS
from surefoot_safety.action import Action
from surefoot_safety.channel.records import StatusRecord, triggers_of
from surefoot_safety.mode import MOVES, Mode
from surefoot_safety.table import ROWS, Clears, Trigger

MODES = {
    Mode.OFF: "off: motors have no torque",
    Mode.DAMPED: "armed: motors only brake",
    Mode.SITTING: "sitting, motors hold",
    Mode.STANDING_UP: "standing up",
    Mode.STANDING: "standing",
    Mode.WALKING: "walking by its policy",
    Mode.FALLBACK: "walking by a gait that needs no policy",
    Mode.SETTLING: "sitting down",
    Mode.HANGING: "hanging, its joints are measured",
    Mode.STOPPED: "stopped until a reset",
}
NEXT = {
    Mode.OFF: "Arm, then Stand.",
    Mode.DAMPED: "Stand, or Disarm.",
    Mode.SITTING: "Stand, or Disarm.",
    Mode.STANDING_UP: "Wait until it stands; Sit breaks off.",
    Mode.STANDING: "Walk or Crawl, then drive.",
    Mode.WALKING: "Drive; Stand or Sit ends walking.",
    Mode.FALLBACK: "Drive it at a crawl; Walk, Stand or Sit ends that.",
    Mode.SETTLING: "Wait until it sits; Stand breaks off.",
    Mode.HANGING: "Wait until it is measured; Arm ends that, and motors brake.",
    Mode.STOPPED: "See that the cause is gone and nobody is near; then Reset, Arm, Stand.",
}
"""What an operator can do in each mode."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A trigger that is there, or has been and is latched."""

    trigger: Trigger
    meaning: str
    detail: str
    """What was found, with numbers."""
    is_latched: bool
    is_severe: bool
    """Whether it does more than warn."""
    over: str
    """How it will be over."""


def reasons_of(status: StatusRecord) -> list[Reason]:
    """Why the robot does what it does, the latched ones first."""
    details = dict(_detail(line) for line in status.reasons.split("\n") if line)
    latched, active = triggers_of(status.latched), triggers_of(status.active)
    found = [*latched, *(trigger for trigger in active if trigger not in latched)]
    return [
        _reason(trigger, details.get(trigger.value, ""), trigger in latched, trigger in active) for trigger in found
    ]


def headline(status: StatusRecord) -> str:
    """The mode in words, with its reason where there is one."""
    text = MODES[status.mode]
    severe = [reason for reason in reasons_of(status) if reason.is_severe]
    if status.settling:
        return f"{text}: `surefoot up` is ending"
    return f"{text}: {severe[0].meaning}" if severe else text


def allowed(mode: Mode) -> list[str]:
    """What can be asked for in a mode; the supervisor may still say no."""
    return [name for name, request in REQUESTS.items() if mode in MOVES[request]]


def _reason(trigger: Trigger, detail: str, is_latched: bool, is_active: bool) -> Reason:
    row = ROWS[trigger]
    if row.clears is Clears.BY_RESET:
        over = "lasts: a reset is refused" if is_active else "is over: a reset lets go of it"
    elif row.clears is Clears.BY_OPERATOR:
        over = "until you ask for something else"
    else:
        over = "goes by itself"
    return Reason(trigger, row.meaning, detail, is_latched, row.least_action is not Action.WARN, over)


def _detail(line: str) -> tuple[str, str]:
    name, _, detail = line.partition(": ")
    return name, detail
