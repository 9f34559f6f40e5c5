"""CDR by hand: what each byte means, and messages that are none."""

import struct

import numpy as np
import pytest

from surefoot_calibration.log.cdr import imu_messages, joint_messages
from surefoot_robots.errors import SurefootError


def message(names=(b"a",), position=(1.0,), velocity=(), effort=(), frame=b""):
    """Aligned by hand, counted from behind the first four bytes."""
    body = struct.pack("<iI", 3, 4) + struct.pack("<I", len(frame) + 1) + frame + b"\0"

    def padded(body, size):
        return body + bytes(-len(body) % size)

    body = padded(body, 4) + struct.pack("<I", len(names))
    for name in names:
        body = padded(body, 4) + struct.pack("<I", len(name) + 1) + name + b"\0"
    for numbers in (position, velocity, effort):
        body = padded(body, 4) + struct.pack("<I", len(numbers))
        if numbers:
            body = padded(body, 8) + struct.pack(f"<{len(numbers)}d", *numbers)
    return b"\x00\x01\x00\x00" + body


def read(*messages):
    return joint_messages(messages, "/j", "a.mcap")


def test_a_message_of_everything():
    (table,) = read(message((b"hip", b"thigh"), (1.0, 2.0), (3.0, 4.0), (5.0, 6.0), b"frame"))
    assert table.names == ("hip", "thigh")
    assert table.stamp_ns.tolist() == [3_000_000_004]
    assert (table.position.tolist(), table.velocity.tolist(), table.effort.tolist()) == ([[1, 2]], [[3, 4]], [[5, 6]])


@pytest.mark.parametrize("letters", range(9))
def test_any_alignment(letters):
    (table,) = read(message((b"x" * letters,), (1.5,), (), (2.5,), b"y" * (8 - letters)))
    assert (table.position.tolist(), table.velocity.shape, table.effort.tolist()) == ([[1.5]], (1, 0), [[2.5]])


def test_layouts_are_told_apart_and_rows_kept():
    one, other = message((b"a",), (1.0,)), message((b"b",), (2.0,))
    first, second = read(one, other, one)
    assert (first.names, first.rows.tolist(), second.names, second.rows.tolist()) == (("a",), [0, 2], ("b",), [1])
    assert second.position.tolist() == [[2.0]]


def test_speeds_that_are_too_few_are_refused_though_the_length_is_the_same():
    right = message((b"a", b"b"), (1.0, 2.0), (3.0, 4.0), (5.0, 6.0))
    wrong = message((b"a", b"b"), (1.0, 2.0), (3.0,), (4.0, 5.0, 6.0))
    assert len(right) == len(wrong)
    with pytest.raises(SurefootError, match="/j have other counts of speeds than of names"):
        read(right, wrong)


def test_speeds_now_and_then_are_two_layouts():
    with_speeds, without = read(message(velocity=(2.0,)), message(effort=(2.0,)))
    assert (with_speeds.velocity.shape, without.velocity.shape) == ((1, 1), (1, 0))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it begins with nothing"),
        (b"\x00\x00" + message()[2:], "it begins with 00 00 00 00, must be 00 01"),
        (message()[:30], ""),
        (message()[:-11], "1 numbers where 5 bytes are left"),
        (message()[:12] + b"\xff" * 4 + message()[16:], "a text of 4294967295 bytes"),
        (message((b"a",) * 1001, ()), "1001 names, must be at most 1000"),
        (message(position=(1.0, 2.0)), "2 positions for 1 names"),
        (message(velocity=(1.0, 2.0)), "2 velocities for 1 names"),
        (message((b"\xff",)), "can't decode byte 0xff"),
    ],
)
def test_what_is_no_message(data, why):
    with pytest.raises(SurefootError, match=f"a.mcap: message 1 of /j is no sensor_msgs/JointState.*{why}"):
        read(message(), data)


def imu_message(frame=b"imu_link", numbers=range(37)):
    body = struct.pack("<iI", 3, 4) + struct.pack("<I", len(frame) + 1) + frame + b"\0"
    return b"\x00\x01\x00\x00" + body + bytes(-len(body) % 8) + struct.pack("<37d", *numbers)


def test_an_imus_numbers():
    stamps, numbers = imu_messages([imu_message(), imu_message()], "/i", "a.mcap")
    assert stamps.tolist() == [3_000_000_004] * 2
    np.testing.assert_array_equal(numbers, np.tile(np.arange(37.0), (2, 1)))


@pytest.mark.parametrize("data", [imu_message()[:-8], imu_message(b"another_frame"), imu_message() + bytes(8)])
def test_what_is_no_imu(data):
    with pytest.raises(SurefootError, match="messages of /i have"):
        imu_messages([imu_message(), data], "/i", "a.mcap")
    with pytest.raises(SurefootError, match="message 0 of /i is no sensor_msgs/Imu"):
        imu_messages([data[:10]], "/i", "a.mcap")
