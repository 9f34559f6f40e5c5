"""What `surefoot doctor` makes of machines unlike this one."""

import ipaddress
from pathlib import Path

import pytest

from surefoot.doctor import installation, machine, network, ros
from surefoot.doctor.finding import Health
from surefoot.doctor.network import IFF_LOOPBACK, IFF_MULTICAST, IFF_UP, Interface

GIB = 2**30


def health(findings):
    return {finding.topic: finding.health for finding in findings}


@pytest.mark.parametrize(
    ("version", "architecture", "system", "expected"),
    [
        ((3, 10), "x86_64", "Linux", Health.BAD),
        ((3, 11), "x86_64", "Linux", Health.GOOD),
        ((3, 12), "aarch64", "Linux", Health.GOOD),
        ((3, 12), "riscv64", "Linux", Health.WARN),
        ((3, 13), "arm64", "Darwin", Health.WARN),
    ],
)
def test_python(version, architecture, system, expected):
    (found,) = installation.python_found(version, architecture, system)
    assert found.health is expected
    assert bool(found.hint) is (expected is not Health.GOOD)


REQUIREMENTS = ["a>=2,<3", "b", 'c>=1; extra == "sim"', 'd==1.0; extra == "ros"', 'c>=1; extra == "dev"']


def packages(**versions):
    return {finding.topic: finding for finding in installation.packages_found(REQUIREMENTS, versions.get)}


def test_packages_that_are_all_there():
    found = packages(a="2.5", b="0", c="1.1", d="1.0")
    assert {finding.health for finding in found.values()} == {Health.GOOD}
    assert found["packages"].what.startswith("2 packages")
    assert found["packages [sim]"].what.startswith("1 packages")


def test_packages_that_are_missing():
    found = packages(b="0")
    assert found["packages"].health is Health.BAD
    assert "not installed: a;" in found["packages"].what
    assert found["packages"].hint == "pip install 'surefoot'"
    assert found["packages [sim]"].health is Health.NOTE
    assert found["packages [sim]"].hint == "pip install 'surefoot[sim]'"


def test_packages_of_another_version():
    found = packages(a="3.0", b="0", d="1.1")
    assert found["packages"].health is Health.BAD
    assert "a 3.0 (must be <3,>=2)" in found["packages"].what
    assert found["packages [ros]"].health is Health.BAD  # it would be used


def test_imports_are_tried_only_of_what_is_installed():
    tried = []
    found = installation.imports_found({"torch": "2"}.get, lambda code: tried.append(code) or "")
    assert tried == ["import numpy", "import onnxruntime", "import torch", "import rclpy"]
    assert health(found) == {"imports": Health.GOOD}


def test_an_import_that_fails():
    answers = {"import torch": "ImportError: libc", "import rclpy": "ModuleNotFoundError: No module named 'rclpy'"}
    found = installation.imports_found({"torch": "2"}.get, lambda code: answers.get(code, ""))
    assert health(found) == {"import torch": Health.BAD}  # no ROS is no failure here
    assert found[0].what == "ImportError: libc"


def test_no_pictures():
    found = installation.imports_found({"mujoco": "4"}.get, lambda code: "no EGL" if "GLContext" in code else "")
    assert health(found) == {"imports": Health.GOOD, "off-screen pictures": Health.WARN}


def test_code_is_tried_in_a_process_of_its_own():
    assert installation.tried_apart("pass") == ""
    assert installation.tried_apart("import nowhere_at_all") == "ModuleNotFoundError: No module named 'nowhere_at_all'"
    assert installation.tried_apart("import os; os.abort()") == "ended with status -6"
    assert installation.tried_apart("raise SystemExit('Error: so it is')") == "Error: so it is"


def test_a_foreign_python_path():
    assert installation._environment("") == []
    assert installation._environment("/opt/tools") == []
    (found,) = installation._environment("/opt/ros/lib/python3.99/site-packages:/x")
    assert found.health is Health.WARN
    assert "python3.99" in found.what


def of(**bent):
    plain = {"cores": 4, "load": 0.5, "memory_bytes": 8 * GIB, "disk_bytes": 9 * GIB, "shared_bytes": GIB}
    return health(machine.resources_found(machine.Resources(**{**plain, **bent})))


def test_resources():
    assert set(of().values()) == {Health.GOOD}
    assert of(cores=1)["processor"] is Health.WARN
    assert of(load=4.1)["processor"] is Health.WARN
    assert of(memory_bytes=4 * GIB - 1)["memory"] is Health.WARN
    assert of(disk_bytes=GIB)["disk"] is Health.WARN
    assert of(shared_bytes=2**20)["shared memory"] is Health.BAD
    assert of(shared_bytes=None)["shared memory"] is Health.BAD


