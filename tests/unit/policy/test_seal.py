import hashlib
import json

import onnx
import pytest
from toy_policy import toy_contract, toy_file, toy_graph

from surefoot_policy.contract import UNSEALED, Contract
from surefoot_policy.model import contract_text, parse_model, policy_file
from surefoot_policy.refusal import PolicyError
from surefoot_policy.seal import check_seal, digest, seal


def stated() -> str:
    return json.loads(contract_text(parse_model(toy_file())))["sha256"]


def test_the_digest_takes_one_line_and_no_parser():
    data = toy_file().replace(stated().encode(), b"0" * 64)
    assert hashlib.sha256(data).hexdigest() == stated()


def test_the_seal_of_known_bytes():
    # printf '{"sha256":"%064d"}' 0 | sha256sum
    known = "2827b82d5d864b615b237ca45cf8a10fc5c14a1b73ba5bb8b358dddefc8e9f8c"
    data = b'{"sha256":"' + b"0" * 64 + b'"}'
    assert digest(data, UNSEALED) == known
    assert seal(data) == b'{"sha256":"' + known.encode() + b'"}'
    check_seal(seal(data), known)


def test_the_same_graph_and_contract_give_the_same_bytes():
    assert policy_file(toy_graph(), toy_contract()) == toy_file()


def test_a_digest_that_was_there_before_is_replaced_by_that_of_the_file():
    """A contract read from one file may be written into another."""
    contract = Contract.from_json(contract_text(parse_model(toy_file())))
    assert contract.sha256 != UNSEALED
    assert policy_file(toy_graph(), contract) == toy_file()


def test_other_metadata_does_not_come_along():
    graph = toy_graph()
    graph.metadata_props.add(key="author", value="somebody")
    model = onnx.ModelProto.FromString(policy_file(graph, toy_contract()))
    assert [entry.key for entry in model.metadata_props] == ["surefoot.contract"]


def test_a_file_without_the_digest_cannot_be_checked():
    with pytest.raises(PolicyError, match="0 times in the file"):
        check_seal(b"nothing", "a" * 64)
