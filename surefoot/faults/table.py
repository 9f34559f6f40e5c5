"""What goes wrong, in which states, and what must follow: data; others do it and judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import TypeAlias

from surefoot_safety.action import Action
from surefoot_safety.link.guard import COMMAND_AGE_S
from surefoot_safety.mode import Mode
from surefoot_safety.settings import Settings
from surefoot_safety.table import Trigger

T = Trigger


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
    """Anything may follow, within the limits, and what is stopped stays so."""

    def longest_s(self, settings: Settings) -> float | None:
        """The time that it may take, as this robot's settings have it."""
        return None if self.waits is None else sum(_seconds(part, settings) for part in self.waits)

    def told(self) -> str:
        """In words, for a table."""
        if self.free:
            return "anything within limits"
        what = "goes on" if self.action is Action.NONE else self.action.name.lower().replace("_", " ")
        return f"{what}, latched" if self.latched else what


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
    """SIGKILL; `surefoot up` starts it again."""

    process: Process


@dataclass(frozen=True, slots=True)
class End:
    """SIGTERM; `surefoot up` starts it again."""

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
    """The wall clock jumps."""

    step_s: float


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
    watch_s: float = 2.5
    has_ros: bool = False
    """Whether it takes the nodes."""

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


GOES_ON, ANYTHING = Must(), Must(free=True)


def _settles(*triggers: Trigger, waits: Waits | None) -> Must:
    return Must(Action.SETTLE, frozenset(triggers), waits, latched=True)


def _damps(*triggers: Trigger, waits: Waits | None, place: Place = Place.MOTORS) -> Must:
    return Must(Action.DAMP, frozenset(triggers), waits, latched=True, place=place)


def _falls_back(*triggers: Trigger, waits: Waits | None) -> Must:
    return Must(Action.FALLBACK, frozenset(triggers), waits)


def _in_walks(must: Must, **others: Must) -> dict[State, Must]:
    return {**dict.fromkeys(WALKING, must), **{State[name]: other for name, other in others.items()}}


# Whichever is noticed first: that nothing new comes, or that the newest has grown too old to be followed.
SILENT = _falls_back(T.POLICY_SILENT, T.POLICY_LATE, T.POLICY_BAD, waits=("timing.policy_silent_s",))
BAD = _falls_back(T.POLICY_BAD, waits=(T.POLICY_BAD,))
CLAMPED = _falls_back(
    *(T.LIMIT_HITS, T.FALLING, T.TILT, T.LOW_BASE, T.JOINT_SPEED, T.JOINT_RANGE, T.NO_CONTACT),
    waits=("motion.limit_hit_s", T.LIMIT_HITS),
)
STANDS = Must(Action.STAND, frozenset({T.VELOCITY_SILENT}), ("timing.velocity_silent_s",))
STALE = _damps(T.STATE_STALE, waits=("timing.state_stale_s",), place=Place.SUPERVISOR)
LATE_TICK = _damps(T.TICK_LATE, waits=(COMMAND_AGE_S,))
ESTOP_SILENT = _settles(T.ESTOP_SETTLE, waits=("estop.timeout_s", 0.005))
"""A last check-in may have to wait for a tick of the supervisor, and the timeout runs from there."""
NO_NUMBERS = _damps(T.STATE_BAD, waits=(T.STATE_BAD,))
UPSIDE_DOWN = _damps(T.TILT, T.FALLING, waits=(T.TILT,))
ROLLED = _settles(T.IMU_DISAGREES, T.FALLING, T.TILT, waits=(T.IMU_DISAGREES,))
REPEATS = _settles(T.IMU_FROZEN, T.ENCODER_FROZEN, T.IMU_DISAGREES, waits=("sensors.imu_frozen_s", T.IMU_FROZEN))
P = Process


