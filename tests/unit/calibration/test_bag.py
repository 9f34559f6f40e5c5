"""Logs as MCAP and rosbag2: joints by name, times on one clock, and every way a bag can be wrong."""

import sqlite3

import numpy as np
import pytest
from joint_logs import GO2, NS, START_NS, McapLog, Motion, imu, joint_state
from mcap.reader import make_reader

from surefoot_calibration.log.bag import TopicNames
from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError

STATES, TARGETS, IMU = "/joint_states", "/surefoot/joint_target", "/imu/data"
MS = 1_000_000
JOINTS = GO2.joint_names


def write(path, motion, *, ahead_ns=0, way_ns=MS, answering=False, targets=True):
    """A recorder whose clock is ahead of the robot's, and messages that take their way to it."""
    bag = McapLog(path)
    for row, (stamp_ns, message) in enumerate(motion.states()):
        bag.joints(STATES, message, stamp_ns + ahead_ns + way_ns)
        if targets:
            # Thought about for 2 ms.
            stamp = stamp_ns if answering else stamp_ns + 2 * MS
            target = joint_state(stamp, JOINTS, motion.q_cmd[row], frame=f"policy:abc:{row}" if row else "")
            bag.joints(TARGETS, target, stamp_ns + 2 * MS + ahead_ns + way_ns)
    return bag.close()


@pytest.fixture
def motion():
    return Motion()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.mcap"


def read(path, **options):
    return read_log(path, GO2, **options)


