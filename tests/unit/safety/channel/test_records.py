import math

import pytest
from safe_robot import command, pose, state

from surefoot_robots.drivers.driver import Sample
from surefoot_safety.channel import records
from surefoot_safety.channel.channels import RECORDS, channel_path, read_channel, write_channel
from surefoot_safety.channel.layout import Layout
from surefoot_safety.channel.records import (
    BIT,
    TRIGGERS,
    StateRecord,
    bits_of,
    command_record,
    joint_command,
    policy_command,
    robot_state,
    state_record,
    target_record,
    triggers_of,
    velocity_command,
)
from surefoot_safety.command import CommandKind, VelocityCommand, damping, zero_torque
from surefoot_safety.process.histogram import CLASSES
from surefoot_safety.table import Trigger

PLAIN = Sample(1.5, pose(), (0.1,) * 12, (0.2,) * 12, (1.0, 0.0, 0.0, 0.0), (0.0, 0.1, 0.2), (0.0, 0.0, 9.8))
FULL = Sample(
    *(getattr(PLAIN, name) for name in PLAIN.__slots__[:7]),
    foot_contact=(True, False, True, True),
    base_height_m=0.3,
    motor_temperature_c=(30.0,) * 12,
    motor_current_a=(2.0,) * 12,
    battery_voltage_v=30.0,
    faults=("a", "b"),
)


def through(record):
    layout = Layout(type(record))
    return layout.unpack(layout.pack(record))


@pytest.mark.parametrize("sample", [PLAIN, FULL])
def test_a_sample_arrives_as_it_was(sample):
    found = robot_state(through(state_record(sample, "f" * 64, 7, ())))
    assert (found.robot_hash, found.sequence) == ("f" * 64, 7)
    for name in Sample.__slots__:
        assert getattr(found, name) == getattr(sample, name), name


def test_the_link_adds_what_it_found():
    assert robot_state(state_record(FULL, "", 0, ("the link damps",))).faults == ("a", "b", "the link damps")
    assert robot_state(state_record(PLAIN, "", 0, ("the link damps",))).faults == ("the link damps",)


def test_what_is_not_a_number_is_not_taken_for_absent():
    sample = Sample(*(getattr(PLAIN, name) for name in PLAIN.__slots__[:7]), battery_voltage_v=math.nan)
    assert math.isnan(robot_state(through(state_record(sample, "", 0, ()))).battery_voltage_v)


def test_whole_states_are_of_the_same_fields():
    assert set(Sample.__slots__) | {"robot_hash", "sequence"} == set(state().__slots__)
    assert set(StateRecord.__slots__) == set(state().__slots__) | {"reported"}


@pytest.mark.parametrize(
    "sent",
    [command(), zero_torque("f" * 64, 3, 1.0, 12), damping("f" * 64, 3, 1.0, (5.0,) * 12)],
    ids=lambda sent: sent.kind.value,
)
def test_a_command_arrives_as_it_was(sent):
    record = through(command_record(sent, 0.75))
    assert joint_command(record) == sent
    assert record.sample_stamp_s == 0.75
    assert math.isnan(through(command_record(sent, None)).sample_stamp_s)


def test_targets_arrive_as_they_were():
    velocity = VelocityCommand(3, 1.0, 0.5, -0.1, 0.2)
    record = through(target_record(command(), velocity))
    assert policy_command(record) == command()
    assert velocity_command(record) == velocity


def test_what_there_is_not_stays_absent():
    record = through(target_record(None, None))
    assert policy_command(record) is None
    assert velocity_command(record) is None


def test_a_policy_can_only_track():
    sent = zero_torque("f" * 64, 3, 1.0, 12)
    assert policy_command(target_record(sent, None)).kind is CommandKind.TRACK


def test_triggers_as_bits():
    assert bits_of([]) == 0
    some = (Trigger.CLOCK, Trigger.TILT, Trigger.ESTOP_ZERO_TORQUE)
    assert triggers_of(bits_of(some)) == some
    assert triggers_of(bits_of(TRIGGERS)) == tuple(Trigger)
    assert len(set(BIT.values())) == len(Trigger) < 63  # an int of the layout has 63 bits


def test_every_channel_has_a_layout_and_a_file(tmp_path):
    for name, record in RECORDS.items():
        writer, reader = write_channel(tmp_path, name, record), read_channel(tmp_path, name, record)
        assert channel_path(tmp_path, name).name == f"{name}.channel"
        assert reader.read(0.0) is None
        writer.close()
        reader.close()


def test_counts_of_periods_are_of_the_histogram():
    assert records.PeriodCounts.__metadata__ == (CLASSES,)
