"""Somebody on ROS: hears topics, publishes, asks services. Waits are for conditions."""

import time

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from real_processes import LONGEST_S
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import Trigger

from surefoot_control.qos import latched, newest, reliable

HEARD = {
    "/joint_states": (JointState, newest),
    "/imu/data": (Imu, newest),
    "/surefoot/mode": (String, latched),
    "/surefoot/status": (DiagnosticArray, reliable),
    "/diagnostics": (DiagnosticArray, reliable),
    "/surefoot/joint_target": (JointState, reliable),
    "/surefoot/velocity_estimate": (TwistStamped, newest),
    "/surefoot/estop/challenge": (UInt8MultiArray, lambda: reliable(10)),
}
AGAIN_S = 1.0


class Client:
    """Keeps the newest message of each topic, and how many there were."""

    def __init__(self):
        self.node = rclpy.create_node("tests", namespace="surefoot")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.newest, self.counts = {}, {}
        for topic, (kind, qos) in HEARD.items():
            self.node.create_subscription(kind, topic, self._hearing(topic), qos())
        self.targets = self.node.create_publisher(JointState, "joint_target", reliable())
        self.velocities = self.node.create_publisher(Twist, "/cmd_vel", reliable())
        self.check_ins = self.node.create_publisher(UInt8MultiArray, "estop/check_in", reliable(10))

    def _hearing(self, topic):
        def hear(message):
            self.newest[topic] = message
            self.counts[topic] = self.counts.get(topic, 0) + 1

        return hear

    def until(self, condition, what, meanwhile=lambda: None):
        """The first true value; ROS goes on meanwhile."""
        end_s = time.monotonic() + LONGEST_S
        while time.monotonic() < end_s:
            found = condition()
            if found:
                return found
            meanwhile()
            self.executor.spin_once(timeout_sec=0.02)
        raise AssertionError(f"waited {LONGEST_S:g} s for {what}; heard {self.counts}")

    def heard(self, topic):
        return self.until(lambda: self.newest.get(topic), topic)

    def ask(self, service):
        client = self.node.create_client(Trigger, service)
        self.until(client.service_is_ready, f"service {service}")
        future = client.call_async(Trigger.Request())
        self.until(future.done, f"an answer to {service}")
        return future.result()

    def repeat(self, client, request, is_done, what, act):
        """Acts and asks, again and again, until an answer is as it should be."""
        future, next_s = None, 0.0

        def done():
            nonlocal future, next_s
            if future is not None and future.done() and is_done(future.result()):
                return True
            if time.monotonic() > next_s and client.service_is_ready():
                act()
                future, next_s = client.call_async(request), time.monotonic() + AGAIN_S
            return False

        self.until(done, what)

    def part(self, name):
        """The values of one part of the newest status."""
        status = self.newest.get("/surefoot/status")
        parts = {} if status is None else {part.name: part for part in status.status}
        found = parts.get(f"surefoot: {name}")
        return None if found is None else {pair.key: pair.value for pair in found.values}

    def dropped(self, kind):
        """How many of a kind the robot node says it has dropped."""
        return int((self.part("robot node") or {}).get(f"{kind} dropped", 0))

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
