"""What a robot's sensors are: the IMU's noise and mounting, encoders' zeros, the time from command to motion."""
