"""From a robot's logs to what the robot is: reading, planning motions, identification."""
