"""Whatever is done to a policy file: it is refused in words, or it does what it did before."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_policy import resealed, robot, toy_file, toy_golden, toy_observations

from surefoot.cli import main
from surefoot_policy.checks import Candidate, verify
from surefoot_policy.contract import Contract
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy

FILE = toy_file()
OBSERVATIONS = toy_observations()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("policy") / "policy.onnx"


@pytest.fixture(scope="module")
def targets(place) -> bytes:
    place.write_bytes(FILE)
    return Policy.load(place, robot()).play(OBSERVATIONS).tobytes()


def load(place: Path, data: bytes) -> Policy | None:
    """None if it is refused, as it should be."""
    place.write_bytes(data)
    try:
        return Policy.load(place, robot())
    except PolicyError as error:
        refused = error
    assert refused.hint
    assert refused.message.isprintable()
    assert len(refused.message) < 1500
    return None


@settings(max_examples=150)
@given(where=st.integers(0, len(FILE) - 1), flip=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(place, targets, where, flip):
    data = bytearray(FILE)
    data[where] ^= flip
    policy = load(place, bytes(data))
    assert policy is None or policy.play(OBSERVATIONS).tobytes() == targets


def test_a_changed_byte_in_each_part_of_the_file_is_refused(place):
    """Not by chance: the first and last bytes, and some hundred between them."""
    for where in (0, 1, len(FILE) - 1, *range(2, len(FILE), len(FILE) // 150)):
        data = bytearray(FILE)
        data[where] ^= 1
        assert load(place, bytes(data)) is None


@settings(max_examples=100)
@given(length=st.integers(0, len(FILE) - 1))
def test_a_file_cut_off_anywhere_is_refused(place, length):
    assert load(place, FILE[:length]) is None


@settings(max_examples=100)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\x08\x0a", FILE[:40], FILE]))
def test_bytes_put_together_at_random_are_refused(place, garbage, before):
    if garbage:
        assert load(place, before + garbage) is None


@settings(max_examples=60)
@given(st.data())
def test_a_graph_changed_and_sealed_again_never_does_worse_than_be_refused(place, data):
    """By somebody who knows how to seal: the rest of the checks are on their own, and so is onnxruntime."""
    nodes = sum(node.ByteSize() + 3 for node in onnx.ModelProto.FromString(FILE).graph.node)
    changes = data.draw(st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(1, 255)), min_size=1, max_size=3))

    def edit(model: onnx.ModelProto) -> None:
        graph = bytearray(model.graph.SerializeToString())
        for where, flip in changes:
            graph[where] ^= flip
        try:
            changed = onnx.GraphProto.FromString(bytes(graph))
        except Exception:  # no protobuf any more: the other tests' matter
            return
        model.graph.CopyFrom(changed)

    policy = load(place, resealed(edit))
    if policy is not None:
        off = np.abs(policy.play(OBSERVATIONS) - toy_golden().joint_target)
        assert off.max() <= toy_golden().tolerance_rad


INTEGERS = [-(2**63), -1, 0, 1, 2, 3, 7, 17, 2**31 - 1, 2**62]
TEXTS = ["", "batch", "observation", "joint_target", "If", "weights.bin", "../..", "\x1b[2J", "\u202e", "x" * 100_000]


EDITS = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=2)
"""Which of all fields, what happens to it, which value."""


def places(message: Message) -> Iterator[tuple[Message, FieldDescriptor]]:
    """Every field that is there or could be."""
    for field in message.DESCRIPTOR.fields:
        yield message, field
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner in value if field.is_repeated else [value]:
                yield from places(inner)


def value_of(field: FieldDescriptor, which: int) -> object:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_ENUM:
            return field.enum_type.values[which % len(field.enum_type.values)].number
        case FieldDescriptor.CPPTYPE_FLOAT | FieldDescriptor.CPPTYPE_DOUBLE:
            return [0.0, float("nan"), float("inf"), 1e30][which % 4]
        case FieldDescriptor.CPPTYPE_STRING:
            text = TEXTS[which % len(TEXTS)]
            return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    number = INTEGERS[which % len(INTEGERS)]
    if field.cpp_type == FieldDescriptor.CPPTYPE_INT32:
        return number % 2**31
    return abs(number) if field.cpp_type == FieldDescriptor.CPPTYPE_UINT64 else number


def change(message: Message, field: FieldDescriptor, how: int, which: int) -> None:
    if how == 0:
        message.ClearField(field.name)
    elif field.is_repeated:
        values = getattr(message, field.name)
        if how == 1 and len(values):
            del values[which % len(values)]
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            values.append(values[which % len(values)] if how == 2 and len(values) else values.add())
        else:
            values.extend([value_of(field, which)] * (2000 if how == 3 else 1))
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, value_of(field, which))


@settings(max_examples=120)
@given(EDITS)
def test_any_field_of_any_message_is_in_order_or_refused_by_verify_and_inspect_too(place, changes):
    def edit(model: onnx.ModelProto) -> None:
        for where, how, which in changes:
            # By kind first: nearly all fields are those of the many nodes.
            kinds: dict[tuple[str, str], list[tuple[Message, FieldDescriptor]]] = {}
            for message, field in places(model):
                kinds.setdefault((message.DESCRIPTOR.name, field.name), []).append((message, field))
            of_kind = kinds[sorted(kinds)[where % len(kinds)]]
            change(*of_kind[where // len(kinds) % len(of_kind)], how, which)

    try:
        data = resealed(edit)
    except (StopIteration, PolicyError):  # the contract is gone, or its digest
        return
    load(place, data)
    failures = [outcome.failure for outcome in verify(Candidate(place, robot())) if outcome.failure]
    assert all(failure.message.isprintable() and len(failure.message) < 1500 for failure in failures)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        assert main(["inspect", str(place)]) in {0, 2}
    assert len(printed.getvalue()) < 20_000
    assert "\x1b" not in printed.getvalue()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=300)
@given(st.data(), json_values)
def test_any_value_in_any_field_is_read_or_refused(data, value):
    contract = json.loads(toy_contract_text())
    place, key = contract, data.draw(st.sampled_from(sorted(contract)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        keys = sorted(place) if isinstance(place, dict) else range(min(len(place), 3))
        key = data.draw(st.sampled_from(list(keys)))
    place[key] = value
    try:
        read = Contract.from_json(json.dumps(contract))
    except PolicyError as error:
        refused = error
    else:
        assert Contract.from_json(read.to_json()) == read
        return
    assert refused.field.startswith("contract")
    assert refused.message.isprintable()


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(PolicyError):
        Contract.from_json(text)


def toy_contract_text() -> str:
    return next(entry.value for entry in onnx.ModelProto.FromString(FILE).metadata_props)
