import dataclasses
import math

import pytest
from safe_robot import DT, ROBOTS, Rig, answer, command, in_mode, limits, load_robot_once, pose, state

from surefoot_safety.action import Action
from surefoot_safety.command import CommandKind, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gait import Gaits
from surefoot_safety.gaits import gaits_of
from surefoot_safety.machine import action_now
from surefoot_safety.mode import POWERED, Mode, Request
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Inputs
from surefoot_safety.table import ROWS, Clears, Trigger
from surefoot_safety.tryout import SPOILS, TICK_S, SpoilableGait, Tryout
from surefoot_safety.violation import Check

MODES = list(Mode)
NAN = math.nan


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("mode", MODES)
def test_every_robot_gets_to_every_mode(robot, mode):
    rig = in_mode(mode, robot)
    kind = {Mode.OFF: CommandKind.ZERO_TORQUE, Mode.DAMPED: CommandKind.DAMP, Mode.STOPPED: CommandKind.DAMP}
    assert rig.last.command.kind is kind.get(mode, CommandKind.TRACK)
    assert rig.last.status.mode is mode
    assert rig.last.status.refusals == ()


def test_healthy_walking_trips_nothing_for_a_minute():
    rig = in_mode(Mode.WALKING)
    for _ in range(12_000):
        output = rig.tick()
        assert output.status.mode is Mode.WALKING
        assert not output.status.raised
    assert output.status.in_mode_s == pytest.approx(60.0)


def test_it_says_by_which_sample_the_joints_were_judged():
    rig = Rig()
    assert rig.tick(state=None).sample_stamp_s is None
    for _ in range(3):
        assert rig.tick().sample_stamp_s == rig.now_s
    seen_s = rig.now_s
    assert rig.tick(state=None).sample_stamp_s == seen_s
    assert rig.tick(state_bent={"joint_position_rad": (NAN,) * 12}).sample_stamp_s == seen_s  # of no use: not taken
    assert rig.tick().sample_stamp_s == rig.now_s


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("request_", "least"),
    [(Request.STOP, Action.SETTLE), (Request.DAMP, Action.DAMP), (Request.ZERO_TORQUE, Action.ZERO_TORQUE)],
)
@pytest.mark.parametrize("beside", [(), (Request.STAND,), (Request.RESET, Request.ARM), (Request.WALK,)])
def test_a_stop_wins_from_every_mode_within_one_tick(mode, request_, least, beside):
    rig = in_mode(mode)
    for requests in ((*beside, request_), (request_, *beside)):
        output = rig.tick(*requests)
        assert action_now(rig.supervisor._machine) >= least
        assert output.command.is_stop or (least is Action.SETTLE and output.status.mode is Mode.SETTLING)
        if least is Action.ZERO_TORQUE:
            assert output.command.kind is CommandKind.ZERO_TORQUE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [EstopLevel.ZERO_TORQUE, EstopLevel.SETTLE_THEN_DAMP, None, 2])
def test_the_estop_wins_from_every_mode_within_one_tick(mode, level):
    rig = in_mode(mode)
    output = rig.tick(estop=level)
    if level is EstopLevel.SETTLE_THEN_DAMP:
        assert output.command.is_stop or output.status.mode is Mode.SETTLING
    else:
        assert output.command.kind is CommandKind.ZERO_TORQUE
    if mode is not Mode.OFF:
        assert rig.run(2.0).status.mode is Mode.STOPPED


def test_after_a_stop_only_a_reset_helps_and_it_starts_nothing():
    rig = in_mode(Mode.WALKING)
    rig.tick(Request.DAMP)
    for request in (Request.ARM, Request.STAND, Request.WALK, Request.CRAWL, Request.SIT, Request.DISARM):
        output = rig.tick(request)
        assert output.status.mode is Mode.STOPPED
        assert "is refused in stopped: possible from" in output.status.refusals[0]
    rig.run(10.0)
    assert rig.mode is Mode.STOPPED
    assert rig.last.status.latched == {Trigger.OPERATOR_DAMP: "the operator asked for damp"}
    output = rig.tick(Request.RESET)
    assert (output.status.mode, output.command.kind) == (Mode.OFF, CommandKind.ZERO_TORQUE)
    assert output.status.latched == {}
    rig.run(10.0)
    assert rig.mode is Mode.OFF


