"""The link: 1000 times a second from the newest command to the motors, and from the sensors to the supervisor."""
