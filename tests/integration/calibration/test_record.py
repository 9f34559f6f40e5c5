"""`surefoot identify record`: link, supervisor and a robot that hangs, in steps of injected time, and once for real."""

import json
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from real_processes import LONGEST_S, wait_for

from surefoot.cli import main
from surefoot.identifying.motion import motion_of
from surefoot.identifying.player import Numbers, Player
from surefoot.identifying.rehearsal import Rehearsal, rehearsed
from surefoot.identifying.trials import Place, trial
from surefoot_calibration.air.identify import identify_in_air
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.plan_file import write_plan
from surefoot_calibration.air.synthetic import hidden_parameters
from surefoot_calibration.log.gains import parse_gains
from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.command import CommandKind
from surefoot_safety.mode import Mode, Request
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.table import Trigger
from surefoot_training.simulated.config import parse_world
from surefoot_training.simulated.stepped import Stepped

GO2 = load_robot("go2")
SETTINGS = load_settings("go2")
GAINS = parse_gains("25,0.5", GO2.joint_names)
PLAN = make_plan(GO2, PlanOptions(seconds=5.0), random_phases(np.random.default_rng(0)))
MOTION = motion_of(PLAN)
TRUTH = hidden_parameters(GO2, 5)
KINDS = ("armature_kgm2", "damping_nms_per_rad", "friction_nm", "encoder_offset_rad", "motor_strength")


def world_of(truth):
    values = {kind: getattr(truth, kind).tolist() for kind in KINDS}
    return parse_world({"truth": {**values, "action_delay_s": truth.action_delay_s}}, GO2, "test")


@pytest.fixture(scope="module")
def played():
    return rehearsed(GO2, SETTINGS, MOTION, GAINS, world=world_of(TRUTH))


def test_a_plan_is_played_as_it_is_written(played):
    log = played.log
    assert (played.clamped, played.losses.samples, played.losses.commands) == (0, 0, 0)
    assert log.seconds == pytest.approx(MOTION.seconds, abs=0.01)
    assert log.report.rate_hz == pytest.approx(500.0)
    # What was asked for arrives, 5 ms later at most, once joints have been led to where it begins.
    later = log.target_stamp_s[log.target_stamp_s > 1.0]
    wanted = np.array([[MOTION.at(t + shift_s) for shift_s in (-0.01, -0.005, 0.0)] for t in later])
    sent = log.target_rad[log.target_stamp_s > 1.0]
    assert np.abs(wanted - sent[:, None]).max(axis=2).min(axis=1).max() < 0.03


def test_joints_are_found_from_what_the_supervisor_sent(played):
    """The delay has the link's millisecond in it, and the inertia what a law of 1 kHz does to it (docs)."""
    found = identify_in_air([played.log], GO2, lambda _: None)
    values = np.array([one.value for one in found.estimates])
    for place, kind in enumerate(KINDS[:3]):
        truth = getattr(TRUTH, kind)
        assert np.median(np.abs(values[12 * place : 12 * place + 12] / truth - 1.0)) < 0.05
    assert values[-1] - TRUTH.action_delay_s == pytest.approx(0.0014, abs=0.0003)
    assert found.held_out.after < 0.05 * found.held_out.before


@contextmanager
def armed(tmp_path, **world):
    """Somewhere, its motors braking, and a player."""
    stack = Stepped(GO2, SETTINGS, pose_gaits(GO2, 0.3, 0.5), parse_world(world, GO2, "test"), tmp_path)
    player = Player(GO2, GAINS, tmp_path, stack.target, Numbers())
    try:
        stack.run(0.5)
        assert stack.ask(Request.ARM).refusal == ""
        yield stack, player
    finally:
        player.close()
        stack.close()


def hanging(tmp_path):
    return armed(tmp_path, trunk="held", start_pose="default")


def stepping(stack, at_tick=None, then=None):
    """A millisecond at a time; at one of them something happens."""
    ticks = iter(range(10**6))

    def step():
        if next(ticks) == at_tick:
            then()
        stack.run(0.001)
        return stack.now_s

    return step


def is_damped(stack):
    stack.run(0.1)
    return stack.output.command.kind is CommandKind.DAMP