def test_one_request_at_a_time():
    rig = Rig()
    rig.tick()
    output = rig.tick(Request.ARM, Request.STAND, Request.WALK)
    assert output.status.mode is Mode.DAMPED
    assert output.status.refusals == (
        "stand is refused: one request at a time",
        "walk is refused: one request at a time",
    )
    output = rig.tick(Request.ARM, Request.STAND)
    assert len(output.status.refusals) == 2
    assert output.status.refusals[0].startswith("arm is refused in damped")


def test_a_settling_stop_ends_damped_and_latched():
    rig = in_mode(Mode.WALKING)
    assert rig.tick(Request.STOP).status.mode is Mode.SETTLING
    while rig.mode is Mode.SETTLING:
        assert rig.last.command.kind is CommandKind.TRACK
        rig.tick()
    assert (rig.mode, rig.last.command.kind) == (Mode.STOPPED, CommandKind.DAMP)  # from its first tick on
    rig.run(2.0)
    assert (rig.mode, rig.last.command.kind) == (Mode.STOPPED, CommandKind.DAMP)


def test_joints_that_do_not_follow_are_no_standing_robot():
    """With the gaits of the real thing: motors without power, or a robot that lies on its legs."""
    rig = Rig(gaits=gaits_of(load_robot_once("go2")))
    lying = {"joint_position_rad": pose("go2", "lying")}
    rig.tick(Request.ARM, state_bent=lying)
    rig.tick(Request.STAND, state_bent=lying)
    seen = set()
    for _ in range(round(12.0 / DT)):
        seen.add(rig.tick(state_bent=lying).status.mode)
    assert Mode.STANDING not in seen
    assert rig.mode in {Mode.SITTING, Mode.STOPPED}  # lying it is, where it was told to be
    assert Trigger.STAND_UP_TIMEOUT in rig.last.status.latched


def test_one_that_follows_another_that_crashed_begins_stopped():
    rig = Rig()
    rig.supervisor = Supervisor(rig.limits, pose_gaits(load_robot_once("go2"), 0.05, 0.05), after="it crashed")
    assert rig.tick(Request.ARM).status.mode is Mode.STOPPED
    assert rig.last.command.kind is CommandKind.DAMP
    assert rig.last.status.refusals
    assert rig.last.status.latched == {Trigger.INTERNAL_ERROR: "it crashed"}
    assert rig.tick(Request.RESET).status.mode is Mode.OFF
    assert rig.tick(Request.ARM).status.mode is Mode.DAMPED


def test_a_velocity_from_the_future_is_none():
    rig = in_mode(Mode.WALKING)
    ahead = VelocityCommand(10_000, rig.now_s + 30.0, 1.0, 0.0, 0.0)
    assert rig.tick(velocity=ahead).status.mode is Mode.SETTLING  # as if nobody had ever said anything
    assert Trigger.VELOCITY_SILENT in rig.last.status.latched


def test_sitting_down_by_request_ends_sitting_and_holds():
    rig = in_mode(Mode.SITTING)
    rig.run(30.0)
    assert (rig.mode, rig.last.command.kind) == (Mode.SITTING, CommandKind.TRACK)
    assert rig.last.command.target.position_rad == pose("go2", "lying")


# Transitions.


