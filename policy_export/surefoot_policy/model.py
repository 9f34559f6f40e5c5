"""From bytes to an ONNX model: parsed by the format's own parser, nothing in it that the parser does not know."""

from __future__ import annotations

import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from surefoot_policy.contract import METADATA_KEY, UNSEALED, Contract
from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError, shown
from surefoot_policy.seal import seal
from surefoot_policy.wire import bytes_missing, count_fields

MOST_FIELDS = 500_000
"""An empty node takes two bytes in a file and a hundred and fifty times as much in memory, some 15 GB of a file of the
largest size. Our largest policies have thousands of fields; weights count as one, however many."""

ZIP = b"PK\x03\x04"
FIRST_FIELD = b"\x08"  # ir_version, with which every known writer begins


def parse_model(data: bytes) -> onnx.ModelProto:
    """The model; files that are cut off are told from files that are something else."""
    fields = count_fields(data, onnx.ModelProto.DESCRIPTOR, MOST_FIELDS)
    if fields > MOST_FIELDS:
        raise PolicyError("file", found=f"more than {MOST_FIELDS:,} fields", expected="a policy's graph", hint=HINT)
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise _not_a_model(data) from None
    there = {"version": model.ir_version, "graph": model.HasField("graph"), "opset": len(model.opset_import)}
    if not all(there.values()):
        raise _not_a_model(data, lacks=" and ".join(name for name, is_there in there.items() if not is_there))
    # A field unknown here may mean something to another version of the runtime.
    known = onnx.ModelProto()
    known.CopyFrom(model)
    known.DiscardUnknownFields()
    if known.ByteSize() != model.ByteSize():
        raise PolicyError(
            "file",
            found=f"{model.ByteSize() - known.ByteSize()} bytes of fields that ONNX {onnx.__version__} does not know",
            expected="none",
            hint=HINT,
        )
    _check_texts(model, "model")
    return model


def contract_text(model: onnx.ModelProto) -> str:
    """The contract's JSON, of which there must be one."""
    keys = [entry.key for entry in model.metadata_props]
    if keys.count(METADATA_KEY) != 1:
        found = f"{keys.count(METADATA_KEY)} of it among {shown(keys)}" if keys else "no metadata at all"
        raise PolicyError(
            f"metadata {METADATA_KEY!r}",
            found=found,
            expected="one policy contract",
            hint="this is a network without a contract: export it with `surefoot export`, "
            "or see docs/policies.md for policies from elsewhere",
        )
    text: str = model.metadata_props[keys.index(METADATA_KEY)].value
    return text


def policy_file(graph: onnx.ModelProto, contract: Contract) -> bytes:
    """The bytes of a policy file: the graph, no metadata but the contract, sealed; the same bytes every time."""
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=contract.with_digest(UNSEALED).to_json())
    return seal(model.SerializeToString(deterministic=True))


def _check_texts(message: Message, where: str) -> None:
    """All texts are UTF-8: protobuf hands others out as bytes, which no name can be compared with."""
    for field, value in message.ListFields():
        items = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_STRING:
            for item in items:
                if not isinstance(item, str):
                    raise PolicyError(f"{where}.{field.name}", found=shown(item), expected="a text in UTF-8", hint=HINT)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for item in items:
                _check_texts(item, f"{where}.{field.name}")


def _not_a_model(data: bytes, *, lacks: str = "") -> PolicyError:
    """`lacks`: the parts that every model has, of data that could be parsed."""
    missing = bytes_missing(data) if data.startswith(FIRST_FIELD) else 0
    if missing or (lacks and data.startswith(FIRST_FIELD)):
        rest = f"{missing:,} are missing at least" if missing else f"without {lacks}"
        found = f"a file that is cut off: {len(data):,} bytes, {rest}"
        return PolicyError("file", found=found, expected="a whole ONNX model", hint="copy or export it again")
    if data.startswith(ZIP):
        found = "a ZIP archive, as TorchScript and checkpoints are"
        hint = "give the path of a policy.onnx: `surefoot export RUN` writes one"
        return PolicyError("file", found=found, expected="an ONNX model", hint=hint)
    return PolicyError(
        "file",
        found=f"{len(data):,} bytes beginning with {shown(data[:8])}" if data else "no bytes",
        expected="an ONNX model",
        hint="give the path of a policy.onnx, as `surefoot export` writes it",
    )