def test_real_time():
    found = machine.real_time_found("no SCHED_FIFO 50: Operation not permitted", "powersave", "#1 SMP")
    assert health(found) == {"real time": Health.WARN, "processor speed": Health.WARN, "kernel": Health.NOTE}
    found = machine.real_time_found("", "performance", "#1 SMP PREEMPT_RT")
    assert health(found) == {"real time": Health.GOOD, "kernel": Health.GOOD}


@pytest.mark.parametrize(
    ("late_us", "year", "synchronized", "expected"),
    [
        ([50.0] * 100, 2030, "yes", (Health.GOOD, Health.GOOD)),
        ([50.0] * 98 + [1500.0] * 2, 2030, "", (Health.WARN, Health.GOOD)),
        ([50.0] * 100, 1970, "yes", (Health.GOOD, Health.WARN)),
        ([50.0] * 100, 2030, "no", (Health.GOOD, Health.WARN)),
    ],
)
def test_clocks(late_us, year, synchronized, expected):
    timer, wall = machine.clock_found(late_us, year, synchronized)
    assert (timer.health, wall.health) == expected


def test_free_memory():
    assert machine._memory_free("MemTotal: 9 kB\nMemAvailable:    2048 kB\n") == 2 * 2**20
    assert machine._memory_free("MemTotal: 9 kB\n") == 0


LOOP = Interface("lo", IFF_UP | IFF_LOOPBACK, ipaddress.IPv4Interface("127.0.0.1/8"), has_carrier=True)
WIRE = Interface("eth0", IFF_UP | IFF_MULTICAST, ipaddress.IPv4Interface("192.168.0.5/24"), has_carrier=True)


def net(*interfaces, robot=None):
    return [(finding.topic, finding.health) for finding in network.interfaces_found(list(interfaces), robot)]


def test_interfaces():
    assert net(LOOP, WIRE) == [("network", Health.GOOD)]
    assert net(WIRE) == [("network", Health.BAD), ("network", Health.GOOD)]
    assert net(LOOP) == [("network", Health.NOTE)]
    deaf = Interface("eth1", IFF_UP, WIRE.network, has_carrier=True)
    assert net(LOOP, deaf) == [("network", Health.GOOD), ("network", Health.WARN)]
    unplugged = Interface("eth1", IFF_UP | IFF_MULTICAST, WIRE.network, has_carrier=False)
    assert net(LOOP, unplugged) == [("network", Health.NOTE)]


def test_the_way_to_a_robot():
    assert net(LOOP, WIRE, robot="192.168.0.10")[-1] == ("way to the robot", Health.GOOD)
    assert net(LOOP, WIRE, robot="192.168.1.10")[-1] == ("way to the robot", Health.WARN)
    assert net(LOOP, WIRE, robot="go2")[-1] == ("way to the robot", Health.BAD)
    assert network.robot_answers("-f").health in {Health.BAD, Health.NOTE}  # never an option of ping


def test_interfaces_are_read(tmp_path):
    for name, flags in (("a", "0x1003"), ("b", "nonsense")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text(flags)
    assert network.read_interfaces(tmp_path) == [Interface("a", 0x1003, None, has_carrier=False)]
    assert network.read_interfaces(tmp_path / "nowhere") == []
    assert any(each.flags & IFF_LOOPBACK for each in network.read_interfaces())


HERE, WHEELS = Path("/opt/ros/jazzy/lib/python3.12/site-packages/rclpy"), Path("/venv/rclpy")
SOURCED = {"AMENT_PREFIX_PATH": "/opt/ros/jazzy", "ROS_DISTRO": "jazzy"}


@pytest.mark.parametrize(
    ("where", "environment", "expected", "said"),
    [
        (None, {}, Health.NOTE, "not here"),
        (None, SOURCED, Health.BAD, "jazzy is sourced, but has no rclpy for Python 3.11"),
        (WHEELS, {}, Health.GOOD, "from wheels"),
        (WHEELS, SOURCED, Health.WARN, "wheels come before"),
        (HERE, SOURCED, Health.GOOD, "jazzy, sourced"),
        (HERE, SOURCED | {"ROS_DISTRO": "foxy"}, Health.WARN, "'foxy'"),
    ],
)
def test_ros(where, environment, expected, said):
    found = ros.ros_found(where, environment, "3.11")
    assert found[0].health is expected
    assert said in found[0].what
    assert len(found) == (1 if where is None else 2)


def test_settings_of_ros_are_told():
    found = ros.ros_found(WHEELS, {"ROS_DOMAIN_ID": "7", "OTHER": "x"}, "3.11")
    assert found[1].what == "ROS_DOMAIN_ID=7"


def test_nodes_that_do_not_hear_each_other():
    assert ros.talk_found(lambda _: "").health is Health.GOOD
    found = ros.talk_found(lambda _: "Error: two nodes")
    assert (found.health, found.what) == (Health.BAD, "Error: two nodes")