@pytest.mark.parametrize(
    ("mode", "request_"),
    [
        (Mode.DAMPED, Request.STAND),
        (Mode.SITTING, Request.STAND),
        (Mode.STANDING, Request.WALK),
        (Mode.WALKING, Request.STAND),
        (Mode.WALKING, Request.CRAWL),
        (Mode.WALKING, Request.SIT),
        (Mode.FALLBACK, Request.WALK),
        (Mode.SETTLING, Request.STAND),
    ],
)
def test_every_new_source_begins_at_the_measured_pose_and_moves_at_a_bounded_rate(mode, request_):
    rig = in_mode(mode)
    # The joints are not where the last targets were: somebody has pushed the robot.
    here = tuple(angle + 0.05 * (-1) ** joint for joint, angle in enumerate(rig.joints))
    wanted = {"position_rad": tuple(angle + 0.3 for angle in pose())}
    output = rig.tick(request_, state_bent={"joint_position_rad": here}, policy_bent=wanted)
    assert output.status.mode is not mode
    assert output.command.target.position_rad == here
    motion, last = limits().settings.motion, here
    for tick in range(1, 200):
        rig.joints = here
        output = rig.tick(policy_bent=wanted)
        rate = motion.transition_rate_radps + motion.transition_growth_radps2 * tick * DT
        now = output.command.target.position_rad
        assert all(abs(b - a) <= rate * DT + 1e-9 for a, b in zip(last, now, strict=True)), tick
        last = now
        if output.status.mode is Mode.STANDING:
            break


def test_a_policy_is_followed_to_the_bit_once_the_transition_is_over():
    rig = in_mode(Mode.WALKING)
    rig.run(1.0)
    wanted = tuple(angle + 0.01 for angle in pose())
    output = rig.tick(policy_bent={"position_rad": wanted, "velocity_radps": (0.1,) * 12})
    law = answer(rig.now_s, rig.policy[0], position_rad=wanted, velocity_radps=(0.1,) * 12)
    assert output.command.target == law.target


def test_from_sitting_down_to_sitting_nothing_begins_anew():
    rig = in_mode(Mode.SETTLING)
    while rig.mode is Mode.SETTLING:
        rig.tick()
    assert rig.mode is Mode.SITTING
    assert rig.supervisor._transition is None
    rig.tick()
    assert rig.supervisor._transition is None


# What goes wrong with the policy.


def test_a_policy_that_falls_silent():
    rig = in_mode(Mode.WALKING)
    gone = rig.last
    while rig.mode is Mode.WALKING:
        gone = rig.tick(target=None)
    assert rig.mode is Mode.FALLBACK
    assert gone.command.kind is CommandKind.TRACK
    assert Trigger.POLICY_SILENT in gone.status.latched
    rig.run(4.9, target=None)
    assert rig.mode is Mode.FALLBACK
    rig.run(0.2, target=None)
    assert rig.mode is Mode.STANDING
    output = rig.tick(Request.WALK, target=None)
    assert "walk is refused: policy_silent" in output.status.refusals[0]
    assert rig.run(1.0).status.mode is Mode.STANDING
    assert rig.tick(Request.WALK).status.mode is Mode.WALKING


def test_a_policy_that_repeats_itself_is_noticed_within_its_age():
    rig = in_mode(Mode.WALKING)
    rig.run(0.5)
    stuck, since_s = rig.healthy().target, rig.now_s
    while rig.mode is Mode.WALKING:
        rig.tick(target=stuck)
    assert rig.mode is Mode.FALLBACK
    assert rig.now_s - since_s <= 0.06 + DT
    rig.run(0.1, target=stuck)
    assert Trigger.POLICY_SILENT in rig.last.status.raised


@pytest.mark.parametrize(
    "bent",
    [
        {"position_rad": (NAN,) * 12},
        {"position_rad": (0.0,) * 11},
        {"kp_nm_per_rad": (500.0,) * 12},
        {"kd_nms_per_rad": (-1.0,) * 12},
    ],
)
def test_bad_joint_targets_are_never_followed(bent):
    rig = in_mode(Mode.WALKING)
    output = rig.tick(policy_bent=bent)
    assert output.status.mode is Mode.FALLBACK
    assert output.command.kind is CommandKind.TRACK
    assert Trigger.POLICY_BAD in output.status.latched


