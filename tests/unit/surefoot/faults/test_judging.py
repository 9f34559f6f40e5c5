import math

import numpy as np
import pytest
from fault_records import FAULT_S, GO2, SETTINGS, damped_from, line, ticks

from surefoot.faults.judging import Happened, VoidTrialError, judged
from surefoot.faults.kinds import Cell, Fault, Kill, Must, Nothing, Place, Process, State, cells
from surefoot.faults.table import FAULTS
from surefoot.faults.watching import Entered
from surefoot_safety.action import Action
from surefoot_safety.mode import Mode
from surefoot_safety.table import Trigger

DAMPS = Must(Action.DAMP, frozenset({Trigger.STATE_BAD}), (0.02,), latched=True)
STANDING, WALKING = (Mode.STANDING, 5.0), (Mode.WALKING, 5.0)


def stopped(trigger=Trigger.STATE_BAD, before=STANDING):
    return line(before, (Mode.STOPPED, FAULT_S + 0.02), triggers=[trigger], latched=[trigger])


def verdict(made, timeline, must=DAMPS, state=State.STANDING, how=None, **keywords):
    """Half a second after the fault, of which it lasted 0.4."""
    happened = Happened(made, timeline, FAULT_S, FAULT_S + 0.4, FAULT_S + 0.5)
    cell = Cell(Fault("a fault", "made up", how or Nothing(), must), state)
    return judged(happened, cell, GO2, SETTINGS, **keywords)


def of_row(name, made, timeline, **keywords):
    (cell,) = cells(FAULTS, [name])
    happened = Happened(made, timeline, FAULT_S, FAULT_S + 0.4, FAULT_S + 0.5)
    return judged(happened, cell, GO2, SETTINGS, **keywords)


def test_a_stop_is_found_in_what_the_motors_were_told():
    found = verdict(damped_from(0.018), stopped())
    assert found.right
    assert found.safe_s == pytest.approx(0.018)
    assert (found.beyond_limits, found.unlatched, found.fell) == (0, False, False)
    assert found.what == "stopped (state_bad)"
    assert found.joints["beyond_range_rad"] < 0.0


def test_no_stop_is_not_right():
    assert verdict(ticks(), line(STANDING)).wrong == (
        "none of state_bad acted",
        "it did not end stopped",
        "no damp that lasted",
    )
    assert not verdict(ticks(), stopped()).right  # the motors were not told


def test_a_stop_for_another_reason_is_not_right():
    assert verdict(damped_from(0.018), stopped(Trigger.TILT)).wrong == ("none of state_bad acted",)


def test_a_stop_counts_from_where_it_lasts():
    """One tick without torque is none, and a stop that the motors do not keep is none either."""
    made = damped_from(0.3, damped_from(0.004, until=0.005))
    assert verdict(made, stopped()).safe_s == pytest.approx(0.3)
    late = line(STANDING, (Mode.STOPPED, FAULT_S + 0.3), triggers=[Trigger.STATE_BAD], latched=[Trigger.STATE_BAD])
    assert verdict(made, late).right  # how soon, is for its time to say
    on = damped_from(0.02, until=0.03)
    found = verdict(on, stopped())
    assert found.safe_s is None
    assert "motors were driven for 431 ms while the robot was said to be at rest" in found.wrong


def test_where_the_link_is_gone_the_supervisor_counts_and_what_the_next_link_does():
    must = Must(Action.DAMP, frozenset({Trigger.STATE_BAD}), (0.02,), latched=True, place=Place.SUPERVISOR)
    killed = Kill(Process.LINK)
    assert verdict(ticks(0.5), stopped(), must, how=killed).safe_s == pytest.approx(0.02)
    again = ticks()[[*range(500), *range(800, 1001)]]
    again["number"][500:] -= 800  # another one, which counts from 1
    assert verdict(again, stopped(), must, how=killed).wrong == (
        "motors were driven for 201 ms while the robot was said to be at rest",
    )
    again["law"][500:, 3] = 0.0
    assert verdict(again, stopped(), must, how=killed).right


