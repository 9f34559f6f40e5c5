import math
import secrets

import pytest
from safe_robot import answer, limits, load_robot_once, pose, state

from surefoot_robots.drivers.driver import Sample
from surefoot_safety.channel.channels import COMMAND, STATE, STATUS, TARGET, read_channel, write_channel
from surefoot_safety.channel.records import (
    CommandRecord,
    StateRecord,
    StatusRecord,
    TargetRecord,
    joint_command,
    state_record,
    target_record,
    triggers_of,
)
from surefoot_safety.command import CommandKind, VelocityCommand
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.process.mailbox import REQUESTS, STOPS, Mail, socket_path
from surefoot_safety.process.requests import parse_answer, request_message
from surefoot_safety.process.supervising import NOT_UNDERSTOOD, Ports, Supervising
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.table import Trigger

KEY = secrets.token_bytes(32)


class World:
    """Everything around the process: a robot that does as it is told, an e-stop endpoint, an operator. No clock."""

    def __init__(self, folder):
        self.now_s, self.sequence, self.joints = 10.0, 0, pose(name="lying")
        self.samples = write_channel(folder, STATE, StateRecord)
        self.targets = write_channel(folder, TARGET, TargetRecord)
        self.ports = Ports.open(folder)
        estop = EStop(KEY)
        estop.configure([Endpoint("operator", 0.5, 3.5)], motors_on=False)
        supervisor = Supervisor(limits(), pose_gaits(load_robot_once("go2"), 0.05, 0.05))
        self.process = Supervising("go2", supervisor, estop, self.ports)
        self.commands = read_channel(folder, COMMAND, CommandRecord)
        self.statuses = read_channel(folder, STATUS, StatusRecord)
        self.requests, self.stops = Mail(socket_path(folder, REQUESTS)), Mail(socket_path(folder, STOPS))
        self.button = EstopEndpoint("operator", KEY)
        self.level = EstopLevel.RELEASED
        self.answers = []

    def tick(self, *requests, checks_in=True, samples=True):
        """5 ms: a sample, a check-in, requests; then what came of them."""
        self.now_s, self.sequence = self.now_s + 0.005, self.sequence + 1
        if samples:
            moved = Sample(
                self.now_s,
                self.joints,
                (0.0,) * 12,
                (0.0,) * 12,
                (1.0, 0.0, 0.0, 0.0),
                (0.0, 0.0, 0.0),
                (0.0, 0.0, 9.81 + 1e-6 * self.sequence),
                motor_temperature_c=(30.0,) * 11 + (40.0,),
                battery_voltage_v=31.0,
            )
            self.samples.write(state_record(moved, limits().robot_hash, self.sequence, ()), self.now_s)
        if checks_in:
            self.requests.send(self.button.check_in(self.level))
        for number, request in enumerate(requests):
            self.requests.send(request_message(request, number))
        output = self.process.tick(lambda: self.now_s)
        while (data := self.requests.answer()) is not None:
            if not self.button.challenged(data):
                self.answers.append(parse_answer(data))
        if output.command.kind is CommandKind.TRACK:
            wanted = output.command.target.position_rad
            self.joints = tuple(a + min(0.1, max(-0.1, b - a)) for a, b in zip(self.joints, wanted, strict=True))
        return output

    def run(self, seconds, **how):
        for _ in range(round(seconds / 0.005)):
            self.tick(**how)

    def stand(self):
        self.run(0.05)
        self.tick(Request.ARM)
        self.tick(Request.STAND)
        self.run(1.0)
        assert self.status.mode is Mode.STANDING, self.status
        return self

    @property
    def status(self):
        return self.statuses.read(self.now_s).record

    def close(self):
        for port in (self.samples, self.targets, self.commands, self.statuses, self.requests, self.stops):
            port.close()
        self.ports.close()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_at_first_it_is_off_and_says_so(world):
    output = world.tick(checks_in=False, samples=False)
    assert joint_command(world.commands.read(world.now_s).record) == output.command
    status = world.status
    assert (status.robot, status.mode, status.command) == ("go2", Mode.OFF, CommandKind.ZERO_TORQUE)
    assert status.in_mode_s == 0.0
    assert math.isinf(status.state_age_s)
    assert math.isinf(status.target_age_s)
    assert math.isinf(status.velocity_age_s)
    assert math.isnan(status.battery_voltage_v)
    assert math.isnan(status.hottest_motor_c)
    assert status.estop is EstopLevel.ZERO_TORQUE
    assert status.estop_reasons == "operator has not checked in"
    assert Trigger.STATE_STALE in triggers_of(status.raised)


def test_it_stands_when_asked_to(world):
    world.stand()
    assert world.status.command is CommandKind.TRACK
    assert (world.status.battery_voltage_v, world.status.hottest_motor_c) == (31.0, 40.0)
    assert [answer.refusal for answer in world.answers] == ["", ""]
    assert world.answers[0].mode is Mode.DAMPED
    assert sum(world.process.latencies.counts) > 100
    assert not world.process.at_rest


