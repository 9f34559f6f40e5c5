"""Logs as CSV.

A header row; `t`, `q.<joint>`, `q_cmd.<joint>`, and if they are there `dq.`, `tau.`, `kp.`, `kd.<joint>`, `gyro.x` …
`acc.z`; SI units, any order of columns, others listed and ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from surefoot_calibration.log.gains import chosen_gains, constant_gains
from surefoot_calibration.log.joint_log import FloatArray, Gains, ImuLog, JointLog, LogReport
from surefoot_calibration.log.stamps import newest_kept, steadiness
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_robots.whole_file import write_whole

TIME = "t"
NEEDED, OPTIONAL = ("q", "q_cmd"), ("dq", "tau", "kp", "kd")
IMU = tuple(f"{sensor}.{axis}" for sensor in ("gyro", "acc") for axis in "xyz")
LONGEST_HEADER = 64 * 1024
FORM = "a header with t, q.<joint>, q_cmd.<joint> and, if known, dq., tau., kp., kd.<joint>, gyro.x … acc.z"


def read_csv(path: Path, robot: RobotSpec, told: Gains | None) -> JointLog:
    """Read and check; see the module."""
    names = _header(path)
    groups = _groups(names, robot, path)
    wanted = [TIME, *(name for group in groups.values() for name in group)]
    imu = IMU if set(IMU) <= set(names) else ()
    table = _numbers(path, names, [*wanted, *imu])
    kept = newest_kept(table[:, 0], path.name, "row")
    repeated = len(table) - len(kept)
    table = table[kept]
    stamp_s = table[:, 0] - table[0, 0]
    steady = steadiness(stamp_s, path.name)
    columns = _split(table, groups)
    gains = None
    if "kp" in columns:
        gains = constant_gains(columns["kp"], columns["kd"], robot.joint_names, path.name)
    return JointLog(
        origin=path.name,
        robot=robot.name,
        joint_names=robot.joint_names,
        start_s=float(table[0, 0]),
        stamp_s=stamp_s,
        position_rad=columns["q"],
        velocity_radps=columns.get("dq"),
        torque_nm=columns.get("tau"),
        target_stamp_s=stamp_s,
        target_rad=columns["q_cmd"],
        gains=chosen_gains(gains, told, robot),
        imu=ImuLog(stamp_s, table[:, -6:-3].copy(), table[:, -3:].copy()) if imu else None,
        report=LogReport(
            format="csv",
            rate_hz=steady.rate_hz,
            jitter_s=steady.jitter_s,
            missing=steady.missing,
            gaps=steady.gaps,
            repeated=repeated,
            command_times="each q_cmd was given at its row's t",
            clock_offset_s=(),
            ignored=tuple(name for name in names if name not in {*wanted, *imu}),
        ),
    )


def write_csv(path: Path, log: JointLog) -> None:
    """Write a log so that reading gives the same numbers to the bit.

    Rows are samples: where commands have times of their own, each row has the one in force.
    """
    groups: list[tuple[str, FloatArray]] = [("q", log.position_rad)]
    if log.velocity_radps is not None:
        groups.append(("dq", log.velocity_radps))
    groups.append(("q_cmd", log.target_at_rad(log.stamp_s)))
    if log.torque_nm is not None:
        groups.append(("tau", log.torque_nm))
    rows = (log.samples, 1)
    groups += [("kp", np.tile(log.gains.kp_nm_per_rad, rows)), ("kd", np.tile(log.gains.kd_nms_per_rad, rows))]
    names = [TIME, *(f"{group}.{joint}" for group, _ in groups for joint in log.joint_names)]
    columns = [(log.start_s + log.stamp_s)[:, None], *(values for _, values in groups)]
    if log.imu is not None and np.array_equal(log.imu.stamp_s, log.stamp_s):
        names += IMU
        columns += [log.imu.angular_velocity_in_base_radps, log.imu.acceleration_in_base_mps2]
    table = np.concatenate(columns, axis=1)
    write_whole(path, lambda stream: stream.writelines(_lines(names, table)))


def _lines(names: Sequence[str], table: FloatArray) -> Iterator[bytes]:
    yield (",".join(names) + "\n").encode()
    for row in table:
        yield (",".join(map(repr, row.tolist())) + "\n").encode()


def names_in(path: Path) -> list[str]:
    """The columns that a file has."""
    return _header(path)


def read_columns(path: Path, wanted: Sequence[str]) -> FloatArray:
    """Some columns of a file, [T, columns], `t` in front; one that is missing is an error."""
    names = _header(path)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise SurefootError(f"{path.name}: {len(missing)} columns are missing, {missing[0]} among them")
    return _numbers(path, names, [TIME, *wanted])


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        line = file.readline(LONGEST_HEADER)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SurefootError(f"{path.name}: is not text: byte {error.start} of its first line", hint=_KINDS) from error
    if not text.isprintable() or not text.strip():
        raise SurefootError(f"{path.name}: its first line is no header of a CSV file", hint=_KINDS)
    names = [name.strip().strip('"') for name in text.split(",")]
    if TIME not in names:
        other = next((mark for mark in (";", "\t") if mark in text), None)
        why = f"columns are separated by {other!r}, must be by ','" if other else f"there is no column {TIME}"
        raise SurefootError(f"{path.name}: {why}; the first column is {names[0][:40]!r}", hint=f"must be {FORM}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SurefootError(f"{path.name}: column {twice[0]!r} is there twice", hint="names must differ")
    return names


_KINDS = "logs are .csv, .mcap, .db3 or the folder of a rosbag2"


def _groups(names: Sequence[str], robot: RobotSpec, path: Path) -> dict[str, list[str]]:
    """The columns to take, in the robot's order: group → names."""
    groups = {group: [f"{group}.{joint}" for joint in robot.joint_names] for group in (*NEEDED, *OPTIONAL)}
    missing = {group: [name for name in columns if name not in names] for group, columns in groups.items()}
    for group in NEEDED:
        if missing[group]:
            raise SurefootError(
                f"{path.name}: {len(missing[group])} of {len(groups[group])} columns {group}.<joint> of {robot.name} "
                f"are missing, {missing[group][0]} among them",
                hint=f"there are {_joints_found(names)}; must be {FORM}",
            )
    for group in OPTIONAL:
        if missing[group] and len(missing[group]) < len(groups[group]):
            raise SurefootError(
                f"{path.name}: {missing[group][0]} is missing, while {group} of other joints is there",
                hint=f"give {group} of all joints, or of none",
            )
    if bool(missing["kp"]) != bool(missing["kd"]):
        there, lacking = ("kd", "kp") if missing["kp"] else ("kp", "kd")
        raise SurefootError(f"{path.name}: has {there} but no {lacking}", hint="give both, or neither and --gains")
    return {group: columns for group, columns in groups.items() if not missing[group]}