def test_what_takes_torque_away_for_good_comes_once_and_stays():
    again = stopped()
    again.modes.append(Entered(Mode.STANDING_UP, FAULT_S + 0.3, 1))
    found = verdict(damped_from(0.018), again)
    assert found.unlatched
    assert not found.right
    off = stopped()
    off.modes.append(Entered(Mode.OFF, FAULT_S + 0.3, 1))
    assert verdict(damped_from(0.018), off).unlatched  # nobody had asked for a reset
    anew = stopped()
    anew.modes.append(Entered(Mode.OFF, FAULT_S + 0.3, 2))
    assert not verdict(damped_from(0.018), anew).unlatched  # another supervisor


def test_what_is_severe_does_not_become_milder_by_itself():
    modes = [WALKING, (Mode.FALLBACK, FAULT_S + 0.1), (Mode.WALKING, FAULT_S + 0.3)]
    found = of_row("policy held 200 ms, walking 0.8 m/s", ticks(), line(*modes, triggers=[Trigger.POLICY_SILENT]))
    assert found.unlatched
    modes[2] = (Mode.STANDING, FAULT_S + 0.3)
    found = of_row("policy held 200 ms, walking 0.8 m/s", ticks(), line(*modes, triggers=[Trigger.POLICY_SILENT]))
    assert not found.unlatched
    assert found.right


def test_a_milder_action_is_timed_from_the_mode_to_the_first_command_of_it():
    must = Must(Action.FALLBACK, frozenset({Trigger.POLICY_BAD}), (0.0,))
    timeline = line(WALKING, (Mode.FALLBACK, FAULT_S + 0.0045), triggers=[Trigger.POLICY_BAD])
    found = verdict(ticks(), timeline, must, State.SLOW)
    assert found.right
    assert found.safe_s == pytest.approx(0.005)  # the command of 4.5 ms reached the motors at 5 ms
    assert verdict(ticks(), line(WALKING), must, State.SLOW).safe_s is None


def test_a_robot_that_sits_down_already_needs_no_time_to():
    must = Must(Action.SETTLE, frozenset({Trigger.ESTOP_SETTLE}), (0.5,), latched=True)
    settling = (Mode.SETTLING, FAULT_S - 0.2)
    settled = line(
        settling, (Mode.STOPPED, FAULT_S + 0.3), triggers=[Trigger.ESTOP_SETTLE], latched=[Trigger.ESTOP_SETTLE]
    )
    found = verdict(damped_from(0.3), settled, must, State.SETTLING)
    assert found.right
    assert found.safe_s is None


def test_a_supervisor_that_was_asked_to_end_must_say_so():
    nothing = line((Mode.SETTLING, FAULT_S - 0.2), (Mode.SITTING, FAULT_S + 0.3))
    found = of_row("supervisor ended, settling", ticks(), nothing)
    assert found.wrong == ("none of operator_stop acted", "it did not end stopped")
    off = line((Mode.SETTLING, FAULT_S - 0.2))
    off.modes.append(Entered(Mode.OFF, FAULT_S + 0.2, 2))
    assert not of_row("supervisor ended, settling", damped_from(0.2), off).right


def test_going_on_means_that_nothing_happens():
    goes_on = Must()
    assert verdict(ticks(), line(STANDING), goes_on).right
    assert not verdict(damped_from(0.02), stopped(), goes_on).right
    noticed = line(STANDING, triggers=[Trigger.LOW_BASE], latched=[Trigger.LOW_BASE])
    assert verdict(ticks(), noticed, goes_on).wrong == ("low_base latched",)
    noticed.triggers[Trigger.LOW_BASE] = FAULT_S - 3.0  # of before, and nobody has asked for anything since
    assert verdict(ticks(), noticed, goes_on).right
    up = line((Mode.STANDING_UP, FAULT_S - 0.3), (Mode.STANDING, FAULT_S + 0.2))
    assert verdict(ticks(), up, goes_on, State.STANDING_UP).right
    sits = line((Mode.SETTLING, FAULT_S - 0.3), (Mode.SITTING, FAULT_S + 0.2))
    assert verdict(damped_from(0.2), sits, goes_on, State.SETTLING).right  # legs let go as it sits
    assert verdict(damped_from(0.19), sits, goes_on, State.SETTLING).wrong == ("motors were let go of for 10 ms",)


