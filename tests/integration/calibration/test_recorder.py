"""What the robot's own recorder writes, by ROS's own serialization, is what identification reads."""

import numpy as np
import pytest
from joint_logs import GO2, NS, START_NS, Motion

pytest.importorskip("sensor_msgs", reason="needs ROS 2: pip install 'surefoot[ros]'")

from rclpy.serialization import serialize_message
from sensor_msgs.msg import Imu, JointState

from surefoot_calibration.log.read import read_log
from surefoot_control.bag import Bag, definition_of

STATES, TARGETS, IMU = "/joint_states", "/surefoot/joint_target", "/imu/data"


def stamped(made, stamp_ns, frame):
    made.header.stamp.sec, made.header.stamp.nanosec = divmod(stamp_ns, NS)
    made.header.frame_id = frame
    return made


def test_the_recorders_file(tmp_path):
    motion = Motion()
    bag = Bag(tmp_path / "a.mcap")
    for topic, kind in ((STATES, "JointState"), (TARGETS, "JointState"), (IMU, "Imu")):
        bag.add_topic(topic, f"sensor_msgs/msg/{kind}", definition_of(f"sensor_msgs/msg/{kind}"))
    for row, t in enumerate(motion.t):
        stamp_ns = START_NS + round(t * NS)
        state = JointState(name=list(GO2.joint_names), position=motion.q[row], velocity=motion.dq[row])
        target = JointState(name=list(GO2.joint_names), position=motion.q_cmd[row])
        bag.add(STATES, serialize_message(stamped(state, stamp_ns, "")), stamp_ns + 1_000)
        bag.add(TARGETS, serialize_message(stamped(target, stamp_ns, f"policy:0123:{row % 7}")), stamp_ns + 2_001_000)
        imu = stamped(Imu(), stamp_ns, "imu_link")
        imu.linear_acceleration.z = 9.81
        bag.add(IMU, serialize_message(imu), stamp_ns)
    bag.close()
    log = read_log(tmp_path / "a.mcap", GO2)
    np.testing.assert_array_equal(log.position_rad, motion.q)
    np.testing.assert_array_equal(log.velocity_radps, motion.dq)
    np.testing.assert_array_equal(log.target_rad, motion.q_cmd)
    np.testing.assert_allclose(log.stamp_s, motion.t, rtol=0, atol=1e-9)
    np.testing.assert_allclose(log.target_stamp_s, motion.t + 0.002, rtol=0, atol=1e-9)
    assert log.torque_nm is None
    assert log.imu.acceleration_in_base_mps2[-1].tolist() == [0.0, 0.0, 9.81]
