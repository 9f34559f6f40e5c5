"""What differs between two policies: what they say of themselves, their weights, and what they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_policy.checks import load_candidate
from surefoot_policy.contract import Contract
from surefoot_policy.graph import weights
from surefoot_policy.refusal import shown

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the contract, as both have it."""

    field: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class WeightChange:
    """A tensor of the graph that is not the same in both; numbers are None where shapes differ or one is missing."""

    name: str
    shape_a: tuple[int, ...] | None
    shape_b: tuple[int, ...] | None
    largest: float | None = None
    """Difference of any weight."""
    relative: float | None = None
    """Root mean square of the difference over that of A."""


@dataclass(frozen=True, slots=True)
class OutputChange:
    """Joint targets of both on A's golden observations, each from reset."""

    ticks: int
    largest_rad: tuple[float, ...]
    """Per joint, [J]."""
    rms_rad: tuple[float, ...]
    """Per joint, [J]."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All of it; `outputs` is None where the two cannot be fed the same, for the reason given."""

    identical: bool
    joint_names: tuple[str, ...]
    fields: tuple[FieldChange, ...]
    weights: tuple[WeightChange, ...]
    weights_compared: int
    same_graph: bool
    """Without the weights: the same nodes, inputs and outputs."""
    outputs: OutputChange | None
    not_comparable: str | None


def compare(path_a: Path, path_b: Path) -> Difference:
    """Load both, which must be in order, and compare."""
    # By their paths: most policies are called policy.onnx.
    a, b = (load_candidate(path, None, called=str(path)) for path in (path_a, path_b))
    model_a, model_b = a.known_model, b.known_model
    weights_a, weights_b = weights(model_a), weights(model_b)
    reason = _not_comparable(a.known_contract, b.known_contract)
    outputs = None
    if reason is None:
        seen = a.known_contract.golden.observation
        outputs = _outputs(a.known_policy.play(seen), b.known_policy.play(seen))
    return Difference(
        identical=a.data == b.data,
        joint_names=a.known_contract.joint_names,
        fields=tuple(_field_changes(_as_data(a.known_contract), _as_data(b.known_contract))),
        weights=tuple(sorted(_weight_changes(weights_a, weights_b), key=_by_size)),
        weights_compared=len(weights_a.keys() | weights_b.keys()),
        same_graph=_bare(model_a.graph) == _bare(model_b.graph),
        outputs=outputs,
        not_comparable=reason,
    )


def _bare(graph: object) -> bytes:
    """A graph without its weights."""
    import onnx

    assert isinstance(graph, onnx.GraphProto)
    copy = onnx.GraphProto()
    copy.CopyFrom(graph)
    del copy.initializer[:]
    return bytes(copy.SerializeToString(deterministic=True))


def _as_data(contract: Contract) -> dict[str, object]:
    """The contract as JSON, its terms and states by name instead of in a list."""
    data: dict[str, object] = json.loads(contract.to_json())
    data["observation"] = {
        entry.term: {"size": entry.size, **({"grid": asdict(entry.grid)} if entry.grid else {})}
        for entry in contract.observation
    }
    data["state"] = {
        entry.name: {"shape": list(entry.shape), "initial": entry.initial_value().tolist()} for entry in contract.state
    }
    return data


def _field_changes(a: object, b: object, path: str = "") -> Iterator[FieldChange]:
    """Field by field; long lists of numbers as one."""
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            inner = f"{path}.{key}" if path else str(key)
            if key in a and key in b:
                yield from _field_changes(a[key], b[key], inner)
            else:
                yield FieldChange(inner, "there" if key in a else "absent", "there" if key in b else "absent")
        return
    numbers_a, numbers_b = _numbers(a), _numbers(b)
    if numbers_a is None or numbers_b is None or numbers_a.size < 4:
        yield FieldChange(path, shown(a), shown(b))
    elif numbers_a.shape == numbers_b.shape:
        largest = float(np.abs(numbers_a - numbers_b).max())
        yield FieldChange(path, _size(numbers_a), f"{_size(numbers_b)}, different by up to {largest:.3g}")
    else:
        yield FieldChange(path, _size(numbers_a), _size(numbers_b))


def _numbers(value: object) -> Numbers | None:
    if not isinstance(value, list):
        return None
    try:
        return np.array(value, dtype=np.float64)
    except (ValueError, TypeError):
        return None


def _size(numbers: Numbers) -> str:
    return f"{' x '.join(map(str, numbers.shape))} numbers"


def _weight_changes(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> Iterator[WeightChange]:
    for name in dict.fromkeys([*a, *b]):
        in_a, in_b = a.get(name), b.get(name)
        if in_a is None or in_b is None or in_a.shape != in_b.shape:
            yield WeightChange(name, None if in_a is None else in_a.shape, None if in_b is None else in_b.shape)
        elif in_a.dtype != in_b.dtype or not np.array_equal(in_a, in_b):
            yield _weight_change(name, in_a, in_b)


def _by_size(change: WeightChange) -> tuple[bool, float]:
    """Tensors of both first, the most different before the others; then those of another shape or missing."""
    return change.largest is None, -(change.relative or 0.0)


def _weight_change(name: str, a: np.ndarray, b: np.ndarray) -> WeightChange:
    difference, size = a.astype(np.float64) - b.astype(np.float64), float(np.sqrt(np.mean(a.astype(np.float64) ** 2)))
    rms = float(np.sqrt(np.mean(difference**2)))
    return WeightChange(
        name, a.shape, b.shape, largest=float(np.abs(difference).max()), relative=rms / size if size else None
    )


def _not_comparable(a: Contract, b: Contract) -> str | None:
    if a.observation != b.observation:
        return "they observe different terms"
    if a.joint_names != b.joint_names:
        return "they drive different joints, or in another order"
    return None


def _outputs(a: np.ndarray, b: np.ndarray) -> OutputChange:
    off = np.abs(a.astype(np.float64) - b)
    return OutputChange(len(a), tuple(off.max(axis=0).tolist()), tuple(np.sqrt((off**2).mean(axis=0)).tolist()))