@pytest.mark.parametrize("kind", [CommandKind.DAMP, CommandKind.ZERO_TORQUE])
def test_a_policy_cannot_command_a_stop(kind):
    rig = in_mode(Mode.WALKING)
    output = rig.tick(target=dataclasses.replace(rig.healthy().target, kind=kind))
    assert output.status.mode is Mode.FALLBACK
    assert output.status.latched[Trigger.POLICY_BAD] == "the policy gives no joint targets"


def test_a_policy_for_another_robot():
    rig = in_mode(Mode.WALKING)
    output = rig.tick(target=dataclasses.replace(rig.healthy().target, robot_hash=limits("a1").robot_hash))
    assert output.status.mode is Mode.FALLBACK


def test_a_policy_that_was_started_anew_is_not_followed_in_mid_walk_but_may_walk_later():
    rig = in_mode(Mode.WALKING)
    rig.run(0.2)
    anew = dataclasses.replace(rig.healthy().target, sequence=0)
    assert rig.tick(target=anew).status.mode is Mode.FALLBACK
    for number in range(1, 10):
        fresh = command(rig.now_s + DT, number)
        assert Trigger.POLICY_BAD not in rig.tick(target=fresh).status.raised
    assert rig.tick(Request.WALK, target=command(rig.now_s + DT, 10)).status.mode is Mode.WALKING


def test_deadlines_missed_again_and_again():
    rig = in_mode(Mode.WALKING)
    rig.run(0.2)
    number, ticks = rig.count, 0
    while rig.mode is Mode.WALKING:
        # Every 40 ms instead of every 20: one missed in 40 ms, one forgiven in 500.
        if ticks % 8 == 0:
            late = answer(rig.now_s + DT, number + ticks)
        rig.tick(target=late)
        ticks += 1
    assert Trigger.POLICY_LATE in rig.last.status.active
    assert 5 * 0.04 <= ticks * DT <= 0.3


@pytest.mark.parametrize("silent_s", [1.0, 60.0])
def test_however_long_a_policy_was_silent_it_may_walk_again_after_some_seconds(silent_s):
    """Five misses too many are forgiven in 0.5 s each."""
    rig = in_mode(Mode.WALKING)
    rig.run(silent_s, target=rig.healthy().target)
    assert rig.mode is not Mode.WALKING
    rig.run(2.0)
    assert Trigger.POLICY_LATE in rig.last.status.raised  # not at once: it has to prove itself
    rig.run(1.0)
    if rig.mode is Mode.FALLBACK:
        rig.tick(Request.STAND)
    assert rig.tick(Request.WALK).status.mode is Mode.WALKING


def test_limits_hit_again_and_again():
    rig = in_mode(Mode.WALKING)
    rig.run(1.0)
    out = {"position_rad": (9.0, *pose()[1:])}
    for _ in range(90):
        assert rig.tick(policy_bent=out).status.mode is Mode.WALKING
        assert Check.TARGET_RANGE in rig.last.status.verdict.checks
    for _ in range(45):
        rig.tick()
    for _ in range(45):
        assert rig.tick(policy_bent=out).status.mode is Mode.WALKING
    rig.run(0.06, policy_bent=out)
    assert rig.mode is Mode.FALLBACK
    assert Trigger.LIMIT_HITS in rig.last.status.latched
    assert rig.tick(Request.WALK).status.mode is Mode.WALKING


def test_leaps_within_the_limits_and_joints_stretched_to_their_limits_are_no_hits():
    rig = in_mode(Mode.WALKING)
    rig.run(1.0)
    spec = load_robot_once("go2")
    stretched = tuple(float(angle) for angle in spec.joint_upper_rad)
    held = False
    for tick in range(400):
        to = 0.4 if tick // 4 % 2 else -0.4
        position = (pose()[0] + to, *pose()[1:2], stretched[2], *pose()[3:])
        held |= Check.TARGET_RATE in rig.tick(policy_bent={"position_rad": position}).status.verdict.checks
        assert Check.TARGET_RANGE not in rig.last.status.verdict.checks
    assert held
    assert rig.mode is Mode.WALKING