def _joints_found(names: Sequence[str]) -> str:
    found = [name.removeprefix("q.") for name in names if name.startswith("q.")]
    return f"angles of {', '.join(found)[:200]}" if found else "no columns q.<joint>"


def _split(table: FloatArray, groups: dict[str, list[str]]) -> dict[str, FloatArray]:
    """[T, columns] → group → [T, J]; time is the first column."""
    parts, first = {}, 1
    for group, columns in groups.items():
        parts[group] = np.ascontiguousarray(table[:, first : first + len(columns)])
        first += len(columns)
    return parts


def _numbers(path: Path, names: Sequence[str], wanted: Sequence[str]) -> FloatArray:
    places = [names.index(name) for name in wanted]
    with path.open("rb") as file:
        file.readline()
        is_empty = not file.readline().strip()
    if is_empty:
        raise SurefootError(f"{path.name}: has no rows below its header", hint="record for longer")
    try:
        table: FloatArray = np.loadtxt(
            path, delimiter=",", skiprows=1, usecols=places, ndmin=2, comments=None, encoding="utf-8"
        )
    except ValueError as error:
        raise _first_fault(path, names) from error
    return table


def _first_fault(path: Path, names: Sequence[str]) -> SurefootError:
    """Look for the line that NumPy could not read; it is quicker than this, but says neither line nor column."""
    with path.open("rb") as file:
        file.readline()
        for number, line in enumerate(file, start=2):
            cells = line.rstrip(b"\r\n").split(b",")
            if not cells[0].strip() and len(cells) == 1:
                continue
            if len(cells) != len(names):
                ends = "" if line.endswith(b"\n") else " and ends within it: the file is cut off"
                return SurefootError(
                    f"{path.name}: line {number} has {len(cells)} cells, the header has {len(names)} columns{ends}",
                    hint="cut the log before this line",
                )
            for name, cell in zip(names, cells, strict=True):
                if not _is_number(cell):
                    shown = cell[:40].decode("utf-8", "replace")
                    return SurefootError(f"{path.name}: line {number}: {name} is {shown!r}: must be a number")
    return SurefootError(f"{path.name}: is no table of numbers", hint=f"must be {FORM}")


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
