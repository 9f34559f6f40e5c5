"""ROS in the tests' process: a domain of its own on this machine alone, and datagrams instead of shared memory."""

import os

import pytest
from real_processes import Stack

pytest.importorskip("rclpy", reason="needs ROS 2: source an installation, or pip install 'surefoot[ros]'")

ROS = {
    "ROS_DOMAIN_ID": str(1 + os.getpid() % 100),
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
}


@pytest.fixture(scope="module", autouse=True)
def ros():
    """A context from the first test of a module to its last."""
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    before = {name: os.environ.get(name) for name in ROS}
    os.environ.update(ROS)
    rclpy.init(args=["--ros-args", "--disable-external-lib-logs"], signal_handler_options=SignalHandlerOptions.NO)
    yield
    rclpy.shutdown()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(scope="module")
def start(ros, tmp_path_factory):
    """Starts stacks; those that still run in the end are killed."""
    stacks = []

    def started(*words, **keywords):
        stacks.append(Stack(tmp_path_factory.mktemp("r"), *words, **keywords))
        return stacks[-1]

    yield started
    for stack in stacks:
        stack.close()
