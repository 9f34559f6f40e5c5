"""Whether a graph's inputs and outputs are those that its contract promises."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import onnx

from surefoot_policy.contract import (
    ESTIMATE_PREFIX,
    JOINT_TARGET,
    MOST_STATE_AXES,
    MOST_STATE_VALUES,
    MOST_STATES,
    NAME,
    NEXT_SUFFIX,
    OBSERVATION,
    STATE_PREFIX,
    Contract,
)
from surefoot_policy.refusal import PolicyError, shown

KNOWN_ESTIMATES = {"velocity_in_base": (3,)}
"""Estimates whose meaning the contract fixes; others may be there, for logs."""

_WAY_OUT = "the file was put together by hand or by another version: export the policy again with `surefoot export`"


def check_signature(model: onnx.ModelProto, contract: Contract) -> None:
    """Names, data types and shapes; one free axis, the first, and the same everywhere."""
    _check_names_once("input", model.graph.input)
    _check_names_once("output", model.graph.output)
    states = {f"{STATE_PREFIX}{entry.name}": entry.shape for entry in contract.state}
    following = {f"{name}{NEXT_SUFFIX}": shape for name, shape in states.items()}
    inputs = {OBSERVATION: (contract.observation_size,), **states}
    outputs = {JOINT_TARGET: (contract.joints,), **following}
    _check_values("input", model.graph.input, inputs)
    estimates = [value for value in model.graph.output if value.name.startswith(ESTIMATE_PREFIX)]
    _check_values("output", [value for value in model.graph.output if value not in estimates], outputs)
    if len(estimates) > MOST_STATES:
        raise PolicyError(
            "graph.output", found=f"{len(estimates)} estimates", expected=f"at most {MOST_STATES}", hint=_WAY_OUT
        )
    for value in estimates:
        _check_estimate(value)
    batches = {_batch_axis(value) for value in (*model.graph.input, *model.graph.output)}
    if len(batches) > 1:
        raise PolicyError(
            "graph",
            found=f"free axes called {shown(sorted(batches))}",
            expected="one, the same everywhere",
            hint=_WAY_OUT,
        )


def estimate_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """What the policy tells besides joint targets, without the batch; of a model that has been checked."""
    return {
        value.name.removeprefix(ESTIMATE_PREFIX): _fixed_axes(value)
        for value in model.graph.output
        if value.name.startswith(ESTIMATE_PREFIX)
    }


def _check_names_once(kind: str, values: Iterable[onnx.ValueInfoProto]) -> None:
    names = Counter(value.name for value in values)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise PolicyError(f"graph.{kind}", found=f"{shown(twice[0])} twice", expected="each name once", hint=_WAY_OUT)


def _check_values(kind: str, values: Iterable[onnx.ValueInfoProto], expected: dict[str, tuple[int, ...]]) -> None:
    found = {value.name: value for value in values}
    for name in expected:
        if name not in found:
            raise PolicyError(
                f"graph.{kind}", found=f"no {name} among {shown(list(found))}", expected=name, hint=_WAY_OUT
            )
    for name, value in found.items():
        if name not in expected:
            raise PolicyError(
                f"graph.{kind}",
                found=f"{shown(name)}, unknown to the contract",
                expected=", ".join(expected),
                hint=_WAY_OUT,
            )
        _check_shape(f"graph.{kind} {name}", value, expected[name])


def _check_estimate(value: onnx.ValueInfoProto) -> None:
    where, name = f"graph.output {shown(value.name)}", value.name.removeprefix(ESTIMATE_PREFIX)
    if not NAME.fullmatch(name):
        raise PolicyError(where, found=shown(name), expected="letters, digits and _ after 'estimate.'", hint=_WAY_OUT)
    axes = _fixed_axes(value)
    if len(axes) > MOST_STATE_AXES or min(axes, default=1) < 1 or math.prod(axes) > MOST_STATE_VALUES:
        raise PolicyError(
            where,
            found=f"shape {shown(['batch', *axes])}",
            expected=f"fixed axes, at most {MOST_STATE_AXES}",
            hint=_WAY_OUT,
        )
    _check_shape(where, value, KNOWN_ESTIMATES.get(name, axes))


def _check_shape(where: str, value: onnx.ValueInfoProto, expected: tuple[int, ...]) -> None:
    kind = value.type.tensor_type.elem_type if value.type.HasField("tensor_type") else None
    if kind != onnx.TensorProto.FLOAT:
        raise PolicyError(where, found=_kind_said(kind), expected="a tensor of FLOAT (float32)", hint=_WAY_OUT)
    axes = [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
    if not axes or not isinstance(axes[0], str) or tuple(axes[1:]) != expected:
        raise PolicyError(
            where, found=f"shape {shown(axes)}", expected=f"{['batch', *expected]}, by the contract", hint=_WAY_OUT
        )


def _kind_said(kind: int | None) -> str:
    if kind is None:
        return "no tensor"
    known = kind in onnx.TensorProto.DataType.values()
    return onnx.TensorProto.DataType.Name(kind) if known else f"data type {kind}"


def _fixed_axes(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """All axes but the first, 0 for a free one, which no shape may have."""
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])


def _batch_axis(value: onnx.ValueInfoProto) -> str:
    return str(value.type.tensor_type.shape.dim[0].dim_param)