def test_torque_beyond_the_motor_is_no_hit():
    rig = in_mode(Mode.WALKING)
    rig.run(1.0)
    strong = {"torque_nm": (23.6, *(0.0,) * 11), "position_rad": (pose()[0] + 0.1, *pose()[1:])}
    for _ in range(400):
        rig.joints = pose()
        rig.tick(policy_bent=strong)
    assert Check.PD_TORQUE in rig.last.status.verdict.checks
    assert rig.mode is Mode.WALKING


# Operator and velocity.


def test_the_velocity_fades_then_it_stands_then_it_sits():
    rig = in_mode(Mode.WALKING)
    last, modes = rig.healthy().velocity, []
    for _ in range(round(12.0 / DT)):
        output = rig.tick(velocity=last)
        age_s = rig.now_s - last.stamp_s
        share = min(1.0, max(0.0, 1.0 - (age_s - 0.25) / 0.5))
        assert output.velocity.vx_mps == pytest.approx(0.5 * share, abs=1e-9)
        if not modes or output.status.mode is not modes[-1][1]:
            modes.append((round(age_s, 2), output.status.mode))
    assert [mode for _, mode in modes] == [Mode.WALKING, Mode.STANDING, Mode.SETTLING, Mode.SITTING]
    assert [age_s for age_s, _ in modes[1:3]] == pytest.approx([2.0, 10.0], abs=0.011)


def test_who_asked_to_stand_may_be_silent():
    rig = in_mode(Mode.STANDING)
    rig.run(15.0, velocity=None)
    assert rig.mode is Mode.STANDING
    assert "velocity_silent" in rig.tick(Request.WALK, velocity=None).status.refusals[0]


def test_a_fallback_that_was_asked_for_lasts_and_walks_and_one_that_was_not_stays_on_the_spot():
    class Heard:
        finished, velocities = False, ()

        def begin(self, _):
            self.velocities = []

        def tick(self, _state, velocity, _now_s):
            self.velocities.append(velocity.vx_mps)
            return command().target

    heard, plain = Heard(), pose_gaits(load_robot_once("go2"), 0.05, 0.05)
    rig = Rig(gaits=dataclasses.replace(plain, fallback=heard)).to(Mode.FALLBACK)
    rig.run(6.0)
    assert rig.mode is Mode.FALLBACK
    assert set(heard.velocities) == {0.5}
    rig.tick(Request.WALK)
    rig.run(1.0)
    rig.tick(target=None)
    rig.run(1.0)
    assert rig.mode is Mode.FALLBACK
    assert set(heard.velocities) == {0.0}


# Samples and clocks.


def test_one_garbled_sample_is_damped_through_and_forgotten():
    rig = in_mode(Mode.WALKING)
    rig.run(0.5)
    output = rig.tick(state_bent={"joint_velocity_radps": (NAN,) * 12})
    assert (output.command.kind, output.status.mode) == (CommandKind.DAMP, Mode.WALKING)
    output = rig.tick()
    assert (output.command.kind, output.status.mode) == (CommandKind.TRACK, Mode.WALKING)
    assert output.status.raised == {}


def test_garbled_samples_stop_it():
    rig = in_mode(Mode.WALKING)
    for _ in range(10):
        assert rig.tick(state_bent={"joint_velocity_radps": (NAN,) * 12}).command.is_stop
    assert rig.mode is Mode.STOPPED


