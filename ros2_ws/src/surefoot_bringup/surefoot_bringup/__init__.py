"""How Surefoot is started: from `ros2 launch` to the words of `surefoot up`."""
