from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="needs the extra [ros]")
pytest.importorskip("sensor_msgs", reason="needs ROS 2: pip install 'surefoot[ros]'")

from mcap.exceptions import EndOfFile
from mcap.reader import NonSeekingReader, make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Imu, JointState

from surefoot_control.bag import Bag, definition_of, free_name
from surefoot_robots.errors import SurefootError

KIND = "sensor_msgs/msg/JointState"


def bag_with(path, count):
    bag = Bag(path)
    bag.add_topic("/joint_states", KIND, definition_of(KIND))
    bag.add_topic("/imu/data", "sensor_msgs/msg/Imu", definition_of("sensor_msgs/msg/Imu"))
    for number in range(count):
        bag.add("/joint_states", serialize_message(JointState(name=["a", "b"], position=[0.5, number])), 1000 + number)
    bag.add("/imu/data", serialize_message(Imu()), 5000)
    return bag


def test_another_reader_understands_what_was_written(tmp_path):
    bag = bag_with(tmp_path / "x.mcap", 3)
    bag.close()
    with (tmp_path / "x.mcap").open("rb") as file:
        messages = make_reader(file, decoder_factories=[DecoderFactory()]).iter_decoded_messages()
        found = [(channel.topic, decoded, message.log_time) for _, channel, message, decoded in messages]
    assert [(topic, time) for topic, _, time in found] == [
        *(("/joint_states", 1000), ("/joint_states", 1001), ("/joint_states", 1002)),
        ("/imu/data", 5000),
    ]
    assert found[2][1].name == ["a", "b"]
    assert list(found[2][1].position) == [0.5, 2.0]
    assert len(found[3][1].orientation_covariance) == 9


def test_a_definition_has_all_that_it_is_made_of():
    text = definition_of(KIND)
    assert "MSG: std_msgs/Header" in text
    assert "MSG: builtin_interfaces/Time" in text
    assert text.count("=" * 80) == 2
    with pytest.raises(SurefootError, match="definition of no_msgs/msg/No"):
        definition_of("no_msgs/msg/No")


def test_nothing_is_written_over(tmp_path):
    taken = tmp_path / "x.mcap"
    assert free_name(taken) == taken
    taken.touch()
    (tmp_path / "x-2.mcap").touch()
    assert free_name(taken) == tmp_path / "x-3.mcap"
    with pytest.raises(SurefootError, match="File exists"):
        Bag(taken)


def test_a_disk_that_is_full_from_the_start_is_one_clear_line():
    with pytest.raises(SurefootError, match="/dev/full: No space left on device"):
        Bag(Path("/dev/full"))


def test_what_was_written_before_the_disk_was_full_can_be_read(tmp_path):
    bag = bag_with(tmp_path / "x.mcap", 0)
    bag.add("/joint_states", serialize_message(JointState(name=["kept"] * 100_000)), 1)  # more than a chunk
    bag.abandon()
    with (tmp_path / "x.mcap").open("rb") as file:
        messages = NonSeekingReader(file).iter_messages(log_time_order=False)
        assert [next(messages)[2].log_time for _ in range(2)] == [5000, 1]
        with pytest.raises(EndOfFile):  # in place of the index
            next(messages)


def test_there_is_room_here(tmp_path, monkeypatch):
    bag = Bag(tmp_path / "x.mcap")
    assert bag.has_room
    monkeypatch.setattr("surefoot_control.bag.LEAST_FREE_BYTES", 2**80)
    assert not bag.has_room
    bag.close()
