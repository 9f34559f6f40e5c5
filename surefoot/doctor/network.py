"""Network interfaces as ROS 2 and robots need them, and whether a robot answers."""

from __future__ import annotations

import fcntl
import ipaddress
import shutil
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from surefoot.doctor.finding import Finding, bad, good, note, warn

IFF_UP, IFF_LOOPBACK, IFF_MULTICAST = 0x1, 0x8, 0x1000  # linux/if.h
SIOCGIFADDR, SIOCGIFNETMASK = 0x8915, 0x891B  # linux/sockios.h
PING_S = 2


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface."""

    name: str
    flags: int
    network: ipaddress.IPv4Interface | None
    """Address and mask, of version 4."""
    has_carrier: bool


def interfaces_found(interfaces: list[Interface], robot: str | None) -> list[Finding]:
    """Whether nodes could find each other, and which way leads to the robot."""
    topic, found = "network", []
    up = [each for each in interfaces if each.flags & IFF_UP]
    loops = [each for each in up if each.flags & IFF_LOOPBACK]
    outward = [each for each in up if not each.flags & IFF_LOOPBACK and each.network is not None and each.has_carrier]
    if not loops:
        found.append(bad(topic, "the loopback interface is down", "ip link set lo up: ROS 2 nodes meet there"))
    names = ", ".join(f"{each.name} {each.network}" for each in outward)
    found.append(good(topic, names) if names else note(topic, "no interface with an address leads out of here"))
    deaf = [each.name for each in outward if not each.flags & IFF_MULTICAST]
    if deaf:
        hint = f"ip link set {deaf[0]} multicast on; without it nodes on other machines are not found"
        found.append(warn(topic, f"no multicast on {', '.join(deaf)}", hint))
    if robot is not None:
        found.append(_way_to(robot, outward))
    return found


def _way_to(robot: str, outward: list[Interface]) -> Finding:
    topic = "way to the robot"
    try:
        address = ipaddress.IPv4Address(robot)
    except ValueError:
        return bad(topic, f"{robot!r} is no address", "give its IPv4 address: --robot-address 192.168.0.10")
    ways = [each.name for each in outward if each.network is not None and address in each.network.network]
    if ways:
        return good(topic, f"{robot} is in the network of {ways[0]}")
    hint = "give the interface that the cable is in an address of that network: ip addr add ADDRESS/24 dev NAME"
    return warn(topic, f"{robot} is in the network of no interface", hint)


def robot_answers(robot: str) -> Finding:
    """Whether it can be reached now."""
    topic, ping = "robot", shutil.which("ping")
    if ping is None:
        return note(topic, "cannot be asked: there is no `ping`", "apt install iputils-ping")
    if robot.startswith("-"):
        return bad(topic, f"{robot!r} is no address", "give its IPv4 address")
    ended = subprocess.run([ping, "-c", "1", "-W", str(PING_S), robot], capture_output=True, text=True, check=False)
    if ended.returncode == 0:
        times = [word for word in ended.stdout.split() if word.startswith("time=")]
        return good(topic, f"{robot} answers{f' ({times[0]} ms)' if times else ''}")
    hint = "switch it on, check the cable, wait until it has started; then `ping` it by hand"
    return bad(topic, f"{robot} does not answer", hint)


def look(robot: str | None) -> list[Finding]:
    """At all interfaces, and for the robot if its address was given."""
    found = interfaces_found(read_interfaces(), robot)
    if robot is None:
        return [*found, note("robot", "not asked for", "surefoot doctor --robot-address ADDRESS")]
    return [*found, robot_answers(robot)]


def read_interfaces(folder: Path = Path("/sys/class/net")) -> list[Interface]:
    """Those that the kernel has."""
    found = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        try:
            flags = int((place / "flags").read_text(), 16)
        except (OSError, ValueError):
            continue
        try:
            has_carrier = (place / "carrier").read_text().strip() == "1"
        except OSError:  # an interface that is down does not say
            has_carrier = False
        found.append(Interface(place.name, flags, _network(place.name), has_carrier))
    return found


def _network(name: str) -> ipaddress.IPv4Interface | None:
    """The first address of an interface."""
    request = struct.pack("256s", name.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            address, mask = (
                socket.inet_ntoa(fcntl.ioctl(asked.fileno(), code, request)[20:24])
                for code in (SIOCGIFADDR, SIOCGIFNETMASK)
            )
        except OSError:
            return None
    return ipaddress.IPv4Interface(f"{address}/{mask}")