def test_it_must_be_armed_and_send_samples(tmp_path):
    with hanging(tmp_path) as (stack, player):
        player.check(stack.now_s)
        with pytest.raises(SurefootError, match="sends no samples"):
            player.check(stack.now_s + 1.0)
        for request, mode in ((Request.STAND, "standing_up"), (Request.DAMP, "stopped"), (Request.RESET, "off")):
            stack.ask(request)
            with pytest.raises(SurefootError, match=f"the robot is {mode}: must be damped, in the air") as caught:
                player.check(stack.now_s)
            assert "surefoot mode arm" in caught.value.hint


def test_whose_feet_touch_the_ground_is_refused(tmp_path):
    with armed(tmp_path) as (stack, player):
        with pytest.raises(SurefootError, match="hang is refused: foot_contact"):
            player.play(MOTION, stack.ask, stepping(stack))
        assert stack.mode is Mode.DAMPED
        assert is_damped(stack)


def test_who_lies_and_reports_nothing_is_felt_before_it_rises(tmp_path):
    with armed(tmp_path, sensors={"foot_contact": False}) as (stack, player):
        began_m = stack.robot.body.data.qpos[2]
        with pytest.raises(SurefootError, match="the robot is stopped: leg_loaded"):
            player.play(MOTION, stack.ask, stepping(stack))
        assert is_damped(stack)
        assert stack.robot.body.data.qpos[2] - began_m < 0.005


def test_a_stop_ends_it_and_says_why(tmp_path):
    with hanging(tmp_path) as (stack, player):
        step, asked = stepping(stack, 800, lambda: stack.ask(Request.STOP)), []
        with pytest.raises(SurefootError, match="the supervisor ended it, the robot is stopped: operator_stop"):
            player.play(MOTION, lambda r: asked.append(r) or stack.ask(r), step)
        assert asked == [Request.HANG]  # what somebody else has ended is not asked to end
        assert stack.mode is Mode.STOPPED
        assert is_damped(stack)
        assert Trigger.OPERATOR_STOP in stack.output.status.latched


@pytest.mark.parametrize("after_s", [0.5, 4.0], ids=["being led", "moving"])
def test_who_is_asked_to_end_lets_the_robot_hang_damped(tmp_path, after_s):
    with hanging(tmp_path) as (stack, player):
        end_s = stack.now_s + after_s
        with pytest.raises(SurefootError, match="asked to end"):
            player.play(MOTION, stack.ask, stepping(stack), stop=lambda: stack.now_s > end_s)
        assert stack.mode is Mode.DAMPED
        assert is_damped(stack)
        assert not stack.output.status.latched


def dies():
    raise KeyboardInterrupt


def test_a_recorder_that_breaks_off_asks_for_damping(tmp_path):
    with hanging(tmp_path) as (stack, player):
        asked = []
        with pytest.raises(KeyboardInterrupt):
            player.play(MOTION, lambda r: asked.append(r) or stack.ask(r), stepping(stack, 3000, dies))
        assert asked == [Request.HANG, Request.ARM]
        assert stack.mode is Mode.DAMPED


def test_one_that_says_no_more_is_missed_within_a_tenth_of_a_second(tmp_path):
    with hanging(tmp_path) as (stack, player):
        with pytest.raises(KeyboardInterrupt):
            player.play(MOTION, lambda r: r is Request.HANG and stack.ask(r), stepping(stack, 3000, dies))
        assert stack.mode is Mode.HANGING
        assert stack.run(0.2, until=lambda: stack.mode is Mode.STOPPED) <= 0.11
        assert is_damped(stack)


