"""The node that misbehaves for the fault campaign does what it is told, and says when."""

import json
import math
import time

import pytest
import rclpy
from geometry_msgs.msg import Twist
from rclpy.executors import SingleThreadedExecutor
from real_processes import MILD, wait_for
from sensor_msgs.msg import JointState
from std_msgs.msg import UInt8MultiArray

from surefoot.cli import main
from surefoot.faults.kinds import Message
from surefoot.faults.table import FAULTS
from surefoot_control.names import ByName
from surefoot_control.qos import reliable
from surefoot_control.rogue_node import RogueNode

MISDEEDS = [fault.how.misdeed for fault in FAULTS if isinstance(fault.how, Message)]
NAMES = ["a", "b", "c"]
SAID = [0.5, 0.4, 0.3]


@pytest.fixture
def rogue(ros):
    """The node, a policy that answers, and what is heard of both: anew for each test, nothing said before is heard."""
    node, policy = RogueNode(), rclpy.create_node("policy", namespace="surefoot")
    heard = []
    for kind, topic in ((JointState, "joint_target"), (Twist, "/cmd_vel"), (UInt8MultiArray, "estop/check_in")):
        policy.create_subscription(kind, topic, heard.append, reliable(100))
    targets = policy.create_publisher(JointState, "joint_target", reliable())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(policy)
    wait_for(lambda: targets.get_subscription_count() == 2, "both ends")

    def go_on():
        message = JointState(name=NAMES, position=SAID)
        message.header.frame_id, message.header.stamp = "policy:x:y", policy.get_clock().now().to_msg()
        targets.publish(message)
        for _ in range(20):
            executor.spin_once(timeout_sec=0.002)
        node.act(time.monotonic())

    yield node, heard, go_on
    executor.shutdown()
    node.destroy_node()
    policy.destroy_node()


def is_ours(message):
    """Whether it is not what the policy of this test says."""
    return not isinstance(message, JointState) or list(message.position) != SAID


@pytest.mark.parametrize("misdeed", [name for name in MISDEEDS if "stamped" not in name and "duplicated" not in name])
def test_misdeeds(rogue, misdeed):
    node, heard, go_on = rogue
    began_s, told = time.monotonic(), []
    go_on()
    heard.clear()
    node.order({"misdeed": misdeed}, told.append, began_s)

    def seen():
        go_on()
        return any(map(is_ours, heard))

    wait_for(seen, misdeed)
    assert len(told) == 1
    assert began_s <= told[0]["at_s"] <= time.monotonic()
    ended_s = time.monotonic()
    node.order({"misdeed": None}, told.append, ended_s)
    assert told[1]["at_s"] == ended_s
    assert told[1]["count"] >= 1
    assert told[1]["seconds"] == pytest.approx(ended_s - told[0]["at_s"])
    node.order({"misdeed": None}, told.append, ended_s)
    assert told[2] == {"at_s": ended_s, "count": 0, "seconds": 0.0}


@pytest.mark.parametrize(
    ("misdeed", "shift_s"),
    [("targets duplicated", 0.0), ("targets stamped in the past", -1.0), ("targets stamped in the future", 1.0)],
)
def test_echoes(rogue, misdeed, shift_s):
    """Of everything the policy says one, and of those none."""
    node, heard, go_on = rogue
    node.order({"misdeed": misdeed}, lambda _: None, 0.0)
    for _ in range(20):
        go_on()
    said = [message.header.stamp for message in heard if isinstance(message, JointState)][-8:]
    stamps = [stamp.sec + 1e-9 * stamp.nanosec for stamp in said]
    node.order({"misdeed": None}, lambda _: None, 0.0)
    shifts = {round(other - stamp, 3) for stamp in stamps for other in stamps if abs(abs(other - stamp) - 1.0) < 0.01}
    if shift_s:
        assert any(math.isclose(abs(shift), 1.0, abs_tol=0.01) for shift in shifts)
    else:
        assert len(set(stamps)) < len(stamps)
    assert len(heard) <= 4 * 20 * len(MISDEEDS)  # nobody echoes an echo


def heard_of(rogue, misdeed):
    """What comes in the policy's name beside its own."""
    node, heard, go_on = rogue
    node.order({"misdeed": misdeed}, lambda _: None, 0.0)

    def found():
        go_on()
        messages = [message for message in heard if isinstance(message, JointState)]
        own = {_ns(message) for message in messages if list(message.name) == NAMES and not is_ours(message)}
        return [message for message in messages if _ns(message) - 1000 in own]

    return wait_for(found, misdeed)


def _ns(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


@pytest.mark.parametrize("misdeed", ["targets malformed", "targets forged without numbers", "targets forged at random"])
def test_what_is_wrong_is_one_thing_alone(rogue, misdeed):
    """Of the policy, newer than what it said: nothing but what the misdeed is named after speaks against it."""
    for message in heard_of(rogue, misdeed):
        assert message.header.frame_id == "policy:x:y"
        assert list(message.position) != SAID


def test_joints_in_another_order_are_the_same(rogue):
    taken = ByName(NAMES)
    for message in heard_of(rogue, "targets with joints in another order"):
        assert list(message.name) == NAMES[::-1]
        assert taken.fault(message.name) == ""
        assert list(taken.ordered(message.position)) == [0.5, 0.4, 0.3]


def test_who_floods_does_not_listen_to_it(rogue):
    node, _, go_on = rogue
    node.order({"misdeed": "targets flooded"}, lambda _: None, 0.0)
    go_on()
    assert node.count_subscribers("joint_target") == 1
    node.order({"misdeed": None}, lambda _: None, 0.0)
    assert node.count_subscribers("joint_target") == 2


def test_it_drives(rogue):
    node, heard, go_on = rogue
    node.order({"velocity": [0.3, 0.0, 0.1]}, lambda _: None, 0.0)

    def driven():
        go_on()
        return next((message for message in heard if isinstance(message, Twist)), None)

    twist = wait_for(driven, "a velocity")
    assert (twist.linear.x, twist.linear.y, twist.angular.z) == (0.3, 0.0, 0.1)


@pytest.mark.slow  # real processes in real time
def test_a_cell_with_nodes(tmp_path, capsys):
    mild = tmp_path / "mild.yaml"
    mild.write_text(MILD)
    words = ["bench", "faults", "--only", "targets malformed, standing", "--seeds", "1", "--settings", str(mild)]
    status = main([*words, "--no-times", "--json"])
    told = json.loads(capsys.readouterr().out)
    (row,) = told["rows"]
    assert (row["trials"], row["right"], row["recovered"], row["beyond_limits"]) == (1, 1, 1, 0), row
    assert (status, told["bars_missed"]) == (0, [])