def _processes() -> Iterable[Fault]:
    # Killed, a supervisor latches nothing: the link damps, and the next one begins switched off.
    yield Fault("supervisor killed", "process", Kill(P.SUPERVISOR), Must(Action.DAMP, waits=(COMMAND_AGE_S,)))
    yield Fault("supervisor ended", "process", End(P.SUPERVISOR), Must(Action.SETTLE, waits=(0.0,)), watch_s=7.0)
    for ms, must in ((20, GOES_ON), (60, LATE_TICK), (200, LATE_TICK), (2000, LATE_TICK)):
        yield Fault(f"supervisor held {ms} ms", "process", Hold(P.SUPERVISOR, 0.001 * ms), must)
    yield Fault("link killed", "process", Kill(P.LINK), STALE)
    # It waits for the robot to be stopped, and goes after 10 s all the same.
    yield Fault("link ended", "process", End(P.LINK), _damps(waits=None, place=Place.SUPERVISOR), watch_s=12.0)
    for ms, must in ((20, GOES_ON), (60, STALE), (200, STALE), (2000, STALE)):
        yield Fault(f"link held {ms} ms", "process", Hold(P.LINK, 0.001 * ms), must)
    yield Fault(
        "surefoot up killed", "process", Kill(P.UP), Must(Action.SETTLE, frozenset({T.OPERATOR_STOP}), (0.0,)),
        watch_s=7.0,
    )  # fmt: skip
    yield Fault(
        "surefoot up ended", "process", End(P.UP), Must(Action.SETTLE, frozenset({T.OPERATOR_STOP})), watch_s=9.0
    )
    for ms in (20, 60, 200):
        yield Fault(f"surefoot up held {ms} ms", "process", Hold(P.UP, 0.001 * ms), GOES_ON)
    yield Fault("surefoot up held 2000 ms", "e-stop", Hold(P.UP, 2.0), ESTOP_SILENT, watch_s=6.0)
    for word, how in (("killed", Kill(P.WALKER)), ("ended", End(P.WALKER))):
        yield Fault(f"policy {word}", "process", how, GOES_ON, _in_walks(SILENT, FALLBACK=STANDS))
    yield Fault("policy held 20 ms", "process", Hold(P.WALKER, 0.02), GOES_ON)
    # As long as a command may be old: whether that is reached depends on how old the last one was.
    yield Fault("policy held 60 ms", "process", Hold(P.WALKER, 0.06), GOES_ON, _in_walks(ANYTHING))
    yield Fault("policy held 200 ms", "process", Hold(P.WALKER, 0.2), GOES_ON, _in_walks(SILENT))
    yield Fault("policy held 2000 ms", "process", Hold(P.WALKER, 2.0), GOES_ON, _in_walks(SILENT, FALLBACK=ANYTHING))


def _policies() -> Iterable[Fault]:
    musts = {
        Answer.NAN: BAD,
        Answer.INF: BAD,
        Answer.CONSTANT: ANYTHING,  # sound numbers all of them: only what comes of them can tell
        Answer.SATURATED: CLAMPED,
        Answer.RANDOM: ANYTHING,
        Answer.SHUFFLED: ANYTHING,
    }
    for answer, must in musts.items():
        yield Fault(f"policy {answer.value}", "policy", Policy(answer), GOES_ON, _in_walks(must))
    # At 50 Hz, against 60 ms that a command may be old: the second is near it, with the sample's own age.
    for ticks, must in {1: ANYTHING, 2: ANYTHING, 3: SILENT, 4: SILENT, 5: SILENT}.items():
        name = f"policy delayed {ticks} tick{'s' if ticks > 1 else ''}"
        yield Fault(name, "policy", Policy(Answer.DELAYED, ticks), GOES_ON, _in_walks(must))


def _sensors() -> Iterable[Fault]:
    def sensor(
        name: str, how: Sensor, must: Must, where: Mapping[State, Must] | None = None, watch_s: float = 5.0
    ) -> Fault:
        return Fault(name, "sensor", how, must, where or {}, watch_s=watch_s)

    yield sensor("IMU frozen", Sensor("imu-frozen", from_sample=1), REPEATS)
    yield sensor("IMU NaN", Sensor("imu-nan"), NO_NUMBERS)
    yield sensor("IMU jumped", Sensor("imu-jump"), ROLLED)
    yield sensor("IMU flipped", Sensor("imu-flipped"), UPSIDE_DOWN)
    yield sensor("IMU delayed 100 ms", Sensor("imu-delayed", 0.1), ANYTHING)
    yield sensor("encoder frozen", Sensor("encoder-frozen", joint="calf", from_sample=1), ANYTHING)
    yield sensor("encoder NaN", Sensor("encoder-nan", joint="_"), NO_NUMBERS)
    yield sensor("encoder jumped", Sensor("encoder-jump", joint="_"), _damps(T.ENCODER_JUMP, waits=(T.ENCODER_JUMP,)))
    yield sensor("encoders delayed 100 ms", Sensor("encoder-delayed", 0.1), ANYTHING)
    yield sensor("samples frozen", Sensor("samples-frozen", from_sample=1), REPEATS)
    late = Sensor("samples-delayed", 0.1, from_sample=None)
    yield sensor("samples delayed 100 ms", late, _damps(T.STATE_STALE, waits=("timing.state_stale_s",)))
    for share, must in ((10, GOES_ON), (30, GOES_ON), (50, GOES_ON), (70, ANYTHING), (90, ANYTHING)):
        yield sensor(f"samples dropped {share} %", Sensor("samples-dropped", 0.01 * share, from_sample=None), must)
    empty = _settles(T.BATTERY_EMPTY, waits=(T.BATTERY_EMPTY,))
    # Sitting when it has lasted long enough, a robot may stay so.
    yield sensor("battery empty", Sensor("battery-empty"), empty, {State.SETTLING: GOES_ON}, 8.0)
    hot = _settles(T.MOTOR_HOT, waits=(T.MOTOR_HOT,))
    yield sensor("motor hot", Sensor("motor-hot", joint="_"), hot, {State.SETTLING: ANYTHING}, 6.0)
    yield sensor("motor dead", Sensor("motor-dead", joint="_"), ANYTHING)
    yield sensor("robot fault", Sensor("robot-fault"), _damps(T.ROBOT_FAULT, waits=(T.ROBOT_FAULT,)))