def test_what_is_in_the_messages_is_in_the_log(path, motion):
    log = read(write(path, motion))
    np.testing.assert_allclose(log.stamp_s, motion.t, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(log.position_rad, motion.q)
    np.testing.assert_array_equal(log.velocity_radps, motion.dq)
    np.testing.assert_array_equal(log.torque_nm, motion.tau)
    np.testing.assert_array_equal(log.target_rad, motion.q_cmd)
    assert log.start_s == START_NS / NS
    assert log.report.format == "mcap"
    assert log.gains.source.startswith("go2.yaml")


@pytest.mark.parametrize("answering", [False, True])
def test_commands_are_put_on_the_clock_of_the_joints(path, motion, answering):
    log = read(write(path, motion, ahead_ns=5 * NS, way_ns=3 * MS, answering=answering))
    np.testing.assert_allclose(log.target_stamp_s, motion.t + 0.002, rtol=0, atol=1e-9)
    assert log.report.command_times.startswith("targets answer" if answering else "stamps of targets")
    # Stamps of answers are those of the samples: 2 ms of thinking come on top of 5 s and 3 ms of way.
    assert dict(log.report.clock_offset_s) == {
        STATES: pytest.approx(5.003),
        TARGETS: pytest.approx(5.003 + 0.002 * answering),
    }


def test_targets_of_a_computer_with_another_clock(path, motion):
    bag = McapLog(path)
    for row, (stamp_ns, message) in enumerate(motion.states()):
        bag.joints(STATES, message, stamp_ns + MS)
        # Its clock is 7 s behind.
        bag.joints(TARGETS, joint_state(stamp_ns - 7 * NS, JOINTS, motion.q_cmd[row]), stamp_ns + MS)
    log = read(bag.close())
    np.testing.assert_allclose(log.target_stamp_s, motion.t, rtol=0, atol=1e-9)


def test_joints_go_by_name_even_if_their_order_changes(path, motion):
    bag = McapLog(path)
    for row, (stamp_ns, _) in enumerate(motion.states()):
        order = np.roll(np.arange(12), row // 50)
        names = ["gripper", *(JOINTS[place] for place in order)]
        values = [np.concatenate(([9.9], series[row, order])) for series in (motion.q, motion.dq, motion.tau)]
        bag.joints(STATES, joint_state(stamp_ns, names, *values), stamp_ns)
        bag.joints(TARGETS, joint_state(stamp_ns, names, np.concatenate(([9.9], motion.q_cmd[row, order]))), stamp_ns)
    log = read(bag.close())
    np.testing.assert_array_equal(log.position_rad, motion.q)
    np.testing.assert_array_equal(log.velocity_radps, motion.dq)
    np.testing.assert_array_equal(log.target_rad, motion.q_cmd)


def test_the_imu_comes_with_its_own_stamps(path, motion):
    write(path, motion)
    bag = McapLog(path.with_name("b.mcap"))
    for row, (stamp_ns, message) in enumerate(motion.states()):
        bag.joints(STATES, message, stamp_ns)
        bag.joints(TARGETS, joint_state(stamp_ns, JOINTS, motion.q_cmd[row]), stamp_ns)
        bag.imu(IMU, imu(stamp_ns + MS, (1.0, 2.0, row), (4.0, 5.0, 9.81)), stamp_ns + 3 * MS)
    log = read(bag.close())
    np.testing.assert_allclose(log.imu.stamp_s, motion.t + 0.001, rtol=0, atol=1e-12)
    assert log.imu.angular_velocity_in_base_radps[7].tolist() == [1.0, 2.0, 7.0]
    assert log.imu.acceleration_in_base_mps2[7].tolist() == [4.0, 5.0, 9.81]
    assert dict(log.report.clock_offset_s)[IMU] == pytest.approx(0.002)
    assert read(path).imu is None


def test_other_topics_are_listed_and_may_have_other_names(path, motion):
    write(path, motion)
    with pytest.raises(SurefootError, match=r"a.mcap: has no messages of topic /cmd") as caught:
        read(path, names=TopicNames(targets="/cmd"))
    assert STATES in caught.value.hint
    assert TARGETS in caught.value.hint
    log = read(path, names=TopicNames(targets=STATES))
    np.testing.assert_array_equal(log.target_rad, motion.q)
    assert log.report.ignored == (TARGETS,)


def as_rosbag2(mcap, path):
    """The same messages as an SQLite file, as ROS 2 Humble records."""
    with mcap.open("rb") as file, sqlite3.connect(path) as database:
        database.execute("CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT)")
        database.execute("CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INT, timestamp INT, data BLOB)")
        numbers = {}
        for schema, channel, message in make_reader(file).iter_messages():
            if channel.topic not in numbers:
                numbers[channel.topic] = len(numbers) + 1
                row = (numbers[channel.topic], channel.topic, schema.name, "cdr")
                database.execute("INSERT INTO topics VALUES(?, ?, ?, ?)", row)
            row = (numbers[channel.topic], message.log_time, message.data)
            database.execute("INSERT INTO messages(topic_id, timestamp, data) VALUES(?, ?, ?)", row)
    database.close()
    return path


def test_a_rosbag2_of_sqlite(path, motion):
    log = read(as_rosbag2(write(path, motion), path.with_name("a.db3")))
    np.testing.assert_array_equal(log.position_rad, motion.q)
    np.testing.assert_array_equal(log.target_rad, motion.q_cmd)
    assert log.report.format == "rosbag2"


def halves(folder, motion):
    """Ten parts to come in the order of numbers, not of letters: bag_9, bag_10."""
    folder.mkdir()
    for number, rows in ((9, slice(0, 100)), (10, slice(100, 200))):
        part = Motion()
        for name in ("t", "q", "dq", "q_cmd", "tau"):
            setattr(part, name, getattr(motion, name)[rows])
        write(folder / f"bag_{number}.mcap", part)
    return folder


@pytest.mark.parametrize("listed", [True, False])
def test_a_rosbag2_in_parts(tmp_path, motion, listed):
    folder = halves(tmp_path / "bag", motion)
    if listed:
        names = "[bag/bag_9.mcap, bag_10.mcap]"
        (folder / "metadata.yaml").write_text(f"rosbag2_bagfile_information:\n  relative_file_paths: {names}\n")
    log = read(folder)
    np.testing.assert_array_equal(log.position_rad, motion.q)
    assert log.report.format == "rosbag2"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("rosbag2_bagfile_information:\n  relative_file_paths: [../../bag_11.mcap]\n", "bag_11.mcap, which metadata"),
        ("rosbag2_bagfile_information:\n  relative_file_paths: []\n", "has no rosbag2_bagfile_information"),
        ("other: 1\n", "has no rosbag2_bagfile_information"),
    ],
)
def test_metadata_that_is_none(tmp_path, motion, metadata, message):
    folder = halves(tmp_path / "bag", motion)
    (folder / "metadata.yaml").write_text(metadata)
    with pytest.raises(SurefootError, match=message):
        read(folder)