def test_samples_that_cease():
    rig = in_mode(Mode.WALKING)
    last = rig.now_s
    while rig.mode is Mode.WALKING:
        rig.tick(state=None)
    assert rig.mode is Mode.STOPPED
    assert rig.now_s - last <= 0.05 + DT + 1e-9
    assert "reset is refused: state_stale" in rig.tick(Request.RESET, state=None).status.refusals[0]
    rig.tick()
    assert rig.tick(Request.RESET).status.mode is Mode.OFF


def test_a_driver_that_was_started_anew_counts_again_from_one():
    rig = in_mode(Mode.STOPPED)
    rig.tick(state_bent={"sequence": 1})
    assert Trigger.STATE_BAD in rig.last.status.raised
    for number in range(2, 30):
        rig.tick(state_bent={"sequence": number})
    assert rig.last.status.raised == {}
    assert rig.tick(Request.RESET, state_bent={"sequence": 30}).status.mode is Mode.OFF
    # In mid-walk it is a stop.
    rig = in_mode(Mode.WALKING)
    for number in range(1, 12):
        rig.tick(state_bent={"sequence": number})
    assert rig.mode is Mode.STOPPED


@pytest.mark.parametrize("mode", MODES)
def test_a_clock_that_goes_back_stops_it_and_a_reset_helps(mode):
    rig = in_mode(mode)
    rig.tick(dt=-5.0)
    assert rig.last.command.is_stop
    assert rig.mode is (Mode.OFF if mode is Mode.OFF else Mode.STOPPED)
    rig.run(0.5)
    if mode is not Mode.OFF:
        assert rig.tick(Request.RESET).status.refusals == ()
    assert rig.mode is Mode.OFF
    assert rig.tick(Request.ARM).status.mode is Mode.DAMPED


@pytest.mark.parametrize("now_s", [NAN, math.inf, None])
def test_a_clock_that_is_none(now_s):
    rig = in_mode(Mode.WALKING)
    output = rig.tick(now_s=now_s)
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert math.isfinite(output.command.stamp_s)


# Gaits that fail.


def spoilt(mode):
    """A rig in a mode, and its gaits, which can be made to fail."""
    plain = pose_gaits(load_robot_once("go2"), 0.05, 0.05)
    gaits = [SpoilableGait(gait) for gait in (plain.stand_up, plain.stand, plain.sit, plain.fallback)]
    return Rig(gaits=Gaits(*gaits)).to(mode), gaits


@pytest.mark.parametrize("mode", [Mode.STANDING, Mode.FALLBACK, Mode.SITTING])
def test_a_gait_that_raises_is_a_stop_in_the_same_tick(mode):
    rig, gaits = spoilt(mode)
    for gait in gaits:
        gait.fails = True
    output = rig.tick()
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert output.status.latched == {Trigger.GAIT_BAD: "ValueError: this gait was made to fail"}
    assert Trigger.GAIT_BAD in output.status.raised
    for gait in gaits:
        gait.fails = False
    rig.tick()
    assert rig.mode is Mode.STOPPED
    assert rig.tick(Request.RESET).status.mode is Mode.OFF


@pytest.mark.parametrize(
    "bent", [{"position_rad": (NAN,) * 12}, {"kp_nm_per_rad": (500.0,) * 12}, {"torque_nm": (math.inf,) * 12}]
)
def test_a_gait_whose_targets_are_refused_is_a_stop_in_the_same_tick(bent):
    class Bad:
        finished = False

        def begin(self, _):
            pass

        def tick(self, *_):
            return dataclasses.replace(command().target, **bent)

    rig = Rig(gaits=dataclasses.replace(pose_gaits(load_robot_once("go2"), 0.05, 0.05), fallback=Bad()))
    rig.to(Mode.STANDING)
    output = rig.tick(Request.CRAWL)
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert Trigger.GAIT_BAD in output.status.latched


def test_a_gait_that_never_arrives():
    rig, gaits = spoilt(Mode.OFF)
    rig.tick()
    for gait in gaits:
        gait.never_arrives = True
    rig.tick(Request.ARM)
    rig.tick(Request.STAND)
    rig.run(5.9)
    assert rig.mode is Mode.STANDING_UP
    rig.run(0.2)
    assert rig.mode is Mode.SETTLING
    rig.run(3.8)
    assert rig.mode is Mode.SETTLING
    rig.run(0.2)
    assert rig.mode is Mode.STOPPED


