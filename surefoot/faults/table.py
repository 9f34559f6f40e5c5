"""What goes wrong, in which states, and what must follow: data; others do it and judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from surefoot.faults.kinds import (
    EVERY,
    WALKING,
    Answer,
    Button,
    Clock,
    Disk,
    End,
    Estop,
    Fault,
    Hold,
    How,
    Kill,
    Load,
    Message,
    Must,
    Nothing,
    Other,
    Place,
    Policy,
    Process,
    Push,
    Sensor,
    State,
    Swap,
    Waits,
)
from surefoot_safety.action import Action
from surefoot_safety.link.guard import COMMAND_AGE_S
from surefoot_safety.table import Trigger

T = Trigger


GOES_ON, ANYTHING = Must(), Must(free=True)
STILL, LONG = frozenset({State.STANDING, State.SLOW}), frozenset({State.SLOW})
"""Where rows are tried that would say the same in other states."""


def _settles(*triggers: Trigger, waits: Waits | None, finally_: Action = Action.NONE) -> Must:
    return Must(Action.SETTLE, frozenset(triggers), waits, latched=True, finally_=finally_)


def _damps(*triggers: Trigger, waits: Waits | None, place: Place = Place.MOTORS) -> Must:
    return Must(Action.DAMP, frozenset(triggers), waits, latched=True, place=place)


def _falls_back(*triggers: Trigger, waits: Waits | None, finally_: Action = Action.NONE) -> Must:
    return Must(Action.FALLBACK, frozenset(triggers), waits, finally_=finally_)


def _in_walks(must: Must, **others: Must) -> dict[State, Must]:
    return {**dict.fromkeys(WALKING, must), **{State[name]: other for name, other in others.items()}}


# Whichever is noticed first: that nothing new comes, or that the newest has grown too old to be followed.
SILENT = _falls_back(T.POLICY_SILENT, T.POLICY_LATE, T.POLICY_BAD, waits=("timing.policy_silent_s",))
BAD = _falls_back(T.POLICY_BAD, waits=(T.POLICY_BAD,))
HANGS_S = 0.13
"""Of a policy of 50 Hz: policy.frozen_s, and the tick in which it began."""
HANGS = _falls_back(T.POLICY_BAD, waits=(HANGS_S, T.POLICY_BAD))
MAY_FALL_BACK = Must(free=True, most=Action.FALLBACK)
MAY_STAND = Must(Action.FALLBACK, most=Action.STAND)
"""Of a fallback: it goes on, or stands since velocities were away for so long."""
CLAMPED = _falls_back(
    *(T.LIMIT_HITS, T.POLICY_BAD, T.FALLING, T.TILT, T.LOW_BASE, T.SINKING, T.JOINT_SPEED, T.JOINT_RANGE, T.NO_CONTACT),
    waits=("motion.limit_hit_s", T.LIMIT_HITS),
)
STANDS = Must(Action.STAND, frozenset({T.VELOCITY_SILENT}), ("timing.velocity_silent_s",))
STALE = _damps(T.STATE_STALE, waits=("timing.state_stale_s",), place=Place.SUPERVISOR)
LATE_TICK = _damps(T.TICK_LATE, waits=(COMMAND_AGE_S,))
CHECKED_IN: Waits = ("estop.timeout_s", 0.005)
"""A last check-in may have to wait for a tick of the supervisor, and the timeout runs from there."""
ESTOP_SILENT = _settles(T.ESTOP_SETTLE, waits=CHECKED_IN)
ESTOP_GONE = _settles(T.ESTOP_SETTLE, waits=CHECKED_IN, finally_=Action.ZERO_TORQUE)
NO_NUMBERS = _damps(T.STATE_BAD, waits=(T.STATE_BAD,))
UPSIDE_DOWN = _damps(T.TILT, T.FALLING, waits=(T.TILT,))
ROLLED = _settles(T.IMU_DISAGREES, T.FALLING, T.TILT, waits=(T.IMU_DISAGREES,))
REPEATS = _settles(T.IMU_FROZEN, T.ENCODER_FROZEN, T.IMU_DISAGREES, waits=("sensors.imu_frozen_s", T.IMU_FROZEN))
# Joints that stand still to all eyes are never seen to have sat down: settling ends by its own timeout, in damping.
ALL_REPEATS = replace(REPEATS, most=Action.DAMP)
STRIDE_S = 0.5
"""In which every joint of a walking robot goes further than an angle may stand still."""
STUCK = _damps(T.ENCODER_FROZEN, waits=(STRIDE_S, T.ENCODER_FROZEN))
# Killed, a supervisor latches nothing: the link damps, and the next one begins stopped.
SUPERVISOR_GONE = Must(Action.DAMP, waits=(COMMAND_AGE_S,), heir=True)
UP_GONE = Must(Action.SETTLE, frozenset({T.OPERATOR_STOP}), (0.0,), latched=True)
ANOTHER_ROBOT = (
    "the simulated robot lives in the link: with the next link comes another one, lying; falls and recovery are its own"
)
P = Process


def _processes() -> Iterable[Fault]:
    yield Fault("supervisor killed", "process", Kill(P.SUPERVISOR), SUPERVISOR_GONE)
    ended = Must(Action.SETTLE, frozenset({T.OPERATOR_STOP}), (0.0,), latched=True, heir=True)
    yield Fault("supervisor ended", "process", End(P.SUPERVISOR), ended, watch_s=7.0)
    for ms, must in ((20, GOES_ON), (60, LATE_TICK), (200, LATE_TICK), (2000, LATE_TICK)):
        yield Fault(f"supervisor held {ms} ms", "process", Hold(P.SUPERVISOR, 0.001 * ms), must)
    # Long enough for the next link to be there: what it does with a stopped robot is part of the row.
    yield Fault("link killed", "process", Kill(P.LINK), STALE, watch_s=5.0, remark=ANOTHER_ROBOT)
    # It waits for the robot to be stopped, and goes after 10 s all the same.
    gone = _damps(waits=None, place=Place.SUPERVISOR)
    yield Fault("link ended", "process", End(P.LINK), gone, watch_s=12.0, remark=ANOTHER_ROBOT)
    for ms, must in ((20, GOES_ON), (60, STALE), (200, STALE), (2000, STALE)):
        yield Fault(f"link held {ms} ms", "process", Hold(P.LINK, 0.001 * ms), must)
    yield Fault("surefoot up killed", "process", Kill(P.UP), UP_GONE, watch_s=7.0)
    yield Fault("surefoot up ended", "process", End(P.UP), replace(UP_GONE, waits=None), watch_s=9.0)
    for ms in (20, 60, 200):
        yield Fault(f"surefoot up held {ms} ms", "process", Hold(P.UP, 0.001 * ms), GOES_ON)
    yield Fault("surefoot up held 2000 ms", "e-stop", Hold(P.UP, 2.0), ESTOP_SILENT, watch_s=6.0)
    for word, how in (("killed", Kill(P.WALKER)), ("ended", End(P.WALKER))):
        yield Fault(f"policy {word}", "process", how, GOES_ON, _in_walks(SILENT, FALLBACK=STANDS))
    # Velocities go with it: from the fallback gait it stands after 2 s, and sits down after 10.
    alone = replace(SILENT, finally_=Action.SETTLE)
    yield Fault("policy killed for good", "process", Kill(P.WALKER), alone, states=LONG, watch_s=13.0)
    yield Fault("policy held 20 ms", "process", Hold(P.WALKER, 0.02), GOES_ON)
    # As long as a command may be old: whether that is reached depends on how old the last one was.
    yield Fault("policy held 60 ms", "process", Hold(P.WALKER, 0.06), GOES_ON, _in_walks(MAY_FALL_BACK))
    yield Fault("policy held 200 ms", "process", Hold(P.WALKER, 0.2), GOES_ON, _in_walks(SILENT))
    yield Fault("policy held 2000 ms", "process", Hold(P.WALKER, 2.0), GOES_ON, _in_walks(SILENT, FALLBACK=MAY_STAND))


def _policies() -> Iterable[Fault]:
    musts = {
        Answer.NAN: BAD,
        Answer.INF: BAD,
        Answer.CONSTANT: HANGS,
        Answer.SATURATED: CLAMPED,
        Answer.RANDOM: ANYTHING,  # sound numbers all of them: only what comes of them can tell
        Answer.SHUFFLED: ANYTHING,
    }
    for answer, must in musts.items():
        yield Fault(f"policy {answer.value}", "policy", Policy(answer), GOES_ON, _in_walks(must))
    stands = replace(BAD, finally_=Action.STAND)
    yield Fault("policy nan for good", "policy", Policy(Answer.NAN), stands, states=LONG, watch_s=8.0)
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
    # Of a joint that does not move nobody can tell.
    yield sensor("encoder frozen", Sensor("encoder-frozen", joint="calf", from_sample=1), ANYTHING, _in_walks(STUCK))
    yield sensor("encoder NaN", Sensor("encoder-nan", joint="_"), NO_NUMBERS)
    yield sensor("encoder jumped", Sensor("encoder-jump", joint="_"), _damps(T.ENCODER_JUMP, waits=(T.ENCODER_JUMP,)))
    yield sensor("encoders delayed 100 ms", Sensor("encoder-delayed", 0.1), ANYTHING)
    yield sensor("samples frozen", Sensor("samples-frozen", from_sample=1), ALL_REPEATS)
    late = Sensor("samples-delayed", 0.1, from_sample=None)
    yield sensor("samples delayed 100 ms", late, _damps(T.STATE_STALE, waits=("timing.state_stale_s",)))
    for share, must in ((10, GOES_ON), (30, GOES_ON), (50, GOES_ON), (70, ANYTHING)):
        yield sensor(f"samples dropped {share} %", Sensor("samples-dropped", 0.01 * share, from_sample=None), must)
    # Of 2500 samples in 5 s some 25 in a row are missing sooner or later, and then it has been stopped for good.
    most = Sensor("samples-dropped", 0.9, from_sample=None)
    yield sensor("samples dropped 90 %", most, _damps(T.STATE_STALE, waits=None))
    empty = _settles(T.BATTERY_EMPTY, waits=(T.BATTERY_EMPTY,))
    # Sitting when it has lasted long enough, a robot is stopped there.
    sits = {State.SETTLING: Must(Action.SETTLE)}
    yield sensor("battery empty", Sensor("battery-empty"), empty, sits, 8.0)
    hot = _settles(T.MOTOR_HOT, waits=(T.MOTOR_HOT,))
    yield sensor("motor hot", Sensor("motor-hot", joint="_"), hot, sits, 6.0)
    yield sensor("motor dead", Sensor("motor-dead", joint="_"), ANYTHING)
    yield sensor("robot fault", Sensor("robot-fault"), _damps(T.ROBOT_FAULT, waits=(T.ROBOT_FAULT,)))


def _others() -> Iterable[Fault]:
    yield Fault("nothing", "control", Nothing(), GOES_ON, watch_s=5.0)
    for force_n in (50, 100, 200):
        yield Fault(f"push {force_n} N", "push", Push(force_n), ANYTHING, watch_s=4.0)
    for how in Estop:
        must = _settles(T.ESTOP_SETTLE, waits=(0.0,)) if how is Estop.STOPPED_BY_STRANGER else ESTOP_GONE
        # Until the torque goes, with the mildest settings that there are.
        yield Fault(f"e-stop {how.value}", "e-stop", Button(how), must, watch_s=6.0)
    yield Fault("every core busy", "machine", Load(1), ANYTHING, watch_s=4.0)
    yield Fault("every core busy twice", "machine", Load(2), ANYTHING, watch_s=4.0)


def _nodes() -> Iterable[Fault]:
    # The robot node brings velocities too: how long it is away decides whether a fallback that walks is to stand.
    silent, away = _in_walks(SILENT), _in_walks(SILENT, FALLBACK=MAY_STAND)
    for process, gone in ((P.ROBOT_NODE, away), (P.POLICY_NODE, silent), (P.RECORDER, {})):
        # Long enough for it to be started again, and to be heard.
        yield _node(f"{process.value} killed", Kill(process), GOES_ON, gone, watch_s=6.0)
        yield _node(f"{process.value} ended", End(process), GOES_ON, gone, watch_s=6.0)
        for ms in (20, 60, 200, 2000):
            name = f"{process.value} held {ms} ms"
            where = {20: {}, 60: _in_walks(MAY_FALL_BACK) if gone else {}}.get(ms, gone)
            yield _node(name, Hold(process, 0.001 * ms), GOES_ON, where)
        for step_s in (3600.0, -3600.0):
            name = f"{process.value} killed as the wall clock jumps by {step_s / 3600.0:+.0f} h"
            yield _node(name, Clock(step_s, process), GOES_ON, gone, states=STILL, watch_s=6.0)
    stands = replace(SILENT, finally_=Action.STAND)
    yield _node("policy node held 8 s", Hold(P.POLICY_NODE, 8.0), stands, states=LONG, watch_s=8.0)
    settles = replace(SILENT, finally_=Action.SETTLE)
    yield _node("robot node held 13 s", Hold(P.ROBOT_NODE, 13.0), settles, states=LONG, watch_s=13.0)
    yield _node("supervisor killed, with nodes", Kill(P.SUPERVISOR), SUPERVISOR_GONE, states=STILL)
    yield _node("link killed, with nodes", Kill(P.LINK), STALE, states=STILL, watch_s=5.0, remark=ANOTHER_ROBOT)
    yield _node("surefoot up killed, with nodes", Kill(P.UP), UP_GONE, states=STILL, watch_s=7.0)
    yield from _messages()
    for other in Other:
        yield _node(f"policy file becomes {other.value}", Swap(other), GOES_ON, silent, watch_s=6.0)
    yield _node("disk full for the recorder", Disk(), GOES_ON)
    yield _node("nothing, with nodes", Nothing(), GOES_ON)


def _messages() -> Iterable[Fault]:
    for misdeed in (
        *("targets malformed", "targets duplicated", "targets of a second publisher"),
        *("targets stamped in the past", "targets stamped in the future", "velocities malformed"),
    ):
        yield _node(misdeed, Message(misdeed), GOES_ON)
    # Joints come by name: in another order they are the same.
    yield _node("targets with joints in another order", Message("targets with joints in another order"), GOES_ON)
    yield _node("targets forged without numbers", Message("targets forged without numbers"), GOES_ON, _in_walks(BAD))
    # In the policy's own name, numbers all of them: only what comes of them can tell.
    yield _node("targets forged at random", Message("targets forged at random"), GOES_ON, _in_walks(ANYTHING))
    # Who floods a topic may keep others from being heard: what that leads to is another row.
    for misdeed in ("targets", "velocities", "check-ins"):
        yield _node(f"{misdeed} flooded", Message(f"{misdeed} flooded"), ANYTHING)
    yield _node("velocities of a second publisher", Message("velocities of a second publisher"), ANYTHING)


def _node(
    name: str,
    how: How,
    must: Must,
    where: Mapping[State, Must] | None = None,
    *,
    states: frozenset[State] = EVERY,
    watch_s: float = 2.5,
    remark: str = "",
) -> Fault:
    return Fault(name, "ROS", how, must, where or {}, states, watch_s, has_ros=True, remark=remark)


FAULTS: tuple[Fault, ...] = (*_processes(), *_policies(), *_sensors(), *_others(), *_nodes())