def test_an_mcap_that_ends_early_says_so(path, motion):
    whole = write(path, motion).read_bytes()
    for share in (0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(SurefootError, match=r"a.mcap: is cut off: .* messages could be read") as caught:
            read(path)
        assert "mcap recover" in caught.value.hint


def test_an_mcap_with_a_changed_byte_says_so(path, motion):
    data = bytearray(write(path, motion).read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(SurefootError, match=r"a.mcap: is damaged"):
        read(path)


def test_an_sqlite_file_that_is_no_bag(tmp_path, path, motion):
    with sqlite3.connect(tmp_path / "b.db3") as database:
        database.execute("CREATE TABLE x(y)")
    database.close()
    with pytest.raises(SurefootError, match=r"b.db3: is no rosbag2, or damaged: no such table: topics"):
        read(tmp_path / "b.db3")
    bag = as_rosbag2(write(path, motion), tmp_path / "a.db3")
    bag.write_bytes(bag.read_bytes()[:9000])
    with pytest.raises(SurefootError, match=r"a.db3: is no rosbag2, or damaged"):
        read(bag)


def test_what_is_compressed_as_a_whole(tmp_path):
    (tmp_path / "a.mcap.zstd").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    with pytest.raises(SurefootError, match="is compressed as a whole") as caught:
        read(tmp_path / "a.mcap.zstd")
    assert caught.value.hint == "`zstd -d a.mcap.zstd` unpacks it"


def bag_of(path, messages, targets=None):
    bag = McapLog(path)
    for heard_ns, message in messages:
        bag.joints(STATES, message, heard_ns)
        bag.joints(TARGETS, targets or message, heard_ns)
    return bag.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(name=m["name"][:11], position=m["position"][:11]), "joint RR_calf_joint of go2 is missing"),
        (lambda m: m.update(name=[*m["name"][:11], "RR_thigh_joint"]), "joint RR_calf_joint of go2 is missing"),
        (lambda m: m.update(name=[*m["name"], "x", "x"], position=[*m["position"], 0, 0]), "a joint is named twice"),
        (lambda m: m.update(position=[]), "messages of /joint_states have no positions"),
        (lambda m: m.update(position=m["position"][:5]), "5 positions for 12 names"),
        (lambda m: m["header"].update(stamp={"sec": 0, "nanosec": 0}), "messages of /joint_states have no stamps"),
    ],
)
def test_messages_that_are_not_of_this_robot(path, motion, change, message):
    messages = []
    for stamp_ns, state in motion.states():
        state.update(velocity=[], effort=[])
        change(state)
        messages.append((stamp_ns, state))
    with pytest.raises(SurefootError, match=message):
        read(bag_of(path, messages))


def test_targets_of_another_day(path, motion):
    bag = McapLog(path)
    for stamp_ns, message in motion.states():
        bag.joints(STATES, message, stamp_ns)
    for row, (stamp_ns, _) in enumerate(motion.states()):
        bag.joints(TARGETS, joint_state(stamp_ns + 9 * NS, JOINTS, motion.q_cmd[row]), stamp_ns + 9 * NS)
    with pytest.raises(SurefootError, match=r"joint_target is from 9.000 to 9.995 s, /joint_states from 0 to 0.995 s"):
        read(bag.close())


def test_a_topic_of_another_type(path, motion):
    bag = McapLog(path)
    for stamp_ns, message in motion.states():
        bag.imu(STATES, imu(stamp_ns, (0, 0, 0), (0, 0, 0)), stamp_ns)
        bag.joints(TARGETS, message, stamp_ns)
    with pytest.raises(SurefootError, match="topic /joint_states is sensor_msgs/msg/Imu: must be sensor_msgs/msg/Join"):
        read(bag.close())
