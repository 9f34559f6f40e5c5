"""Two publishers on one topic: neither takes the other's messages away before the robot node has looked at them."""

import time

import rclpy
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from real_processes import wait_for
from sensor_msgs.msg import JointState

from surefoot_control.facts import facts_of
from surefoot_control.qos import reliable
from surefoot_control.robot_node import RobotNode
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.channels import TARGET, read_channel
from surefoot_safety.channel.records import TargetRecord

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
