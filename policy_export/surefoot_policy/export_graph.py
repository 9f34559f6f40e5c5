"""From a torch module to the contract's ONNX graph.

`torch.export` and the exporter built on it, not the older one that traces: torch 2.9 deprecated that, and it takes the
batch for a constant wherever Python looked at it, without a word. What this one cannot keep free, it refuses.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from surefoot_policy.export_module import Flat
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    import onnx

OPSET = 18
"""What torch's exporter writes by itself (another would be a conversion on top); the contract asks for 17 or later."""

BATCH = "batch"
_EXAMPLES = 2  # of 1, torch.export would make a constant


def to_graph(flat: Flat) -> onnx.ModelProto:
    """The graph of `flat` without anything that it does not need, the same bytes every time."""
    program = _program(flat)
    with _quiet():
        import onnx_ir
        from onnx_ir.passes import common

        exported = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=flat.input_names,
            output_names=flat.output_names,
            external_data=False,
            verbose=False,
        )
        assert exported is not None
        model = exported.model
        common.RemoveUnusedNodesPass()(model)
        # They hold the source lines and folders of whoever exported.
        common.ClearMetadataAndDocStringPass()(model)
        proto: onnx.ModelProto = onnx_ir.serde.serialize_model(model)
    _name_batch(proto)
    del proto.graph.value_info[:]  # shapes in between, which every runtime infers
    return proto


def _program(flat: Flat) -> torch.export.ExportedProgram:
    batch = torch.export.Dim(BATCH, min=1)
    inputs = flat.example(_EXAMPLES)
    shapes = ({0: batch}, tuple({0: batch} for _ in inputs[1:]))
    try:
        with _quiet(), torch.inference_mode():
            return torch.export.export(flat, inputs, dynamic_shapes=shapes, strict=False)
    except Exception as error:  # torch raises many kinds, from places all over
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise SurefootError(
            f"the policy cannot be turned into a graph: {reason}",
            hint="keep its forward to tensor operations of torch, without choices by Python, for any batch",
        ) from error


def _name_batch(proto: onnx.ModelProto) -> None:
    """The only free dimension, whatever torch has called it."""
    for value in (*proto.graph.input, *proto.graph.output):
        first, *others = value.type.tensor_type.shape.dim
        if not first.dim_param or any(dim.dim_param for dim in others):
            sizes = [dim.dim_param or dim.dim_value for dim in (first, *others)]
            raise SurefootError(
                f"{value.name} has shape {sizes}: its first dimension has to be free, and no other",
                hint="keep the policy's forward free of the batch's size",
            )
        first.dim_param = BATCH


@contextmanager
def _quiet() -> Iterator[None]:
    """Torch speaks of its own inner deprecations, and of packages that nobody needs here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
