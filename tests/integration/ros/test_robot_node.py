"""What the robot node makes of two publishers on one topic, and of having been started again."""

import time

import rclpy
from geometry_msgs.msg import Twist
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from real_processes import wait_for
from sensor_msgs.msg import JointState

from surefoot_control.facts import facts_of
from surefoot_control.qos import reliable
from surefoot_control.robot_node import RobotNode
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.channels import TARGET, read_channel, write_channel
from surefoot_safety.channel.records import TargetRecord, target_record
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand

GO2 = load_robot("go2")


def test_a_second_publisher_of_targets_pushes_none_of_the_policys_out(tmp_path):
    robot = RobotNode(GO2, tmp_path, facts_of(GO2, None))
    others = [rclpy.create_node(name, namespace="surefoot") for name in ("first", "second")]
    publishers = [node.create_publisher(JointState, "joint_target", reliable()) for node in others]
    wait_for(lambda: all(each.get_subscription_count() for each in publishers), "the robot node's subscription")
    now = robot.get_clock().now()
    for number, publisher in enumerate(publishers):
        message = JointState(name=list(GO2.joint_names), position=[0.1 + number] * 12)
        message.header.stamp, message.header.frame_id = now.to_msg(), f"number {number}"
        publisher.publish(message)
        assert publisher.wait_for_all_acked(Duration(seconds=60))
    channel = read_channel(tmp_path, TARGET, TargetRecord)
    executor = SingleThreadedExecutor()
    executor.add_node(robot)

    def handed_on():
        executor.spin_once(timeout_sec=0.05)
        found = channel.read(time.monotonic())
        return found and found.record.has_command and found.record

    assert wait_for(handed_on, "a target").position_rad == (0.1,) * 12
    executor.shutdown()
    channel.close()
    robot.close()
    for node in (robot, *others):
        node.destroy_node()


def test_a_robot_node_that_is_started_again_knows_how_old_the_last_velocity_is(tmp_path):
    """Else the supervisor would hear of none at all, and sit the robot down at once."""
    old = write_channel(tmp_path, TARGET, TargetRecord)
    said_s = time.monotonic() - 0.7
    before = JointCommand("", 41, said_s, CommandKind.TRACK, JointTarget.of_arrays([0.0] * 12, [1.0] * 12, [0.1] * 12))
    old.write(target_record(before, VelocityCommand(17, said_s, 0.3, 0.0, 0.1)), said_s)
    old.close(remove=False)  # as after SIGKILL
    robot = RobotNode(GO2, tmp_path, facts_of(GO2, None))
    message = JointState(name=list(GO2.joint_names), position=[0.1] * 12)
    message.header.stamp = robot.get_clock().now().to_msg()
    robot._on_target(message)
    channel = read_channel(tmp_path, TARGET, TargetRecord)
    found = channel.read(time.monotonic()).record
    assert (found.has_command, found.command_sequence) == (True, 42)
    assert (found.has_velocity, found.velocity_sequence, found.velocity) == (True, 17, (0.3, 0.0, 0.1))
    assert found.velocity_stamp_s == said_s
    robot._on_velocity(Twist())
    found = channel.read(time.monotonic()).record
    assert (found.velocity_sequence, found.velocity) == (18, (0.0, 0.0, 0.0))
    channel.close()
    robot.close()
    robot.destroy_node()


def test_one_that_was_ended_in_good_order_leaves_it_to_the_next(tmp_path):
    first = RobotNode(GO2, tmp_path, facts_of(GO2, None))
    twist = Twist()
    twist.linear.x = 0.4
    first._on_velocity(twist)
    channel = read_channel(tmp_path, TARGET, TargetRecord)
    before = channel.read(time.monotonic()).record
    first.close()
    first.destroy_node()
    second = RobotNode(GO2, tmp_path, facts_of(GO2, None))
    message = JointState(name=list(GO2.joint_names), position=[0.1] * 12)
    message.header.stamp = second.get_clock().now().to_msg()
    second._on_target(message)
    found = channel.read(time.monotonic()).record
    assert (found.has_velocity, found.velocity, found.velocity_stamp_s) == (
        True,
        (0.4, 0.0, 0.0),
        before.velocity_stamp_s,
    )
    channel.close()
    second.close()
    second.destroy_node()
