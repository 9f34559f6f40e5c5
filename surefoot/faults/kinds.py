"""What can be said of a fault: how it comes, in which states, what must follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import TypeAlias

from surefoot_safety.action import Action
from surefoot_safety.mode import Mode
from surefoot_safety.settings import Settings
from surefoot_safety.table import Trigger


class State(Enum):
    """What the robot is doing when the fault comes."""

    STANDING_UP = "standing up"
    STANDING = "standing"
    SLOW = "walking 0.3 m/s"
    FAST = "walking 0.8 m/s"
    FALLBACK = "fallback"
    """Of a walk, on an operator's `crawl`: the trot takes over and comes to rest."""
    SETTLING = "settling"


SPEED_MPS: Mapping[State, float] = {State.SLOW: 0.3, State.FAST: 0.8, State.FALLBACK: 0.3}
WALKING = frozenset({State.SLOW, State.FAST})
EVERY = frozenset(State)
GOING_ON: Mapping[State, frozenset[Mode]] = {
    State.STANDING_UP: frozenset({Mode.STANDING_UP, Mode.STANDING}),
    State.STANDING: frozenset({Mode.STANDING}),
    State.SLOW: frozenset({Mode.WALKING}),
    State.FAST: frozenset({Mode.WALKING}),
    State.FALLBACK: frozenset({Mode.FALLBACK}),
    State.SETTLING: frozenset({Mode.SETTLING, Mode.SITTING}),
}
"""Where a robot is that nothing keeps from what it does."""
BEGINS: Mapping[State, Mode] = {
    State.STANDING_UP: Mode.STANDING_UP,
    State.STANDING: Mode.STANDING,
    State.SLOW: Mode.WALKING,
    State.FAST: Mode.WALKING,
    State.FALLBACK: Mode.FALLBACK,
    State.SETTLING: Mode.SETTLING,
}
"""Where it must be when the fault comes, for the row to be about this state."""


class Place(Enum):
    """Where a stop shows first."""

    MOTORS = "motors"
    """In what the link tells them."""
    SUPERVISOR = "supervisor"
    """The link is not there to tell anything."""


Waits: TypeAlias = tuple[str | Trigger | float, ...]
"""What a time is the sum of: settings by dotted name, delays of triggers, seconds."""


@dataclass(frozen=True, slots=True)
class Must:
    """What must follow."""

    action: Action = Action.NONE
    """At least this. `NONE`: it must go on as if nothing had happened."""
    triggers: frozenset[Trigger] = frozenset()
    """One of these must be named as a reason; empty: no matter which."""
    waits: Waits | None = None
    """How long it may take at most, beside a period of the supervisor and one of the link; None: no matter."""
    latched: bool = False
    """Whether it must end stopped, until an operator's reset."""
    place: Place = Place.MOTORS
    free: bool = False
    """Anything may follow, up to `most`, within the limits, and what is stopped stays so."""
    most: Action | None = None
    """No more than this, unless the robot falls; None: as `ceiling` has it."""
    finally_: Action = Action.NONE
    """What it must have come to by the end, while the fault lasts; `NONE`: no matter."""
    heir: bool = False
    """Whether another supervisor may follow: the one that the fault met is killed or ended."""

    @property
    def ceiling(self) -> Action | None:
        """No more than this may follow unless the robot falls: what goes on, stands or sits must not be let drop.

        A fallback ends by itself, standing.
        """
        own = {Action.FALLBACK: Action.STAND, Action.STAND: Action.STAND, Action.SETTLE: Action.SETTLE}
        most = own.get(self.action) if self.most is None else self.most
        return None if most is None else max(most, self.finally_)

    def longest_s(self, settings: Settings) -> float | None:
        """The time that it may take, as this robot's settings have it."""
        return None if self.waits is None else sum(_seconds(part, settings) for part in self.waits)

    def told(self) -> str:
        """In words, for a table."""
        words = [_said(self.action)]
        if self.free:
            words = ["anything within limits" if self.most is None else f"anything up to {_said(self.most)}"]
        elif self.most is not None:
            words.append(f"at most {_said(self.most)}")
        if self.latched:
            words.append("latched")
        if self.finally_ is not Action.NONE:
            words.append(f"then {_said(self.finally_)}")
        return ", ".join(words)


def _said(action: Action) -> str:
    return "goes on" if action is Action.NONE else action.name.lower().replace("_", " ")


def _seconds(part: str | Trigger | float, settings: Settings) -> float:
    if isinstance(part, Trigger):
        return settings.rules[part].delay_s
    return float(attrgetter(part)(settings)) if isinstance(part, str) else part


