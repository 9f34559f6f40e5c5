"""The few ROS messages of a recording that are not joints or IMU, out of their bytes."""

from __future__ import annotations

from surefoot_calibration.log.cursor import Cursor

Diagnostics = dict[str, tuple[str, dict[str, str]]]
"""By name: the message and the values."""


def twist(data: bytes) -> tuple[float, ...]:
    """geometry_msgs/Twist: linear x, y, z, angular x, y, z."""
    return Cursor(data).take("6d")


def stamped_twist(data: bytes) -> tuple[float, ...]:
    """geometry_msgs/TwistStamped, without its stamp."""
    cursor = Cursor(data)
    cursor.header()
    return cursor.take("6d")


def text(data: bytes) -> str:
    """std_msgs/String."""
    return Cursor(data).text()


def diagnostics(data: bytes) -> Diagnostics:
    """diagnostic_msgs/DiagnosticArray."""
    cursor = Cursor(data)
    cursor.header()
    found: Diagnostics = {}
    for _ in range(cursor.count()):
        cursor.take("b")
        name, message, _hardware = cursor.text(), cursor.text(), cursor.text()
        found[name] = message, {cursor.text(): cursor.text() for _ in range(cursor.count())}
    return found
