"""Logs of a Go2 whose joints go to and fro, in every form a reader takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mcap_ros2.writer import Writer

from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
HZ = 200.0
START_NS = 1_700_000_000_000_000_000
NS = 1_000_000_000

HEADER = """builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec"""
JOINT_STATE = f"""std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
================================================================================
MSG: std_msgs/Header
{HEADER}"""
IMU = f"""std_msgs/Header header
geometry_msgs/Quaternion orientation
float64[9] orientation_covariance
geometry_msgs/Vector3 angular_velocity
float64[9] angular_velocity_covariance
geometry_msgs/Vector3 linear_acceleration
float64[9] linear_acceleration_covariance
================================================================================
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
================================================================================
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
================================================================================
MSG: std_msgs/Header
{HEADER}"""


@dataclass
class Motion:
    """All joints swing about the default pose; every array can be spoilt before it is written."""

    seconds: float = 1.0
    t: np.ndarray = field(init=False)
    q: np.ndarray = field(init=False)
    dq: np.ndarray = field(init=False)
    q_cmd: np.ndarray = field(init=False)
    tau: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.t = np.arange(round(self.seconds * HZ)) / HZ
        phase = 2.0 * np.pi * 1.5 * self.t[:, None] + np.arange(12.0)
        home = GO2.default_joint_position_rad
        self.q = home + 0.2 * np.sin(phase)
        self.dq = 0.2 * 2.0 * np.pi * 1.5 * np.cos(phase)
        self.q_cmd = home + 0.25 * np.sin(phase + 0.1)
        self.tau = 3.0 * np.sin(phase + 0.2)

    def columns(self) -> dict[str, np.ndarray]:
        """By the names of a CSV's header."""
        table = {"t": self.t}
        for name in ("q", "dq", "q_cmd", "tau"):
            values = getattr(self, name)
            table |= {f"{name}.{joint}": values[:, place] for place, joint in enumerate(GO2.joint_names)}
        return table

    def write_csv(self, path: Path, columns: dict[str, np.ndarray] | None = None) -> Path:
        """With these columns instead, if given."""
        columns = columns or self.columns()
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join(map(repr, map(float, row))) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        return path

    def states(self) -> list[tuple[int, dict[str, object]]]:
        """Stamp, ns, and message of each sample."""
        stamps = START_NS + np.round(self.t * NS).astype(int)
        return [
            (int(stamp), joint_state(int(stamp), GO2.joint_names, q, dq, tau))
            for stamp, q, dq, tau in zip(stamps, self.q, self.dq, self.tau, strict=True)
        ]


def header(stamp_ns: int, frame: str = "") -> dict[str, object]:
    return {"stamp": {"sec": stamp_ns // NS, "nanosec": stamp_ns % NS}, "frame_id": frame}


def joint_state(stamp_ns, names, position, velocity=(), effort=(), *, frame="") -> dict[str, object]:
    numbers = {"position": position, "velocity": velocity, "effort": effort}
    return {
        "header": header(stamp_ns, frame),
        "name": list(names),
        **{name: [float(value) for value in values] for name, values in numbers.items()},
    }


def imu(stamp_ns: int, rate, force) -> dict[str, object]:
    nothing = [0.0] * 9
    return {
        "header": header(stamp_ns, "imu_link"),
        "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0},
        "orientation_covariance": nothing,
        "angular_velocity": dict(zip("xyz", map(float, rate), strict=True)),
        "angular_velocity_covariance": nothing,
        "linear_acceleration": dict(zip("xyz", map(float, force), strict=True)),
        "linear_acceleration_covariance": nothing,
    }


class McapLog:
    """An MCAP file by another project's writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._writer = Writer(self._file)
        self._joint = self._writer.register_msgdef("sensor_msgs/msg/JointState", JOINT_STATE)
        self._imu = self._writer.register_msgdef("sensor_msgs/msg/Imu", IMU)

    def joints(self, topic: str, message: dict[str, object], heard_ns: int) -> None:
        self._writer.write_message(topic, self._joint, message, heard_ns, heard_ns)

    def imu(self, topic: str, message: dict[str, object], heard_ns: int) -> None:
        self._writer.write_message(topic, self._imu, message, heard_ns, heard_ns)

    def close(self) -> Path:
        self._writer.finish()
        self._file.close()
        return self.path
