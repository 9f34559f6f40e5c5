import os
import struct

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_safety.channel.channels import COMMAND, write_channel
from surefoot_safety.channel.records import CommandRecord, command_record, joint_command
from surefoot_safety.command import CommandKind, JointCommand, JointTarget
from surefoot_safety.process.mailbox import SIMULATION, Mail, socket_path
from surefoot_training.simulated.driver import open_simulated
from surefoot_training.simulated.recording import JOINTS, TICK, read_ticks

GO2 = load_robot("go2")


@pytest.fixture
def made(tmp_path):
    """A driver that records, in a world that says so."""
    file = tmp_path / "world.yaml"
    file.write_text(f"ticks: {tmp_path / 'ticks'}\n")
    driver = open_simulated(GO2, file, tmp_path)
    yield driver
    driver.close()


def target(angle_rad):
    return JointTarget.of_arrays([angle_rad] * JOINTS, [20.0] * JOINTS, [0.5] * JOINTS)


def test_every_tick_is_in_the_file(made, tmp_path):
    for millisecond in range(10):
        now_s = 5.0 + 0.001 * millisecond
        made.write(target(0.1 * (millisecond // 5)), now_s)
        made.read(now_s)
    found = read_ticks(tmp_path / "ticks")
    assert found["now_s"] == pytest.approx(5.0 + 0.001 * np.arange(10))
    assert found["law"][:, 0, 3] == pytest.approx([0.0] * 5 + [0.1] * 5)
    assert (found["law"][:, 3] == 20.0).all()
    assert (found["law"][:, 4] == 0.5).all()
    assert np.isnan(found["command_s"]).all()  # nobody had given them
    assert np.isnan(found["sample_s"][0])
    assert found["sample_s"][-1] == pytest.approx(5.008)
    assert found["position_rad"][-1] == pytest.approx(GO2.pose_rad("lying"), abs=0.05)
    assert found["up_z"] == pytest.approx(np.ones(10), abs=0.01)
    assert not found["is_faulty"].any()
    assert found["number"].tolist() == list(range(1, 11))
    assert found["true_position_rad"][-1] == pytest.approx(GO2.pose_rad("lying"), abs=0.05)
    assert (abs(found["true_velocity_radps"]).max(axis=1) > 0.0).any()
    assert (abs(found["true_torque_nm"]).max(axis=1) > 0.0).any()


def test_a_law_is_known_by_when_the_supervisor_gave_it(made, tmp_path):
    commands = write_channel(tmp_path, COMMAND, CommandRecord)
    record = command_record(JointCommand("", 1, 4.9, CommandKind.TRACK, target(0.2)), 4.996)
    commands.write(record, 4.998)
    for now_s, law in ((5.0, joint_command(record).target), (5.001, target(0.3))):
        made.write(law, now_s)
        made.read(now_s)
    found = read_ticks(tmp_path / "ticks")
    assert found["command_s"] == pytest.approx([4.998, np.nan], nan_ok=True)
    assert found["judged_s"] == pytest.approx([4.996, np.nan], nan_ok=True)
    commands.close()


def test_faults_show_and_a_reader_may_begin_anew(made, tmp_path):
    made.read(5.0)
    mail = Mail(socket_path(tmp_path, SIMULATION))
    assert mail.send(b'{"order": "fault", "kind": "imu-nan"}')
    os.truncate(tmp_path / "ticks", 0)
    for millisecond in range(1, 22):
        made.read(5.0 + 0.001 * millisecond)
    found = read_ticks(tmp_path / "ticks")
    assert len(found) == 21
    assert found["is_faulty"][-1] == 1.0
    mail.close()


def test_what_could_not_be_written_whole_leaves_its_number_out_and_the_rest_in_order(made, tmp_path, monkeypatch):
    write, full = os.write, [5.002, 5.003]

    def short(file, data):
        return write(file, data[:100] if struct.unpack_from("<d", data, 8)[0] in full else data)

    monkeypatch.setattr(os, "write", short)
    for now_s in (5.0, 5.001, 5.002, 5.003, 5.004):
        made.read(now_s)
    found = read_ticks(tmp_path / "ticks")
    assert found["number"].tolist() == [1, 2, 5]
    assert found["now_s"].tolist() == [5.0, 5.001, 5.004]


def test_a_file_that_is_renamed_keeps_all_that_is_not_in_the_next_one(made, tmp_path):
    for millisecond in range(30):
        if millisecond == 13:
            (tmp_path / "ticks").rename(tmp_path / "before")
        made.read(5.0 + 0.001 * millisecond)
    numbers = [read_ticks(tmp_path / name)["number"].tolist() for name in ("before", "ticks")]
    assert numbers == [list(range(1, 20)), list(range(20, 31))]


def test_what_is_no_whole_record_is_left_out(tmp_path):
    file = tmp_path / "ticks"
    assert len(read_ticks(file)) == 0
    file.write_bytes(bytes(TICK.itemsize + 3))
    assert len(read_ticks(file)) == 1