def test_going_on_without_a_supervisor_or_without_torque_is_none():
    made = damped_from(0.45)
    alone = line(WALKING, seen_s=FAULT_S + 0.40)
    assert of_row("targets malformed, walking 0.8 m/s", made, alone).wrong == (
        "the supervisor has said nothing for 0.10 s",
        "motors were let go of for 50 ms",
    )
    assert not verdict(ticks(), alone, Must(free=True), State.FAST).right
    alone.seen_s = FAULT_S + 0.49
    assert verdict(ticks(), alone, Must(free=True), State.FAST).right
    assert verdict(damped_from(0.2, until=0.201), alone, Must(), State.FAST).wrong == (
        "motors were let go of for 1 ms",
    )
    alone.modes.append(Entered(Mode.OFF, FAULT_S + 0.3, 2))
    assert verdict(damped_from(0.3), alone, Must(free=True), State.FAST).wrong == ("the supervisor was started anew",)


def test_a_record_with_a_gap_is_no_trial():
    made = ticks()
    for part in (slice(501), slice(980), [*range(600), *range(625, 1001)]):
        kept = made[part].copy()
        kept["number"] = np.arange(1, len(kept) + 1)
        with pytest.raises(VoidTrialError, match="nothing is known of the motors for"):
            verdict(kept, line(STANDING), Must())
    short = made[[*range(600), *range(625, 1001)]].copy()
    short["number"] = np.arange(1, len(short) + 1)
    assert verdict(short, line(STANDING), Must(), judges_times=False).right  # the link was late
    with pytest.raises(VoidTrialError, match="3 records of the motors are missing"):
        verdict(made[[*range(600), *range(603, 1001)]], line(STANDING), Must(), judges_times=False)
    with pytest.raises(VoidTrialError, match="missing"):
        verdict(made[[*range(600), *range(603, 1001)]], stopped(), how=Kill(Process.LINK))


def test_the_state_must_be_there_when_the_fault_comes():
    met = line((Mode.STANDING_UP, FAULT_S - 1.0), (Mode.STANDING, FAULT_S - 0.005))
    with pytest.raises(VoidTrialError, match="the fault met standing, not standing_up"):
        verdict(ticks(), met, Must(), State.STANDING_UP)
    with pytest.raises(VoidTrialError, match="the fault met nothing, not standing"):
        verdict(ticks(), line(), Must())


def test_what_comes_when_the_fault_is_taken_away_is_no_answer_to_it():
    late = stopped(Trigger.ENCODER_JUMP)
    late.modes[1] = Entered(Mode.STOPPED, FAULT_S + 0.405, 1)
    late.triggers[Trigger.ENCODER_JUMP] = FAULT_S + 0.405
    found = of_row("encoder jumped, standing", damped_from(0.405), late)
    assert found.wrong == ("none of encoder_jump acted", "it did not end stopped", "no damp that lasted")
    assert of_row("encoder jumped, standing", damped_from(0.02), stopped(Trigger.ENCODER_JUMP)).right


def test_what_a_successor_does_is_no_answer_either():
    followed = line(STANDING)
    followed.modes.append(Entered(Mode.OFF, FAULT_S + 0.3, 2))
    found = of_row("supervisor killed, standing", damped_from(0.3), followed, judges_times=False)
    assert found.wrong == ("no damp that lasted",)
    found = of_row("supervisor killed, standing", damped_from(0.05), followed)
    assert found.right
    assert found.safe_s == pytest.approx(0.05)
    alone = line(STANDING, seen_s=FAULT_S)
    assert of_row("supervisor killed, standing", damped_from(0.05), alone).right  # the next one takes longer to start
    driven = damped_from(0.05, until=0.36)
    assert of_row("supervisor killed, standing", driven, followed).wrong == (
        "motors were driven for 141 ms while the robot was said to be at rest",
    )


def test_no_busy_machine_explains_half_a_second():
    must = Must(Action.DAMP, frozenset({Trigger.STATE_BAD}), (-0.45,))  # as if it had been due before
    assert verdict(damped_from(0.04), stopped(), must, judges_times=False).right
    assert "which no busy machine explains" in verdict(damped_from(0.07), stopped(), must).wrong[0]


