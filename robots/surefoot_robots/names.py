"""Mapping between joint orders, by name. Orders differ between SDKs, URDFs and simulators, even within one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.errors import SurefootError

IntArray: TypeAlias = NDArray[np.intp]

UNITREE_SDK_JOINT_NAMES = tuple(
    f"{leg}_{role}_joint" for leg in ("FR", "FL", "RR", "RL") for role in ("hip", "thigh", "calf")
)
"""The first twelve motors of Unitree's LowCmd and LowState (unitreerobotics/unitree_ros2, unitree_sdk2)."""


def permutation(from_names: Sequence[str], to_names: Sequence[str]) -> IntArray:
    """Which value goes where, [n]: indexing the last axis of values in one order by it gives the other order."""
    problems = [
        *_duplicates("the names mapped from", from_names),
        *_duplicates("the names mapped to", to_names),
        *_absent("missing", to_names, from_names),
        *_absent("unknown", from_names, to_names),
    ]
    if problems:
        raise SurefootError(f"names do not match: {'; '.join(problems)}", hint=f"expected: {', '.join(to_names)}")
    place = {name: index for index, name in enumerate(from_names)}
    return np.array([place[name] for name in to_names], dtype=np.intp)


def _duplicates(where: str, names: Sequence[str]) -> list[str]:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    return [f"twice in {where}: {', '.join(twice)}"] if twice else []


def _absent(word: str, names: Sequence[str], where: Sequence[str]) -> list[str]:
    absent = [name for name in dict.fromkeys(names) if name not in where]
    return [f"{word}: {', '.join(absent)}"] if absent else []