def test_a_refusal_says_why_and_stays_to_be_read(world):
    world.run(0.05)
    world.tick(Request.WALK)
    assert "walk is refused in off" in world.answers[-1].refusal
    world.tick()
    assert "walk is refused in off" in world.status.refusals


def test_of_several_requests_the_first_is_followed(world):
    world.run(0.05)
    world.tick(Request.ARM, Request.STAND, Request.SIT)
    assert [answer.number for answer in world.answers] == [0, 1, 2]
    first, second, third = (answer.refusal for answer in world.answers)
    assert first == ""
    assert second == "stand is refused: one request at a time"
    assert third == "sit is refused: one request at a time"


def test_if_the_first_is_refused_so_are_the_others(world):
    world.run(0.05)
    world.tick(Request.WALK, Request.ARM)
    first, second = (answer.refusal for answer in world.answers)
    assert "walk is refused in off" in first
    assert "one request at a time" in second


def test_stops_have_a_box_of_their_own_and_are_never_refused(world):
    world.stand()
    while world.requests.send(b"a flood"):
        pass
    assert world.stops.send(request_message(Request.DAMP, 5))
    world.tick(checks_in=False)
    assert world.status.mode is Mode.STOPPED
    answer = parse_answer(world.stops.answer())
    assert (answer.number, answer.refusal, answer.mode) == (5, "", Mode.STOPPED)
    world.run(0.05)
    assert NOT_UNDERSTOOD in [answer.refusal for answer in world.answers]


def test_silence_of_the_endpoint_stops_it(world):
    world.stand()
    world.run(0.6, checks_in=False)
    assert Trigger.ESTOP_SETTLE in triggers_of(world.status.latched)
    assert "estop_settle: the e-stop asks to settle" in world.status.reasons


def test_a_strangers_stop_is_forgotten_with_a_reset(world):
    world.stand()
    world.requests.send(EstopEndpoint("somebody", b"x" * 32).check_in(EstopLevel.ZERO_TORQUE))
    world.tick()
    assert world.status.mode is Mode.STOPPED
    assert "a stop by 'somebody'" in world.status.estop_reasons
    world.tick(Request.RESET)
    assert world.status.mode is Mode.OFF
    assert world.answers[-1].refusal == ""


def test_a_strangers_stop_before_anything_was_armed_is_forgotten_with_a_reset_too(world):
    world.requests.send(EstopEndpoint("somebody", b"x" * 32).check_in(EstopLevel.SETTLE_THEN_DAMP))
    world.tick()
    assert world.status.mode is Mode.OFF
    assert "a stop by 'somebody'" in world.status.estop_reasons
    world.tick(Request.RESET)
    assert "somebody" not in world.status.estop_reasons


def test_a_strangers_stop_that_comes_with_a_reset_is_not_lost(world):
    world.stand()
    stop = EstopEndpoint("somebody", b"x" * 32).check_in(EstopLevel.ZERO_TORQUE)
    world.requests.send(stop)
    world.tick(Request.RESET)  # refused: the robot stands
    assert world.status.mode is Mode.STOPPED
    world.requests.send(stop)
    world.tick(Request.RESET)
    assert world.status.mode is Mode.STOPPED
    assert "a stop by 'somebody'" in world.status.estop_reasons


def test_targets_and_velocity_come_in(world):
    world.stand()
    for number in range(1, 41):
        stamp_s = world.now_s
        if number % 4 == 0:
            velocity = VelocityCommand(number, stamp_s, 0.3, 0.0, 0.1)
            world.targets.write(target_record(answer(stamp_s, number), velocity), stamp_s)
        world.tick(*[Request.WALK] * (number == 8))
    assert world.status.mode is Mode.WALKING
    assert world.status.velocity == (0.3, 0.0, 0.1)
    assert world.status.target_age_s < 0.03
    assert world.status.velocity_age_s < 0.03


def test_asked_to_end_it_sits_down_first(world):
    world.stand()
    world.process.settling = True
    world.tick()
    assert (world.status.mode, world.status.settling) == (Mode.SETTLING, True)
    world.run(1.0)
    assert world.process.at_rest
    assert world.status.mode is Mode.STOPPED


def test_what_comes_and_goes_is_told_once(world, caplog):
    world.stand()
    for _ in range(5):
        world.run(0.1, samples=False)
        world.run(0.1)
    assert caplog.text.count("state_stale") == 1
    assert caplog.text.count("→ standing") == 0  # that is information, below warnings


def test_sound_samples_are_unpacked_once(world):
    world.run(0.05)
    first = world.process._state
    world.tick(samples=False)
    assert world.process._state is first
    assert first[1] == state(
        first[1].stamp_s,
        first[1].sequence,
        joint_position_rad=first[1].joint_position_rad,
        joint_velocity_radps=first[1].joint_velocity_radps,
        joint_torque_nm=first[1].joint_torque_nm,
        acceleration_in_base_mps2=first[1].acceleration_in_base_mps2,
        foot_contact=None,
        base_height_m=None,
        motor_current_a=None,
        motor_temperature_c=(30.0,) * 11 + (40.0,),
        battery_voltage_v=31.0,
    )