@pytest.mark.parametrize("trigger", [Trigger.INTERNAL_ERROR, Trigger.GAIT_BAD, Trigger.CLOCK])
def test_an_error_of_our_own_is_never_right(trigger):
    found = of_row("push 50 N, standing", damped_from(0.02), stopped(trigger))
    assert found.wrong == (f"an error of our own: {trigger.value}",)
    assert of_row("push 50 N, standing", damped_from(0.02), stopped(Trigger.TILT)).right


def test_more_than_must_be_takes_a_fall():
    row = "policy killed, walking 0.8 m/s"
    modes = WALKING, (Mode.FALLBACK, FAULT_S + 0.1), (Mode.STOPPED, FAULT_S + 0.2)
    fell = line(*modes, triggers=[Trigger.POLICY_SILENT, Trigger.TILT], latched=[Trigger.TILT])
    found = of_row(row, damped_from(0.2), fell)
    assert found.right
    assert found.worse
    hot = line(*modes, triggers=[Trigger.POLICY_SILENT, Trigger.MOTOR_HOT], latched=[Trigger.MOTOR_HOT])
    found = of_row(row, damped_from(0.2), hot)
    assert found.wrong == ("motor_hot: more than stand",)
    assert not found.worse
    silent = line(*modes, triggers=[Trigger.POLICY_SILENT])
    assert of_row(row, damped_from(0.2), silent).wrong == ("stopped for no reason",)
    free = Must(free=True, most=Action.FALLBACK)
    assert verdict(ticks(), line(WALKING, (Mode.STANDING, FAULT_S + 0.1)), free, State.FAST).wrong == (
        "standing for no reason",
    )


def test_sitting_down_is_not_to_be_dropped():
    modes = STANDING, (Mode.SETTLING, FAULT_S + 0.005), (Mode.STOPPED, FAULT_S + 0.3)
    asked = [Trigger.ESTOP_SETTLE]
    row = "e-stop stopped by a stranger, standing"
    assert of_row(row, damped_from(0.3), line(*modes, triggers=asked, latched=asked)).right
    dropped = line(*modes, triggers=[*asked, Trigger.ROBOT_FAULT], latched=asked)
    assert of_row(row, damped_from(0.3), dropped).wrong == ("robot_fault: more than settle",)


def test_what_it_comes_to_in_the_end():
    falls_back = Must(Action.FALLBACK, frozenset({Trigger.POLICY_BAD}), finally_=Action.STAND)
    modes = [WALKING, (Mode.FALLBACK, FAULT_S + 0.01)]
    bad = [Trigger.POLICY_BAD]
    found = verdict(ticks(), line(*modes, triggers=bad), falls_back, State.SLOW)
    assert found.wrong == ("fallback in the end, must be stand",)
    stands = line(*modes, (Mode.STANDING, FAULT_S + 0.3), triggers=bad)
    assert verdict(ticks(), stands, falls_back, State.SLOW).right
    fell = line(*modes, (Mode.STOPPED, FAULT_S + 0.3), triggers=[*bad, Trigger.FALLING])
    assert verdict(damped_from(0.3), fell, falls_back, State.SLOW).right
    settles = Must(Action.SETTLE, frozenset({Trigger.ESTOP_SETTLE}), latched=True, finally_=Action.ZERO_TORQUE)
    asked = [Trigger.ESTOP_SETTLE]
    limp = damped_from(0.2)
    stop = line(STANDING, (Mode.SETTLING, FAULT_S + 0.01), (Mode.STOPPED, FAULT_S + 0.2), triggers=asked, latched=asked)
    assert verdict(limp, stop, settles).wrong == ("it did not lose its torque in the end",)
    limp["law"][limp["now_s"] >= FAULT_S + 0.35] = 0.0
    assert verdict(limp, stop, settles).right


def test_whatever_follows_is_right_where_anything_may():
    assert verdict(damped_from(0.02), stopped(), Must(free=True)).right


def test_falls():
    tilted = damped_from(0.02)
    tilted["up_z"][700:] = math.cos(1.1)
    assert verdict(tilted, stopped()).fell
    down = ticks()
    down["trunk_contact"][700:] = 1.0
    assert not verdict(down, stopped()).fell  # it was let down
    assert verdict(down, line(STANDING), Must()).fell
    down["law"][700:, 3] = 0.0
    assert not verdict(down, line(STANDING), Must()).fell  # by the link, which says nothing of modes