# Errors of our own.


def test_an_error_of_our_own_damps_and_latches(monkeypatch):
    rig = in_mode(Mode.WALKING)
    monkeypatch.setattr("surefoot_safety.supervisor.followed", None)
    output = rig.tick()
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert output.status.latched == {Trigger.INTERNAL_ERROR: "TypeError: 'NoneType' object is not callable"}
    assert output.status.raised == output.status.active == output.status.latched
    assert output.status.verdict.checks == {Check.INTERNAL_ERROR}
    assert output.status.in_mode_s == 0.0
    assert output.velocity.vx_mps == 0.0
    assert output.command.stamp_s == pytest.approx(rig.now_s - DT)
    number = output.command.sequence
    assert rig.tick().command.sequence == number + 1
    monkeypatch.undo()
    assert rig.tick().status.mode is Mode.STOPPED
    assert rig.tick(Request.RESET).status.mode is Mode.OFF


@pytest.mark.parametrize(
    ("mode", "request_", "kind"),
    [
        (Mode.OFF, None, CommandKind.ZERO_TORQUE),
        (Mode.DAMPED, None, CommandKind.DAMP),
        (Mode.STOPPED, None, CommandKind.DAMP),
        (Mode.STOPPED, Request.ZERO_TORQUE, CommandKind.ZERO_TORQUE),
    ],
)
def test_an_error_of_our_own_makes_nothing_milder(mode, request_, kind):
    rig = in_mode(mode)
    if request_:
        rig.tick(request_)
    output = rig.tick(requests=None)
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, kind)
    assert Trigger.INTERNAL_ERROR in output.status.latched
    assert (mode is Mode.STOPPED) is (Trigger.OPERATOR_DAMP in output.status.latched)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"requests": (Request.ZERO_TORQUE,)}, CommandKind.ZERO_TORQUE),
        ({"requests": (Request.ARM, Request.ZERO_TORQUE)}, CommandKind.ZERO_TORQUE),
        ({"estop": EstopLevel.ZERO_TORQUE}, CommandKind.ZERO_TORQUE),
        ({"requests": (Request.STOP,)}, CommandKind.DAMP),
        ({"estop": EstopLevel.SETTLE_THEN_DAMP}, CommandKind.DAMP),
    ],
)
def test_a_stop_wins_over_an_error_of_our_own_in_the_same_tick(monkeypatch, asked, kind):
    rig = in_mode(Mode.WALKING)
    monkeypatch.setattr("surefoot_safety.supervisor.followed", None)
    assert rig.tick(**asked).command.kind is kind


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Inputs)])
@pytest.mark.parametrize("thing", [object(), 7, "walk", (), NAN])
@pytest.mark.parametrize("mode", [Mode.OFF, Mode.WALKING])
def test_nonsense_in_any_input_raises_nothing(mode, field, thing):
    rig = in_mode(mode)
    output = rig.tick(**{field: thing})
    assert output.command.kind is CommandKind.TRACK or output.command.is_stop
    if mode is Mode.OFF:
        assert output.command.kind is CommandKind.ZERO_TORQUE


def test_the_very_first_tick_without_anything():
    supervisor = Supervisor(limits(), pose_gaits(load_robot_once("go2")))
    assert supervisor.mode is Mode.OFF
    output = supervisor.tick(Inputs(0.0))
    assert (output.command.kind, output.status.mode) == (CommandKind.ZERO_TORQUE, Mode.OFF)
    output = supervisor.tick(Inputs(DT, requests=(Request.ARM,)))
    assert output.status.refusals[0].startswith("arm is refused: ")
    assert supervisor.tick(Inputs(2 * DT, state(2 * DT), requests=(Request.ARM,))).status.refusals == (
        "arm is refused: estop_zero_torque (the e-stop permits no torque)",
    )