def test_a_robot_that_is_not_led_to_the_plan_is_left_alone(tmp_path):
    """Its supervisor follows other targets, of whoever handed them on."""
    with hanging(tmp_path) as (stack, player):
        give, calls = player._hand_on, iter(range(10**6))

        def other(command, velocity):
            off = 0.5 * (next(calls) // 20 % 2)
            position_rad = tuple(angle + off for angle in command.target.position_rad)
            give(replace(command, target=replace(command.target, position_rad=position_rad)), velocity)

        player._hand_on = other
        with pytest.raises(SurefootError, match="joints were not led to where they were to be within 12 s"):
            player.play(MOTION, stack.ask, stepping(stack))
        assert stack.mode is Mode.DAMPED


@pytest.mark.parametrize("place", list(Place), ids=lambda place: place.name.lower())
def test_trials(place):
    """Of hundreds: `surefoot bench hang`."""
    found = trial("go2", place, 1, reports_contact=False)
    assert found.right, found
    assert found.followed is (place is Place.HUNG)
    assert found == trial("go2", place, 1, reports_contact=False)


@pytest.fixture
def plan_file(tmp_path):
    write_plan(tmp_path / "plan.csv", PLAN, GAINS, GO2)
    return tmp_path / "plan.csv"


@pytest.fixture
def unrehearsed(monkeypatch, played):
    """As if it had been rehearsed."""
    monkeypatch.setattr("surefoot.identifying.rehearsal.rehearsed", lambda *_, **__: played)


def said(capsys, *words):
    status = main(["identify", "record", *map(str, words)])
    return status, capsys.readouterr()


def test_a_rehearsal_moves_nothing(capsys, plan_file, unrehearsed):
    status, told = said(capsys, plan_file, "--rehearse", "--json")
    assert (status, json.loads(told.out)) == (0, {"passed": True, "seconds": pytest.approx(MOTION.seconds)})


def test_what_the_gate_changes_in_the_rehearsal_is_not_played(capsys, plan_file, monkeypatch, played):
    changed = Rehearsal(played.log, 3, played.losses)
    monkeypatch.setattr("surefoot.identifying.rehearsal.rehearsed", lambda *_, **__: changed)
    status, told = said(capsys, plan_file, "--rehearse")
    assert (status, told.out) == (1, "nothing was moved: in the rehearsal the safety gate changed 3 targets\n")


def test_a_plan_that_takes_longer_than_hanging_may(capsys, tmp_path):
    rows = np.resize(PLAN.target_rad, (97 * 200, 12))
    long = replace(PLAN, stamp_s=0.005 * np.arange(len(rows)), target_rad=rows)
    write_plan(tmp_path / "long.csv", long, GAINS, GO2)
    status, told = said(capsys, tmp_path / "long.csv", "--rehearse")
    assert status == 1
    assert "with the way to where it begins it may take 121 s, and timing.hang_s is 120" in told.out


def test_an_unsafe_plan_is_not_even_rehearsed(capsys, tmp_path):
    far = replace(PLAN, target_rad=PLAN.target_rad - np.tile([0.0, 0.0, 0.9], 4))
    write_plan(tmp_path / "far.csv", far, GAINS, GO2)
    status, told = said(capsys, tmp_path / "far.csv", "--rehearse", "--json")
    fault = json.loads(told.out)["fault"]
    assert status == 1
    assert "room to the lower stop at" in fault


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "where to? --out LOG"),
        (("--out", "x.txt"), "must end with .mcap or .csv"),
        (("--out", "plan.csv"), "is there already"),
        (("--out", "no/x.mcap"), "there is no such folder"),
        (("--out", "x.mcap"), "joints will move quickly: the robot must hang"),
        (("--out", "x.mcap", "--hanging"), "is not running"),
    ],
)
def test_what_is_refused_before_anything_is_tried(capsys, plan_file, monkeypatch, words, message):
    monkeypatch.chdir(plan_file.parent)
    place = ("--robot", "go2", "--run-dir", plan_file.parent / "run")
    status, told = said(capsys, plan_file, *words, *place)
    assert (status, told.out) == (2, "")
    assert message in told.err


def test_a_robot_that_runs(tmp_path, capsys, start, unrehearsed):
    """Real processes: what a busy machine breaks is begun anew."""
    short = replace(PLAN, stamp_s=PLAN.stamp_s[:300], target_rad=PLAN.target_rad[:300])
    write_plan(tmp_path / "plan.csv", short, GAINS, GO2)
    (tmp_path / "world.yaml").write_text("trunk: held\nstart_pose: default\n")
    stack = start("--sim", "--world", str(tmp_path / "world.yaml"))
    out = tmp_path / "log.mcap"
    words = (tmp_path / "plan.csv", "--out", out, "--hanging", "--run-dir", stack.root / "run", "--json")

    def recorded():
        stack.to(Mode.DAMPED)
        status, told = said(capsys, *words)
        return status == 0 and json.loads(told.out)

    told = wait_for(recorded, f"a recording within {LONGEST_S:g} s")
    log = read_log(out, GO2)
    assert told["samples"] == log.samples > 100
    assert log.gains.source == "/surefoot/gains of log.mcap"
    np.testing.assert_array_equal(log.gains.kp_nm_per_rad, GAINS.kp_nm_per_rad)
    assert np.ptp(log.target_rad, axis=0).min() > 0.01
    assert stack.mode() is Mode.DAMPED
