"""Whatever is done to a policy file: it is refused in words, or it does what it did before."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_policy import resealed, robot, toy_file, toy_golden, toy_observations

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
