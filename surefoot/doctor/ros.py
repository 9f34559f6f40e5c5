"""ROS 2: where it comes from, whether it fits this Python, and whether two ends on this machine hear each other."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from surefoot.doctor.finding import Finding, bad, good, note, warn

KNOWN = ("jazzy", "kilted", "lyrical", "rolling")
"""interfaces.md: Jazzy, Kilted or newer."""
SETTINGS = ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "RMW_IMPLEMENTATION", "ROS_LOCALHOST_ONLY")
TALK = """
import time
from surefoot_control.ros import running_ros
with running_ros([]):
    import rclpy
    from std_msgs.msg import String
    speaker, listener = rclpy.create_node("surefoot_doctor"), rclpy.create_node("surefoot_doctor_too")
    heard = []
    listener.create_subscription(String, "/surefoot_doctor", heard.append, 1)
    voice, end_s = speaker.create_publisher(String, "/surefoot_doctor", 1), time.monotonic() + 15.0
    while not heard and time.monotonic() < end_s:
        voice.publish(String(data="?"))
        rclpy.spin_once(listener, timeout_sec=0.05)
    speaker.destroy_node()
    listener.destroy_node()
if not heard:
    raise SystemExit("Error: two nodes of one process did not hear each other within 15 s")
"""


def ros_found(where: Path | None, environment: Mapping[str, str], python: str) -> list[Finding]:
    """`where` is rclpy's folder, None if there is no such package; `python` is this one, as "3.12"."""
    prefix, distribution = environment.get("AMENT_PREFIX_PATH", ""), environment.get("ROS_DISTRO", "")
    if where is None:
        return [_missing(prefix, distribution, python)]
    is_sourced = any(str(where).startswith(place) for place in prefix.split(":") if place)
    found = _sourced(where, distribution) if is_sourced else _from_wheels(prefix, distribution)
    settings = {name: environment[name] for name in SETTINGS if environment.get(name)}
    said = ", ".join(f"{name}={value}" for name, value in settings.items())
    return [found, note("ROS 2 settings", said or "none: domain 0, heard in the whole network")]


def _missing(prefix: str, distribution: str, python: str) -> Finding:
    if prefix:
        what = f"{distribution or 'an installation'} is sourced, but has no rclpy for Python {python}"
        return bad("ROS 2", what, f"make the environment with the Python that it is for, instead of {python}")
    what = "not here: topics, teleoperation and recording need it, everything else does without"
    return note("ROS 2", what, "source an installation (Jazzy or newer), or pip install 'surefoot[ros]'")


def _from_wheels(prefix: str, distribution: str) -> Finding:
    if not prefix:
        return good("ROS 2", "from wheels")
    what = f"wheels come before the sourced {distribution or 'installation'}"
    return warn("ROS 2", what, "use an environment without them: messages of both in one process do not mix")


def _sourced(where: Path, distribution: str) -> Finding:
    if distribution in KNOWN:
        return good("ROS 2", f"{distribution}, sourced from {where}")
    what = f"{distribution!r}, sourced, is not among those it was made for: {', '.join(KNOWN)}"
    return warn("ROS 2", what, "source one of those")


def talk_found(tried: Callable[[str], str]) -> Finding:
    """Whether a message arrives."""
    failure = tried(TALK)
    if not failure:
        return good("ROS 2 messages", "arrive on this machine")
    hint = "is the loopback interface up, does a firewall block UDP, is ROS_DOMAIN_ID above 101?"
    return bad("ROS 2 messages", failure, hint)


def look(tried: Callable[[str], str], python: str) -> list[Finding]:
    """At the ROS of this environment."""
    spec = importlib.util.find_spec("rclpy")
    where = Path(spec.origin).parent if spec is not None and spec.origin else None
    found = ros_found(where, os.environ, python)
    return found if where is None else [*found, talk_found(tried)]
