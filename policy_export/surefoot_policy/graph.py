"""What may be in a policy's graph: it must be whole, bounded, deterministic, and need nothing but the file itself.

The runtime would take more: weights from files beside it, operators from libraries, loops without end, random numbers.
A policy comes from somewhere else and runs at the heart of a robot; here is the list of what is not needed there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError, said, shown

OLDEST_OPSET = 17  # contract.md
NEWEST_OPSET = 26  # of onnxruntime 1.31, which only warns about newer ones
MOST_NODES = 10_000
MOST_AXES = 8
"""Of a tensor: the product of thousands of axes is a number that takes minutes, and that Python refuses to print."""
STANDARD_DOMAINS = ("", "ai.onnx")

UNBOUNDED = frozenset({"If", "Loop", "Scan", "SequenceMap"})
RANDOM = frozenset(
    {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)

FLOAT_KINDS = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16})
WEIGHT_KINDS = FLOAT_KINDS | frozenset(
    {
        TensorProto.BOOL,
        TensorProto.INT8,
        TensorProto.INT16,
        TensorProto.INT32,
        TensorProto.INT64,
        TensorProto.UINT8,
        TensorProto.UINT16,
        TensorProto.UINT32,
        TensorProto.UINT64,
    }
)


def check_operators(model: onnx.ModelProto) -> None:
    """Standard operators of a version that is known, no control flow, no functions, no randomness."""
    opset = _opset(model)
    for what, parts in (
        ("functions", model.functions),
        ("training_info", model.training_info),
        ("configuration", model.configuration),
        ("graph.sparse_initializer", model.graph.sparse_initializer),
        ("graph.quantization_annotation", model.graph.quantization_annotation),
    ):
        if len(parts):
            raise PolicyError(what, found=f"{len(parts)} entries", expected="none", hint=HINT)
    if len(model.graph.node) > MOST_NODES:
        raise PolicyError(
            "graph.node", found=f"{len(model.graph.node)} nodes", expected=f"at most {MOST_NODES}", hint=HINT
        )
    for index, node in enumerate(model.graph.node):
        _check_node(node, f"graph.node[{index}]", opset)
    _check_names(model.graph)


def check_weights(model: onnx.ModelProto) -> None:
    """Every number in the graph is in the file, finite, and of a kind that networks are made of."""
    for where, tensor in tensors(model.graph):
        _check_storage(where, tensor)
        if tensor.data_type in FLOAT_KINDS:
            _check_finite(where, to_array(where, tensor))
    for index, node in enumerate(model.graph.node):
        for attribute in node.attribute:
            numbers = np.array([attribute.f, *attribute.floats], np.float64)
            _check_finite(f"graph.node[{index}] ({shown(node.op_type)}) attribute {shown(attribute.name)}", numbers)


def tensors(graph: onnx.GraphProto) -> Iterator[tuple[str, TensorProto]]:
    """Every tensor stored in the graph, with the place it stands at."""
    for tensor in graph.initializer:
        yield f"weights {shown(tensor.name)}", tensor
    for index, node in enumerate(graph.node):
        for attribute in node.attribute:
            where = f"graph.node[{index}] ({shown(node.op_type)}) attribute {shown(attribute.name)}"
            if attribute.HasField("t"):
                yield where, attribute.t
            for tensor in attribute.tensors:
                yield where, tensor


def to_array(where: str, tensor: TensorProto) -> np.ndarray:
    """The values of a tensor that is known to be in the file."""
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise PolicyError(
            where, found=f"values that do not fit its shape ({said(error)})", expected="a tensor", hint=HINT
        ) from None


def weight_count(model: onnx.ModelProto) -> int:
    """Of all named weights, by their shapes; also of a model that has not been checked."""
    return sum(math.prod(tensor.dims) for tensor in model.graph.initializer if len(tensor.dims) <= MOST_AXES)


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """The named weights; of a model that has been checked."""
    return {tensor.name: to_array(tensor.name, tensor) for tensor in model.graph.initializer}


def _opset(model: onnx.ModelProto) -> int:
    """The version of the standard operators, the only ones that may be asked for."""
    for entry in model.opset_import:
        if entry.domain not in STANDARD_DOMAINS:
            raise _custom("opset_import", entry.domain)
    versions: list[int] = [entry.version for entry in model.opset_import]
    if len(versions) != 1 or not OLDEST_OPSET <= versions[0] <= NEWEST_OPSET:
        raise PolicyError(
            "opset_import",
            found=", ".join(map(str, versions[:5])) + (", ..." if len(versions) > 5 else ""),
            expected=f"one version from {OLDEST_OPSET} to {NEWEST_OPSET}",
            hint="export with another opset, or run it with a newer surefoot",
        )
    return versions[0]


def _check_node(node: onnx.NodeProto, where: str, opset: int) -> None:
    where = f"{where} ({shown(node.op_type)})"
    if node.domain not in STANDARD_DOMAINS:
        raise _custom(where, node.domain)
    if not _is_standard(node.op_type, opset):
        raise PolicyError(
            where,
            found=f"an operator that opset {opset} does not have",
            expected="standard ONNX operators only",
            hint="nothing is loaded from beside the file: write it with standard operators",
        )
    if node.op_type in UNBOUNDED or any(_has_subgraph(attribute) for attribute in node.attribute):
        raise PolicyError(
            where,
            found="a graph inside the graph",
            expected="no control flow: a tick must always take the same time",
            hint="write the choice as Where, and unroll loops",
        )
    if node.op_type in RANDOM:
        raise PolicyError(
            where,
            found="an operator that draws random numbers",
            expected="the same output for the same input",
            hint="export the network in evaluation mode, with the likeliest action",
        )
    for attribute in node.attribute:
        if attribute.ref_attr_name or attribute.HasField("sparse_tensor") or len(attribute.sparse_tensors):
            raise PolicyError(
                f"{where} attribute {shown(attribute.name)}",
                found="a reference or a sparse tensor",
                expected="a plain value",
                hint=HINT,
            )


def _is_standard(operator: str, opset: int) -> bool:
    try:
        schema = onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        return False
    return not schema.deprecated


def _has_subgraph(attribute: AttributeProto) -> bool:
    return (
        attribute.HasField("g")
        or len(attribute.graphs) > 0
        or attribute.type in {AttributeProto.GRAPH, AttributeProto.GRAPHS}
    )


def _custom(where: str, domain: str) -> PolicyError:
    return PolicyError(
        where,
        found=f"operators of the domain {shown(domain)}",
        expected="standard ONNX operators only (domain '' or 'ai.onnx')",
        hint="nothing is loaded from beside the file: write it with standard operators",
    )


def _check_names(graph: onnx.GraphProto) -> None:
    """Each value is made once: a name given twice would mean one thing here and another in the runtime."""
    seen: set[str] = set()
    made = [
        *(value.name for value in graph.input),
        *(tensor.name for tensor in graph.initializer),
        *(name for node in graph.node for name in node.output if name),
    ]
    for name in made:
        if name in seen or not name:
            raise PolicyError(
                "graph", found=f"{shown(name)} made twice or without a name", expected="each value once", hint=HINT
            )
        seen.add(name)


def _check_storage(where: str, tensor: TensorProto) -> None:
    """The values are here, as many as the shape says, before anything is allocated by what the shape says."""
    if tensor.data_location != TensorProto.DEFAULT or len(tensor.external_data):
        places = {entry.key: entry.value for entry in tensor.external_data}
        raise PolicyError(
            where,
            found=f"values outside the file, {shown(places)}",
            expected="all values in the file: nothing is loaded from beside it",
            hint="export with all data in one file (`external_data=False`)",
        )
    if tensor.data_type not in WEIGHT_KINDS:
        raise PolicyError(
            where,
            found=f"data type {tensor.data_type}",
            expected=f"one of {', '.join(sorted(TensorProto.DataType.Name(kind) for kind in WEIGHT_KINDS))}",
            hint=HINT,
        )
    if tensor.HasField("segment"):
        raise PolicyError(where, found="a segment of a tensor", expected="a whole tensor", hint=HINT)
    if len(tensor.dims) > MOST_AXES:
        raise PolicyError(where, found=f"{len(tensor.dims)} axes", expected=f"at most {MOST_AXES}", hint=HINT)
    size = math.prod(tensor.dims)
    bytes_each = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    stored = [
        len(getattr(tensor, name))
        for name in ("float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data")
    ]
    fits = not any(stored) if tensor.HasField("raw_data") else sum(stored) == size
    if (
        min(tensor.dims, default=0) < 0
        or not fits
        or (tensor.HasField("raw_data") and len(tensor.raw_data) != size * bytes_each)
    ):
        raise PolicyError(
            where,
            found=f"shape {list(tensor.dims)} with {len(tensor.raw_data)} bytes and {sum(stored)} values",
            expected=f"{size} values",
            hint=HINT,
        )


def _check_finite(where: str, values: np.ndarray) -> None:
    bad = values[~np.isfinite(values)].ravel()
    if len(bad):
        raise PolicyError(
            where,
            found=f"{len(bad)} of {values.size} numbers that are not finite, the first {bad[0]}",
            expected="finite numbers",
            hint="the training has diverged: export an earlier checkpoint",
        )
