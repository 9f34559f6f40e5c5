"""A policy's file as the supervisor reads it: the contract alone.

It is JSON in an ONNX file's metadata, which takes neither ONNX nor a parser of protobuf to find. Only what the
supervisor holds a policy to is looked at here; whether the network can be run is the policy node's business.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from math import isfinite
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.protobuf import byte_fields
from surefoot_safety.finite import are_finite
from surefoot_safety.limits import Limits
from surefoot_safety.policy_terms import PolicyTerms
from surefoot_safety.state import Floats

KEY = b"surefoot.contract"
METADATA, ENTRY_KEY, ENTRY_VALUE = 14, 1, 2
"""ModelProto.metadata_props, StringStringEntryProto.key and .value: onnx/onnx.proto."""
VERSION = 1
MOST_BYTES = 100_000_000
"""As surefoot_policy.file has it."""
DIGITS = 64
US = 1_000_000
"""Periods are told apart by whole microseconds."""


def read_terms(path: Path, limits: Limits) -> PolicyTerms:
    """What the file promises; one for another robot, of another pace or out of bounds is refused."""
    data = _read(path)
    contract = _contract(path, data)
    _check_seal(path, data, contract.get("sha256"))
    _check_robot(path, contract, limits)
    _check_period(path, contract.get("control_dt_s"), limits.settings.timing.policy_period_s)
    return PolicyTerms(
        str(contract["sha256"]),
        _numbers(path, contract, ("gains", "kp_nm_per_rad"), limits),
        _numbers(path, contract, ("gains", "kd_nms_per_rad"), limits),
        _numbers(path, contract, ("joint_target_range_rad", "lower"), limits),
        _numbers(path, contract, ("joint_target_range_rad", "upper"), limits),
    )


def _contract(path: Path, data: bytes) -> dict[str, object]:
    """The one contract in it."""
    entries = [
        (list(byte_fields(entry, ENTRY_KEY)), list(byte_fields(entry, ENTRY_VALUE)))
        for entry in byte_fields(data, METADATA)
    ]
    texts = [values[0] for keys, values in entries if keys == [KEY] and len(values) == 1]
    if len(texts) != 1:
        raise _refused(path, f"{len(texts)} contracts in it, must be one")
    try:
        contract = json.loads(texts[0])
    except (ValueError, RecursionError):
        raise _refused(path, "its contract is no JSON") from None
    if not isinstance(contract, dict):
        raise _refused(path, "its contract is no JSON object")
    return contract


def _check_seal(path: Path, data: bytes, stated: object) -> None:
    """The digest is over the file with its own digits as zeros: surefoot_policy.seal."""
    if not (isinstance(stated, str) and len(stated) == DIGITS and stated.isascii()):
        raise _refused(path, f"sha256 is {stated!r:.80}, must be {DIGITS} digits")
    if hashlib.sha256(data.replace(stated.encode(), b"0" * DIGITS)).hexdigest() != stated:
        raise _refused(path, "its digest is not the one it states: it was damaged or changed")


def _check_robot(path: Path, contract: dict[str, object], limits: Limits) -> None:
    for name, expected in (
        ("version", VERSION),
        ("robot_hash", limits.robot_hash),
        ("joint_names", list(limits.joint_names)),
    ):
        if contract.get(name) != expected:
            raise _refused(path, f"{name} is {contract.get(name)!r:.80}, must be {expected!r:.80}")


def _check_period(path: Path, period_s: object, expected_s: float) -> None:
    """Deadlines are counted by the settings' period: another pace would be late for ever, or never."""
    if not (isinstance(period_s, float) and isfinite(period_s) and round(period_s * US) == round(expected_s * US)):
        raise SurefootError(
            f"{path}: the policy ticks every {period_s!r:.20} s, the safety settings expect {expected_s:g} s",
            hint="train it with that period, or set timing.policy_period_s in settings of your own (--settings FILE)",
        )


def _numbers(path: Path, contract: dict[str, object], names: tuple[str, str], limits: Limits) -> Floats:
    section, joints = contract.get(names[0]), len(limits.joint_names)
    values = section.get(names[1]) if isinstance(section, dict) else None
    numbers = tuple(float(value) for value in values if type(value) in (int, float)) if isinstance(values, list) else ()
    if not are_finite(numbers, joints):
        raise _refused(path, f"{'.'.join(names)} must be {joints} finite numbers")
    return numbers


def _read(path: Path) -> bytes:
    """A regular file's bytes, not more than a policy can have; a FIFO would keep the robot waiting."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refused(path, "no regular file")
            if status.st_size > MOST_BYTES:
                raise _refused(path, f"more than {MOST_BYTES:,} bytes")
            return file.read()
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error


def _refused(path: Path, why: str) -> SurefootError:
    return SurefootError(f"{path}: the supervisor refuses the policy: {why}", hint="see `surefoot verify FILE`")
