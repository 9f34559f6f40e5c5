import math

import numpy as np
import pytest

from surefoot.faults.judging import Happened, beyond_limits, judged
from surefoot.faults.table import Must, Place, State
from surefoot.faults.watching import Entered, Timeline
from surefoot_robots.loader import load_robot
from surefoot_safety.action import Action
from surefoot_safety.mode import Mode
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.table import Trigger
from surefoot_training.simulated.recording import TICK

GO2 = load_robot("go2")
SETTINGS = load_settings("go2")
STAND = np.array(GO2.pose_rad("default"))
KP, KD = 25.0, 0.5
FAULT_S = 10.0
DAMPS = Must(Action.DAMP, frozenset({Trigger.STATE_BAD}), (0.02,), latched=True)


def ticks(seconds=1.0, start_s=FAULT_S - 0.5):
    """A link that holds a standing robot: samples every 2 ms, a command every 5 ms."""
    made = np.zeros(round(1000 * seconds), dtype=TICK)
    now_ms = np.arange(len(made))
    made["now_s"] = start_s + 0.001 * now_ms
    made["command_s"] = start_s + 0.005 * (now_ms // 5) - 0.0005
    made["sample_s"] = start_s + 0.002 * (now_ms // 2) - 0.001
    made["up_z"], made["height_m"] = 1.0, 0.3
    made["law"][:, 0], made["law"][:, 3], made["law"][:, 4] = STAND, KP, KD
    made["position_rad"] = STAND
    # The law is another one with every command, as a balancing robot's is.
    made["law"][:, 0, 0] += 1e-4 * (now_ms // 5 % 2)
    return made


def line(*modes, triggers=(), latched=()):
    """Modes with the times they began."""
    return Timeline(
        modes=[Entered(mode, at_s, 1) for mode, at_s in modes],
        triggers=dict.fromkeys(triggers, FAULT_S + 0.01),
        latched=frozenset(latched),
        seen_s=FAULT_S + 0.5,
    )


def stopped():
    return line(
        (Mode.STANDING, 5.0),
        (Mode.STOPPED, FAULT_S + 0.02),
        triggers=[Trigger.STATE_BAD],
        latched=[Trigger.STATE_BAD],
    )


def damped_from(seconds, made=None):
    made = ticks() if made is None else made
    limp = made["now_s"] >= FAULT_S + seconds - 1e-9
    made["law"][limp] = 0.0
    made["law"][limp, 4] = 5.0
    return made


def verdict(made, timeline, must=DAMPS, state=State.STANDING):
    happened = Happened(made, timeline, FAULT_S, FAULT_S + 0.4, FAULT_S + 0.5)
    return judged(happened, state, must, GO2, SETTINGS)


def beyond(made):
    return int(beyond_limits(made, GO2, SETTINGS).sum())


def test_a_robot_that_stands_asks_for_nothing_that_it_must_not():
    assert beyond(ticks()) == 0
    assert beyond(ticks()[:0]) == 0


@pytest.mark.parametrize(
    ("row", "value"),
    [(0, 9.0), (1, 99.0), (2, 99.0), (3, 101.0), (3, -1.0), (4, 8.1), (4, -0.1), (0, math.nan), (2, math.inf)],
)
def test_each_limit_is_looked_at(row, value):
    made = ticks()
    made["law"][100:105, row, 7] = value
    assert beyond(made) == 5


def test_more_torque_than_the_motor_has_is_noticed():
    """23.7 Nm of the Go2's thigh, at 25 Nm/rad: 0.95 rad ahead."""
    made = ticks()
    made["law"][100:105, 0, 1] = STAND[1] + 0.9
    assert beyond(made) == 0
    made["law"][100:105, 0, 1] = STAND[1] + 1.0
    assert beyond(made) == 1  # when it is new: later the motor cuts it
    braking = ticks()
    braking["velocity_radps"][:, 1] = 25.0  # near the speed without load
    braking["law"][100:105, 0, 1] = STAND[1] + 0.9
    assert beyond(braking) >= 1


def test_a_law_that_was_right_for_one_of_the_newest_samples_is_right():
    made = ticks()
    made["law"][100:105, 0, 1] = STAND[1] + 0.9
    made["position_rad"][99:, 1] -= 0.2  # a blow, after the supervisor had looked
    made["law"][105:, 3] = 0.0
    assert beyond(made) == 0
    made["position_rad"][90:, 1] = STAND[1] - 0.2  # it had looked before
    assert beyond(made) == 1


def test_a_stop_is_found_in_what_the_motors_were_told():
    found = verdict(damped_from(0.018), stopped())
    assert found.right
    assert found.safe_s == pytest.approx(0.018)
    assert (found.beyond_limits, found.unlatched, found.fell) == (0, False, False)
    assert found.what == "stopped (state_bad)"


def test_no_stop_is_not_right():
    assert not verdict(ticks(), line((Mode.STANDING, 5.0))).right
    assert not verdict(ticks(), stopped()).right  # the motors were not told


def test_a_stop_for_another_reason_is_not_right():
    other = line((Mode.STANDING, 5.0), (Mode.STOPPED, FAULT_S + 0.02), triggers=[Trigger.TILT], latched=[Trigger.TILT])
    assert not verdict(damped_from(0.018), other).right


def test_a_stop_that_ends_by_itself_is_none():
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


def test_a_milder_action_is_timed_from_the_mode_to_the_first_command_of_it():
    must = Must(Action.FALLBACK, frozenset({Trigger.POLICY_BAD}), (0.0,))
    timeline = line((Mode.WALKING, 5.0), (Mode.FALLBACK, FAULT_S + 0.0045), triggers=[Trigger.POLICY_BAD])
    found = verdict(ticks(), timeline, must, State.SLOW)
    assert found.right
    assert found.safe_s == pytest.approx(0.005)  # the command of 4.5 ms reached the motors at 5 ms
    assert verdict(ticks(), line((Mode.WALKING, 5.0)), must, State.SLOW).safe_s is None


def test_where_the_link_is_gone_the_supervisor_counts():
    must = Must(Action.DAMP, frozenset({Trigger.STATE_BAD}), (0.02,), latched=True, place=Place.SUPERVISOR)
    assert verdict(ticks(0.5), stopped(), must).safe_s == pytest.approx(0.02)


def test_a_robot_that_sits_down_already_needs_no_time_to():
    must = Must(Action.SETTLE, frozenset({Trigger.ESTOP_SETTLE}), (0.5,), latched=True)
    settled = line(
        (Mode.SETTLING, FAULT_S - 0.2),
        (Mode.STOPPED, FAULT_S + 0.3),
        triggers=[Trigger.ESTOP_SETTLE],
        latched=[Trigger.ESTOP_SETTLE],
    )
    found = verdict(ticks(), settled, must, State.SETTLING)
    assert found.right
    assert found.safe_s is None


def test_going_on_means_that_nothing_happens():
    goes_on = Must()
    assert verdict(ticks(), line((Mode.STANDING, 5.0)), goes_on).right
    assert not verdict(ticks(), stopped(), goes_on).right
    noticed = line((Mode.STANDING, 5.0), triggers=[Trigger.LOW_BASE], latched=[Trigger.LOW_BASE])
    assert not verdict(ticks(), noticed, goes_on).right
    noticed.triggers[Trigger.LOW_BASE] = FAULT_S - 3.0  # of before, and nobody has asked for anything since
    assert verdict(ticks(), noticed, goes_on).right
    up = line((Mode.STANDING_UP, FAULT_S - 0.3), (Mode.STANDING, FAULT_S + 0.2))
    assert verdict(ticks(), up, goes_on, State.STANDING_UP).right
    assert not verdict(ticks(), up, goes_on, State.SETTLING).right


def test_whatever_follows_is_right_where_anything_may():
    assert verdict(ticks(), stopped(), Must(free=True)).right


def test_falls():
    tilted = ticks()
    tilted["up_z"][700:] = math.cos(1.1)
    assert verdict(tilted, stopped()).fell
    down = ticks()
    down["trunk_contact"][700:] = 1.0
    assert not verdict(down, stopped()).fell  # it was let down
    assert verdict(down, line((Mode.STANDING, 5.0)), Must()).fell
    down["law"][700:, 3] = 0.0
    assert not verdict(down, line((Mode.STANDING, 5.0)), Must()).fell  # by the link, which says nothing of modes
