"""What the motors are told, millisecond by millisecond, in a file: for whoever judges the link from outside.

One record of fixed size per tick of the link, appended with a single call, so that a link that is killed leaves whole
records and one that is started again goes on in the same file. A reader may truncate it at any time, or rename it and
get all of it: the next records go to a new one. Records are numbered, so that none can be missing unnoticed.
"""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.drivers.driver import Driver, Floats, MotorTargets, Sample
from surefoot_safety.channel.channels import COMMAND, read_channel
from surefoot_safety.channel.records import CommandRecord
from surefoot_training.simulated.robot import SimulatedRobot

JOINTS = 12
TICK = np.dtype(
    [
        ("number", "<f8"),  # counts this process's ticks from 1
        ("now_s", "<f8"),
        ("command_s", "<f8"),  # when the supervisor gave this law; NaN: the link's own, or nobody knows
        ("judged_s", "<f8"),  # stamp of the sample that the supervisor judged it by; NaN where command_s is
        ("sample_s", "<f8"),  # stamp of the newest sample that was read
        ("is_faulty", "<f8"),  # whether something was wrong on purpose
        ("height_m", "<f8"),
        ("up_z", "<f8"),  # of the base's z axis in the world: 1 upright, −1 on its back
        ("trunk_contact", "<f8"),
        ("law", "<f8", (5, JOINTS)),  # position, velocity, torque, kp, kd
        ("position_rad", "<f8", (JOINTS,)),  # of that sample
        ("velocity_radps", "<f8", (JOINTS,)),
        ("true_position_rad", "<f8", (JOINTS,)),  # of the robot itself
        ("true_velocity_radps", "<f8", (JOINTS,)),
        ("true_torque_nm", "<f8", (JOINTS,)),
    ]
)
"""A tick of the link: what it told the motors, and what it had read from the sensors."""
RECORD = struct.Struct(f"<{TICK.itemsize // 8}d")
NAN = float("nan")
Ticks = NDArray[np.void]
"""Records of kind `TICK`."""
LOOK_TICKS = 10
"""Between two looks whether the file was renamed."""
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class RecordedDriver:
    """A driver around that of a simulated robot, which it leaves as it is."""

    def __init__(self, inner: Driver, robot: SimulatedRobot, folder: Path, file: Path) -> None:
        self._inner, self._robot = inner, robot
        self._path, self._file = file, os.open(file, FLAGS, 0o600)
        self._number = 0
        self._commands = read_channel(folder, COMMAND, CommandRecord)
        self._targets: MotorTargets | None = None
        self._law: Floats = (0.0,) * (5 * JOINTS)
        self._command_s = self._judged_s = NAN
        self._measured: Floats = (NAN,) * (2 * JOINTS)
        self._sample_s = NAN

    def write(self, targets: MotorTargets, now_s: float) -> None:
        """Hand targets on, and note them."""
        self._inner.write(targets, now_s)
        if targets is self._targets:
            return
        self._targets = targets
        self._law = (
            *targets.position_rad,
            *targets.velocity_radps,
            *targets.torque_nm,
            *targets.kp_nm_per_rad,
            *targets.kd_nms_per_rad,
        )
        # The link has just read the same channel: unless a newer command came in between, this is the one it follows.
        newest = self._commands.read(now_s)
        self._command_s, self._judged_s = NAN, NAN
        if newest is not None and newest.record.position_rad == targets.position_rad:
            self._command_s, self._judged_s = newest.stamp_s, newest.record.sample_stamp_s

    def read(self, now_s: float) -> Sample | None:
        """A sample, and the record of this tick."""
        sample = self._inner.read(now_s)
        if sample is not None:
            self._measured = (*sample.joint_position_rad, *sample.joint_velocity_radps)
            self._sample_s = sample.stamp_s
        body = self._robot.body
        _w, x, y, _z = body.orientation_wxyz.tolist()
        self._number += 1
        record = RECORD.pack(
            self._number,
            now_s,
            self._command_s,
            self._judged_s,
            self._sample_s,
            bool(self._robot.faults.names),
            float(body.data.qpos[2]),
            1.0 - 2.0 * (x * x + y * y),
            body.trunk_contact,
            *self._law,
            *self._measured,
            *body.joint_position_rad.tolist(),
            *body.joint_velocity_radps.tolist(),
            *self._robot.torque_nm.tolist(),
        )
        with contextlib.suppress(OSError):  # a full disk is no fault of the robot's; its number is missing then
            self._append(record)
        return sample

    def _append(self, record: bytes) -> None:
        if self._number % LOOK_TICKS == 0 and not self._is_there():
            before, self._file = self._file, os.open(self._path, FLAGS, 0o600)
            os.close(before)
        if os.write(self._file, record) != len(record):  # the rest of the file stays whole records
            size = os.fstat(self._file).st_size
            os.ftruncate(self._file, size - size % len(record))

    def _is_there(self) -> bool:
        try:
            return self._path.stat().st_ino == os.fstat(self._file).st_ino
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go."""
        self._inner.close()
        self._commands.close()
        os.close(self._file)


def read_ticks(file: Path) -> Ticks:
    """All whole records of a file; none if it is not there."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        data = b""
    return np.frombuffer(data[: len(data) - len(data) % TICK.itemsize], dtype=TICK)