# Every cause, by what comes in.


def test_every_trigger_can_be_brought_about():
    assert set(Trigger) - set(SPOILS) == {Trigger.FALLBACK_OVER, Trigger.HANG_TIMEOUT}


SLOW = {
    Trigger.BATTERY_LOW: 4.0,
    Trigger.BATTERY_EMPTY: 7.0,
    Trigger.MOTOR_HOT: 4.5,
    Trigger.STAND_UP_TIMEOUT: 7.0,
    Trigger.SETTLE_TIMEOUT: 5.0,
    **dict.fromkeys((Trigger.IMU_FROZEN, Trigger.IMU_DISAGREES, Trigger.ESTOP_SETTLE, Trigger.OPERATOR_STOP), 4.0),
}
"""Seconds until it has acted, delays and sitting down included."""


@pytest.mark.parametrize("trigger", list(SPOILS))
def test_every_cause_raises_its_trigger_in_a_mode_where_it_is_watched(trigger):
    tryout = Tryout(limits(), load_robot_once("go2"))
    way = {
        Trigger.STAND_UP_TIMEOUT: [Request.ARM],
        Trigger.SETTLE_TIMEOUT: [Request.ARM, Request.STAND],
        Trigger.FOOT_CONTACT: [Request.ARM, Request.HANG],
        Trigger.TRUNK_MOVES: [Request.ARM, Request.HANG],
        Trigger.LEG_LOADED: [Request.ARM, Request.HANG],
    }.get(trigger, [Request.ARM, Request.STAND, Request.WALK])
    for request in way:
        tryout.advance(2.6, request)
    tryout.faults.add(trigger)
    seconds = SLOW.get(trigger, 2.0)
    ask = {Trigger.STAND_UP_TIMEOUT: [Request.STAND], Trigger.SETTLE_TIMEOUT: [Request.SIT]}
    events = tryout.advance(TICK_S, *ask.get(trigger, []))
    if trigger is Trigger.GAIT_BAD:
        events += tryout.advance(0.1, Request.STAND)
    events += tryout.advance(seconds)
    said = [event.text for event in events]
    # A speed that the angles do not bear out is an encoder that jumps.
    names = {trigger.value, "encoder_jump"} if trigger is Trigger.JOINT_SPEED else {trigger.value}
    assert names & {text.partition(":")[0] for text in said}, said
    if ROWS[trigger].clears is Clears.BY_RESET:
        assert tryout.mode is Mode.STOPPED
        tryout.faults.clear()
        tryout.advance(1.0)
        assert tryout.mode is Mode.STOPPED
        tryout.advance(0.1, Request.RESET)
        assert tryout.mode is Mode.OFF
    elif ROWS[trigger].clears is Clears.BY_ITSELF:
        tryout.faults.clear()
        assert f"{trigger.value} is over" in [event.text for event in tryout.advance(0.5)]
        assert tryout.mode is Mode.WALKING
    else:
        assert tryout.mode not in {Mode.WALKING, Mode.STOPPED}


def test_a_tryout_tells_what_happens():
    tryout = Tryout(limits(), load_robot_once("go2"))
    assert tryout.output.command.kind is CommandKind.ZERO_TORQUE
    assert [event.text for event in tryout.advance(0.1, Request.WALK)] == [
        "walk is refused in off: possible from standing, fallback"
    ]
    (event,) = tryout.advance(0.1, Request.ARM)
    assert (event.now_s, event.text) == (pytest.approx(0.105), "off → damped (damp)")
    assert tryout.advance(0.0) == []
    assert len(tryout.time_ticks(5, iter(range(100)).__next__)) == 5


def test_modes_in_which_joints_are_held():
    assert {mode for mode in MODES if in_mode(mode).last.command.kind is CommandKind.TRACK} == POWERED
