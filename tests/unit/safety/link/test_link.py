import pytest
from safe_robot import command, load_robot_once, pose

from surefoot_robots.drivers.driver import Sample
from surefoot_safety.channel.channels import COMMAND, STATE, read_channel, write_channel
from surefoot_safety.channel.records import CommandRecord, StateRecord, command_record, robot_state
from surefoot_safety.command import CommandKind, zero_torque
from surefoot_safety.link.guard import link_limits_of
from surefoot_safety.link.link import Link
from surefoot_safety.process.histogram import class_of
from surefoot_safety.settings_loader import load_settings

LIMITS = link_limits_of(load_robot_once("go2"), load_settings("go2"))


class Motors:
    """A driver that notes what it is told, and fails on demand."""

    def __init__(self):
        self.written, self.sample, self.fails, self.closed = [], None, None, 0

    def read(self, now_s):
        sample, self.sample = self.sample, None
        return sample

    def write(self, targets, now_s):
        if self.fails:
            raise self.fails
        self.written.append((targets, now_s))

    def close(self):
        self.closed += 1


class Bench:
    """A link between a supervisor and a driver of the test's own."""

    def __init__(self, folder):
        self.motors = Motors()
        self.commands = write_channel(folder, COMMAND, CommandRecord)
        states, self.states = write_channel(folder, STATE, StateRecord), read_channel(folder, STATE, StateRecord)
        self.reader = read_channel(folder, COMMAND, CommandRecord)
        self.link = Link(self.motors, self.reader, states, LIMITS)
        self._open = (self.commands, states, self.states, self.reader)

    def say(self, given, now_s):
        self.commands.write(command_record(given, None), now_s)

    def tick(self, now_s):
        assert self.link.tick(lambda: now_s) == now_s
        return self.link.order

    def close(self):
        for port in self._open:
            port.close()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


def sample(now_s):
    return Sample(now_s, pose(), (0.0,) * 12, (0.0,) * 12, (1.0, 0.0, 0.0, 0.0), (0.0,) * 3, (0.0, 0.0, 9.8))


def stop(now_s):
    return zero_torque(LIMITS.robot_hash, 1, now_s, 12)


def test_before_any_command_it_damps(bench):
    assert bench.tick(1.0).kind is CommandKind.DAMP
    assert bench.motors.written == [(LIMITS.damping, 1.0)]
    assert bench.link.note == "no command has come"


def test_commands_go_to_the_motors_until_they_are_old(bench):
    bench.say(stop(1.0), 1.0)
    assert bench.tick(1.0).kind is CommandKind.ZERO_TORQUE
    bench.say(command(now_s=1.0), 1.005)
    for now_s in (1.006, 1.03, 1.0549):
        assert bench.tick(now_s).kind is CommandKind.TRACK
    assert bench.link.note == ""
    assert bench.motors.written[-1][0] == command().target
    assert bench.tick(1.056).kind is CommandKind.DAMP
    assert bench.motors.written[-1] == (LIMITS.damping, 1.056)
    bench.say(command(now_s=1.06), 1.06)
    assert bench.tick(1.06).reason == "a stop must come before targets"


def test_samples_go_to_the_supervisor_with_the_links_own_faults(bench):
    bench.motors.sample = sample(0.9)
    bench.tick(1.0)
    first = robot_state(bench.states.read(1.0).record)
    assert (first.robot_hash, first.sequence, first.stamp_s) == (LIMITS.robot_hash, 1, 0.9)
    assert first.faults == ("the link damps: no command has come",)
    bench.say(stop(1.1), 1.1)
    bench.motors.sample = sample(1.1)
    bench.tick(1.1)
    second = robot_state(bench.states.read(1.1).record)
    assert (second.sequence, second.faults) == (2, ())
    bench.tick(1.101)  # without a new sample there is no new record
    assert bench.states.read(1.101).record.sequence == 2


def test_a_driver_that_fails_does_not_end_it(bench, caplog):
    bench.motors.fails = OSError(5, "the bus is gone")
    for now_s in (1.0, 1.001, 1.002):
        bench.tick(now_s)
        assert bench.link.note == "driver: OSError: [Errno 5] the bus is gone"
    assert caplog.text.count("the bus is gone") == 1
    bench.motors.fails = None
    bench.tick(1.003)
    assert bench.link.note == "no command has come"


def test_it_says_once_in_a_while_why_it_damps(bench, caplog):
    now_s = 1.0
    for _ in range(3):
        bench.say(stop(now_s), now_s)
        bench.tick(now_s)
        bench.tick(now_s + 0.1)
        now_s += 0.2
    assert caplog.text.count("damping: the newest command is 0.100 s old") == 1


def test_latency_is_from_the_sample_to_the_first_command_that_answers_it(bench):
    bench.say(stop(1.0), 1.0)
    bench.tick(1.0)
    bench.say(command(now_s=1.0), 1.002)
    bench.tick(1.004)
    bench.tick(1.005)
    bench.say(command(now_s=1.0), 1.009)  # a policy's targets, repeated
    bench.tick(1.01)
    assert sum(bench.link.latencies.counts) == 1
    assert bench.link.latencies.counts[class_of(4000.0)] == 1
    bench.say(command(now_s=1.02), 1.022)
    bench.tick(1.022)
    assert sum(bench.link.latencies.counts) == 2


def test_it_leaves_the_motors_damped(bench):
    bench.link.let_go(2.0)
    assert bench.motors.written == [(LIMITS.damping, 2.0)]
    assert bench.motors.closed == 1
    bench.motors.fails = OSError("busy")
    with pytest.raises(OSError, match="busy"):
        bench.link.let_go(2.1)
    assert bench.motors.closed == 2
