"""Surefoot's ROS 2 nodes: the robot node, the policy node, teleop and the recorder."""
