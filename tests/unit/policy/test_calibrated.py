"""Policies that were trained for one robot as it was measured."""

import json
from dataclasses import replace

import pytest
from toy_policy import robot, toy_contract, toy_file, toy_graph

from surefoot_policy.calibrated import calibration_warning
from surefoot_policy.checks import Candidate, verify
from surefoot_policy.contract import CalibrationId, Contract
from surefoot_policy.model import policy_file
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_robots.calibration import Calibration

MINE, ANOTHER = "1" * 64, "2" * 64


def trained_with(sha256: str | None) -> Contract:
    known = CalibrationId("calibration.yaml", sha256) if sha256 else None
    contract = toy_contract()
    return replace(contract, trained_with=replace(contract.trained_with, calibration=known))


def at_hand(sha256: str) -> Calibration:
    return Calibration("mine.yaml", sha256, "go2", "0" * 64, "in-air", ())


def test_a_contract_says_which():
    text = trained_with(MINE).to_json()
    assert json.loads(text)["trained_with"]["calibration"] == {"name": "calibration.yaml", "sha256": MINE}
    assert Contract.from_json(text) == trained_with(MINE)


def test_without_one_contracts_are_what_they_were():
    text = trained_with(None).to_json()
    assert "calibration" not in text
    assert Contract.from_json(text).trained_with.calibration is None


@pytest.mark.parametrize(
    ("value", "field", "found"),
    [
        (None, "contract.trained_with.calibration", "None"),
        ({"name": "x"}, "contract.trained_with.calibration.sha256", "nothing"),
        ({"name": "", "sha256": MINE}, "contract.trained_with.calibration.name", "''"),
        ({"name": "x", "sha256": "12"}, "contract.trained_with.calibration.sha256", "'12'"),
        ({"name": "x", "sha256": MINE, "more": 1}, "contract.trained_with.calibration", "the unknown key 'more'"),
    ],
)
def test_one_that_is_none_is_refused(value, field, found):
    data = json.loads(toy_contract().to_json())
    data["trained_with"]["calibration"] = value
    with pytest.raises(PolicyError) as refused:
        Contract.from_json(json.dumps(data))
    assert refused.value.field == field
    assert found in refused.value.found


def outcome(path, data: bytes, calibration: Calibration | None):
    path.write_bytes(data)
    found = {one.check.name: one for one in verify(Candidate(path, robot(), calibration=calibration))}
    return found.get("calibration")


def test_verify(tmp_path):
    file, data = tmp_path / "policy.onnx", policy_file(toy_graph(), trained_with(MINE))
    assert outcome(file, data, at_hand(MINE)).word == "ok"
    failure = outcome(file, data, at_hand(ANOTHER)).failure
    assert failure.field == "contract.trained_with.calibration"
    assert failure.found == f"calibration.yaml (sha256 {MINE[:12]})"
    assert f"mine.yaml (sha256 {ANOTHER[:12]})" in failure.expected
    assert outcome(file, data, None).word == "not checked"


def test_verify_of_a_policy_for_any_robot(tmp_path):
    assert outcome(tmp_path / "policy.onnx", toy_file(), None) is None
    assert outcome(tmp_path / "policy.onnx", toy_file(), at_hand(MINE)).failure.found == "none"
    network = toy_graph().SerializeToString()
    assert outcome(tmp_path / "policy.onnx", network, at_hand(MINE)).word == "not checked"
    assert outcome(tmp_path / "policy.onnx", network, None) is None


def test_another_one_is_no_reason_not_to_load_it(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(policy_file(toy_graph(), trained_with(MINE)))
    assert Policy.load(tmp_path / "policy.onnx", robot()).contract.trained_with.calibration.sha256 == MINE


@pytest.mark.parametrize(
    ("trained", "robots", "line"),
    [
        (None, None, None),
        (MINE, MINE, None),
        (MINE, None, f"the policy was trained with calibration.yaml (sha256 {MINE[:12]}); nobody says what this robot"),
        (
            None,
            MINE,
            f"warning: the policy was trained with no calibration, this robot has mine.yaml (sha256 {MINE[:12]})",
        ),
        (
            MINE,
            ANOTHER,
            f"warning: the policy was trained with calibration.yaml (sha256 {MINE[:12]}), this robot has mine",
        ),
    ],
)
def test_what_is_told_at_the_start(trained, robots, line):
    told = calibration_warning(trained_with(trained), at_hand(robots) if robots else None)
    if line is None:
        assert told is None
    else:
        assert told.startswith(line)
        assert "\n" not in told


def test_what_cannot_be_a_name_does_not_reach_a_terminal():
    data = json.loads(toy_contract().to_json())
    data["trained_with"]["calibration"] = {"name": "a\x1b[2J", "sha256": MINE}
    with pytest.raises(PolicyError, match=r"a\\x1b\[2J"):
        Contract.from_json(json.dumps(data))
