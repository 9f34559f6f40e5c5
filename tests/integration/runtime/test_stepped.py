"""Link, supervisor and simulated robot together, in steps: what each fault leads to, and that nothing does without."""

import pytest

from surefoot_robots.loader import load_robot
from surefoot_safety.command import CommandKind
from surefoot_safety.mode import Mode, Request
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.table import Trigger
from surefoot_training.simulated.config import parse_world
from surefoot_training.simulated.faults import FaultKind, make_fault
from surefoot_training.simulated.stepped import Stepped

GO2 = load_robot("go2")
QUICK = pose_gaits(GO2, 0.3, 0.5)
T = Trigger


@pytest.fixture
def stack(tmp_path):
    made = []

    def start(**world):
        made.append(Stepped(GO2, load_settings("go2"), QUICK, parse_world(world, GO2, "test"), tmp_path))
        return made[-1]

    yield start
    for one in made:
        one.close()


def standing(start, **world):
    """A robot that was brought up the way an operator does it, from a pose that is near."""
    stack = start(start_pose="default", **world)
    stack.run(0.02)
    assert stack.ask(Request.ARM).refusal == ""
    assert stack.ask(Request.STAND).refusal == ""
    stack.run(2.0, until=lambda: stack.mode is Mode.STANDING)
    stack.run(0.1)
    assert stack.mode is Mode.STANDING, stack.output.status
    return stack


def test_it_stands_up_stands_and_sits_down_without_a_false_alarm(stack):
    up = standing(stack)
    assert up.robot.body.data.qpos[2] > 0.7 * GO2.standing_height_m  # with the soft gains of a policy
    up.run(1.0)
    assert up.mode is Mode.STANDING
    up.ask(Request.SIT)
    up.run(4.0, until=lambda: up.mode is Mode.SITTING)
    assert up.mode is Mode.SITTING
    assert up.output.status.latched == {}
    assert up.robot.body.blow_ups == 0


def test_the_same_run_again_is_the_same_to_the_bit(tmp_path):
    def run(folder):
        folder.mkdir()
        made = Stepped(GO2, load_settings("go2"), pose_gaits(GO2), parse_world({"seed": 5}, GO2, "test"), folder)
        made.run(0.1)
        made.ask(Request.ARM)
        made.ask(Request.STAND)
        made.run(0.7)
        found = made.robot.body.data.qpos.copy(), made.output.command
        made.close()
        return found

    (first, command), (again, same) = run(tmp_path / "a"), run(tmp_path / "b")
    assert first.tobytes() == again.tobytes()
    assert command == same


EXPECTED = {
    FaultKind.IMU_FROZEN: T.IMU_FROZEN,
    FaultKind.IMU_NAN: T.STATE_BAD,
    FaultKind.IMU_JUMP: T.IMU_DISAGREES,
    FaultKind.IMU_FLIPPED: T.FALLING,  # of tilt and its foresight the one with the shorter delay
    FaultKind.ENCODER_NAN: T.STATE_BAD,
    FaultKind.ENCODER_JUMP: T.ENCODER_JUMP,
    FaultKind.SAMPLES_DELAYED: T.STATE_STALE,
    FaultKind.BATTERY_EMPTY: T.BATTERY_EMPTY,
    FaultKind.MOTOR_HOT: T.MOTOR_HOT,
    FaultKind.ROBOT_FAULT: T.ROBOT_FAULT,
}