class Process(Enum):
    """Who can be killed."""

    SUPERVISOR = "supervisor"
    LINK = "link"
    UP = "surefoot up"
    WALKER = "policy"
    """The policy without ROS: walks the robot through the channel of targets."""
    ROBOT_NODE = "robot node"
    POLICY_NODE = "policy node"
    RECORDER = "recorder"


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL; `surefoot up` starts its own again, the policy without ROS comes back with the next trial."""

    process: Process


@dataclass(frozen=True, slots=True)
class End:
    """SIGTERM; as `Kill`."""

    process: Process


@dataclass(frozen=True, slots=True)
class Hold:
    """SIGSTOP, and SIGCONT so much later."""

    process: Process
    seconds: float


class Answer(Enum):
    """How a policy goes wrong."""

    NAN = "nan"
    INF = "inf"
    CONSTANT = "constant"
    SATURATED = "saturated"
    RANDOM = "random"
    SHUFFLED = "shuffled"
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Policy:
    """Joint targets go wrong."""

    answer: Answer
    ticks: int = 0
    """Of delay."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A fault of the simulated robot."""

    kind: str
    size: float | None = None
    joint: str = ""
    """Of a random joint whose name has this in it; empty: of no joint."""
    from_sample: int | None = 0
    """It begins with which of the samples that have it: the first that is frozen is a sound one, only those after it
    repeat it. None: with the order."""


@dataclass(frozen=True, slots=True)
class Push:
    """From any side."""

    force_n: float
    seconds: float = 0.2


class Estop(Enum):
    """What becomes of an e-stop endpoint that is not `surefoot up`."""

    SILENT = "silent"
    REPLAYED = "replayed"
    """An old release again and again."""
    FORGED = "forged"
    """Releases signed with another key."""
    STOPPED_BY_STRANGER = "stopped by a stranger"


@dataclass(frozen=True, slots=True)
class Button:
    """An e-stop endpoint goes wrong."""

    how: Estop


@dataclass(frozen=True, slots=True)
class Load:
    """So many busy processes per core."""

    per_core: int = 1


@dataclass(frozen=True, slots=True)
class Clock:
    """The wall clock jumps, and a process that looked at it is killed: the next one begins by another clock."""

    step_s: float
    process: Process


@dataclass(frozen=True, slots=True)
class Message:
    """Somebody on ROS says what nobody should: a misdeed of `surefoot_control.rogue_node`."""

    misdeed: str


class Other(Enum):
    """What may lie where a policy's file was."""

    NO_POLICY = "no policy"
    ANOTHER = "another policy"
    """A sound one, of the same robot."""


@dataclass(frozen=True, slots=True)
class Swap:
    """The policy's file becomes another one, and the policy node starts anew."""

    other: Other


@dataclass(frozen=True, slots=True)
class Disk:
    """The recorder can write no more."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """All is well: what happens then by itself, the other rows have too."""


How: TypeAlias = Nothing | Kill | End | Hold | Policy | Sensor | Push | Button | Load | Clock | Message | Swap | Disk


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    group: str
    how: How
    must: Must
    where: Mapping[State, Must] = field(default_factory=dict)
    """In these states something else must follow."""
    states: frozenset[State] = EVERY
    """In which it is tried."""
    watch_s: float = 2.5
    has_ros: bool = False
    """Whether it takes the nodes."""
    remark: str = ""
    """What whoever reads its rows must know."""

    @property
    def touches_link(self) -> bool:
        """Whether the link may not be able to keep its time, or be gone."""
        how = self.how
        return isinstance(how, Load) or (
            isinstance(how, Kill | End | Hold)
            and (how.process is Process.LINK or (how.process is Process.UP and not isinstance(how, Hold)))
        )

    def must_in(self, state: State) -> Must:
        """What must follow in a state."""
        return self.where.get(state, self.must)


@dataclass(frozen=True, slots=True)
class Cell:
    """A fault in a state."""

    fault: Fault
    state: State

    @property
    def name(self) -> str:
        """Of its row."""
        return f"{self.fault.name}, {self.state.value}"

    @property
    def must(self) -> Must:
        """What must follow."""
        return self.fault.must_in(self.state)


def cells(faults: Iterable[Fault], only: Sequence[str] = ()) -> list[Cell]:
    """All of them, or those that have one of these texts in their name, or are of such a group.

    A text that is a whole name means this one alone.
    """
    made = [Cell(fault, state) for fault in faults for state in State if state in fault.states]
    whole = {cell.name for cell in made if cell.name in only}
    parts = [text for text in only if text not in whole]
    return [
        cell
        for cell in made
        if not only or cell.name in whole or any(text in cell.name or text == cell.fault.group for text in parts)
    ]