def _others() -> Iterable[Fault]:
    yield Fault("nothing", "control", Nothing(), GOES_ON, watch_s=5.0)
    for force_n in (50, 100, 200):
        yield Fault(f"push {force_n} N", "push", Push(force_n), ANYTHING, watch_s=4.0)
    for how in Estop:
        must = _settles(T.ESTOP_SETTLE, waits=(0.0,)) if how is Estop.STOPPED_BY_STRANGER else ESTOP_SILENT
        yield Fault(f"e-stop {how.value}", "e-stop", Button(how), must, watch_s=5.0)
    yield Fault("every core busy", "machine", Load(1), ANYTHING, watch_s=4.0)
    yield Fault("every core busy twice", "machine", Load(2), ANYTHING, watch_s=4.0)
    yield Fault("wall clock +1 h", "machine", Clock(3600.0), GOES_ON)
    yield Fault("wall clock −1 h", "machine", Clock(-3600.0), GOES_ON)


def _nodes() -> Iterable[Fault]:
    def node(name: str, how: How, must: Must, where: Mapping[State, Must] | None = None) -> Fault:
        return Fault(name, "ROS", how, must, where or {}, has_ros=True)

    # The robot node brings velocities too: how long it is away decides whether a fallback that walks is to stand.
    silent, away = _in_walks(SILENT), _in_walks(SILENT, FALLBACK=ANYTHING)
    for process, gone in ((P.ROBOT_NODE, away), (P.POLICY_NODE, silent), (P.RECORDER, {})):
        yield node(f"{process.value} killed", Kill(process), GOES_ON, gone)
        yield node(f"{process.value} ended", End(process), GOES_ON, gone)
        for ms in (20, 60, 200, 2000):
            name = f"{process.value} held {ms} ms"
            where = {20: {}, 60: _in_walks(ANYTHING) if gone else {}}.get(ms, gone)
            yield node(name, Hold(process, 0.001 * ms), GOES_ON, where)
    for misdeed in (
        *("targets malformed", "targets duplicated", "targets of a second publisher"),
        *("targets stamped in the past", "targets stamped in the future", "velocities malformed"),
    ):
        yield node(misdeed, Message(misdeed), GOES_ON)
    yield node("targets forged without numbers", Message("targets forged without numbers"), GOES_ON, _in_walks(BAD))
    # Who floods a topic may keep others from being heard: what that leads to is another row.
    for misdeed in ("targets", "velocities", "check-ins"):
        yield node(f"{misdeed} flooded", Message(f"{misdeed} flooded"), ANYTHING)
    yield node("velocities of a second publisher", Message("velocities of a second publisher"), ANYTHING)
    for other in Other:
        yield node(f"policy file becomes {other.value}", Swap(other), GOES_ON, silent)
    yield node("disk full for the recorder", Disk(), GOES_ON)
    yield node("nothing, with nodes", Nothing(), GOES_ON)
    yield node("wall clock +1 h, with nodes", Clock(3600.0), GOES_ON)
    yield node("wall clock −1 h, with nodes", Clock(-3600.0), GOES_ON)


FAULTS: tuple[Fault, ...] = (*_processes(), *_policies(), *_sensors(), *_others(), *_nodes())
