"""The supervisor reads of a policy's file by itself what the contract says."""

from pathlib import Path

import pytest
from toy_policy import toy_contract, toy_file

from surefoot_policy.checks import load_candidate
from surefoot_policy.shipped import policy_file, shipped_names
from surefoot_robots.loader import load_robot
from surefoot_safety.limits import limits_of
from surefoot_safety.process.policy_file import read_terms
from surefoot_safety.settings_loader import load_settings


def held_to(path):
    terms = read_terms(path, limits_of(load_robot("go2"), load_settings("go2")))
    contract = load_candidate(path, load_robot("go2")).known_contract
    assert terms.sha256 == contract.sha256
    assert terms.kp_nm_per_rad == contract.gains.kp_nm_per_rad
    assert terms.kd_nms_per_rad == contract.gains.kd_nms_per_rad
    assert terms.lower_rad == contract.joint_target_range_rad.lower
    assert terms.upper_rad == contract.joint_target_range_rad.upper
    return terms


def test_a_small_one(tmp_path):
    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_file())
    assert held_to(path).kp_nm_per_rad == toy_contract().gains.kp_nm_per_rad


@pytest.mark.parametrize("name", shipped_names())
def test_those_that_come_with_it(name):
    assert len(held_to(policy_file(Path(name))).kp_nm_per_rad) == 12