@pytest.mark.parametrize(("kind", "trigger"), EXPECTED.items(), ids=lambda value: value.value)
def test_what_each_fault_leads_to(stack, kind, trigger):
    up = standing(stack)
    up.robot.faults.set(make_fault(kind.value, None, None, float("inf"), GO2.joint_names))
    lasted_s = up.run(6.0, until=lambda: trigger in up.output.status.latched)
    assert trigger in up.output.status.latched, up.output.status
    assert lasted_s < 0.3 or trigger in {T.BATTERY_EMPTY, T.MOTOR_HOT}  # which wait for seconds, by their delays
    up.run(6.0, until=lambda: up.mode is Mode.STOPPED)
    up.run(0.01)
    assert (up.mode, up.output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    up.robot.faults.clear()
    up.run(0.5)
    assert up.mode is Mode.STOPPED  # latched, though all is well again
    assert up.ask(Request.RESET).refusal == ""
    assert up.mode is Mode.OFF


def test_samples_that_repeat_themselves_are_noticed_by_encoders_or_imu(stack):
    up = standing(stack)
    up.robot.faults.set(make_fault("samples-frozen", None, None, float("inf"), GO2.joint_names))
    lasted_s = up.run(1.0, until=lambda: bool(up.output.status.latched))
    assert lasted_s < 0.2
    assert up.output.status.latched.keys() <= {T.IMU_FROZEN, T.ENCODER_FROZEN}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_lost_samples_alone_stop_nothing(stack, share):
    """At 500 Hz even one of ten comes every 20 ms on average; what is too long without one is STATE_STALE's matter."""
    up = standing(stack)
    up.robot.faults.set(make_fault("samples-dropped", share, None, float("inf"), GO2.joint_names))
    up.run(2.0)
    if share < 0.9:
        assert up.mode is Mode.STANDING
    else:
        assert up.mode in {Mode.STANDING, Mode.STOPPED}
        assert set(up.output.status.latched) <= {T.STATE_STALE, T.ENCODER_JUMP}


def test_a_supervisor_that_hangs_for_long_is_overruled_and_stops(stack):
    up = standing(stack)
    up.hung = {"supervisor"}
    waited_s = up.run(1.0, until=lambda: bool(up.link.order.reason))
    assert waited_s <= 0.052
    assert up.link.order.kind is CommandKind.DAMP
    up.hung = set()
    up.run(0.05)
    assert up.mode is Mode.STOPPED
    assert T.TICK_LATE in up.output.status.latched
    assert up.link.note == ""  # a stop is followed again


@pytest.mark.parametrize("seconds", [0.02, 0.04])
def test_a_supervisor_that_hangs_for_a_moment_goes_on(stack, seconds):
    up = standing(stack)
    up.hung = {"supervisor"}
    up.run(seconds)
    up.hung = set()
    up.run(0.5)
    assert up.mode is Mode.STANDING


def test_a_link_that_hangs_stops_the_robot_whose_motors_brake_by_themselves(stack):
    up = standing(stack)
    up.hung = {"link"}
    waited_s = up.run(1.0, until=lambda: up.mode is Mode.STOPPED)
    assert waited_s <= 0.06
    up.run(1.0)
    up.hung = set()
    up.run(0.02)
    assert up.robot.motors.timed_out or up.robot.time_s < up.now_s - 0.1
    up.run(1.0)
    assert up.mode is Mode.STOPPED
    assert up.robot.let_go_s == 0.0
    assert up.robot.time_s == pytest.approx(up.now_s, abs=0.002)  # what was missed has been simulated since


def test_a_silent_operator_makes_it_sit_down_and_then_limp(stack):
    up = standing(stack)
    up.hung = {"console"}
    up.run(0.6, until=lambda: up.mode is Mode.SETTLING)
    assert up.mode is Mode.SETTLING
    assert up.output.status.latched.keys() == {T.ESTOP_SETTLE}
    up.run(4.5)
    assert up.mode is Mode.STOPPED
    assert up.output.command.kind is CommandKind.ZERO_TORQUE
    up.hung = set()
    up.run(0.2)
    assert up.mode is Mode.STOPPED


def test_a_stop_wins_while_it_stands_up(stack):
    up = stack()
    up.run(0.1)
    up.ask(Request.ARM)
    up.ask(Request.STAND)
    up.run(0.1)
    assert up.mode is Mode.STANDING_UP
    assert up.ask(Request.DAMP).mode is Mode.STOPPED


def test_an_offset_encoder_and_weak_motors_are_no_alarm(stack):
    up = standing(stack, truth={"encoder_offset_rad": 0.03, "motor_strength": 0.85, "friction_nm": 0.4})
    up.run(1.0)
    assert up.mode is Mode.STANDING
    assert up.output.status.latched == {}
