"""`surefoot up` about calibrations, before anything is started."""

from dataclasses import replace

import pytest
from measured import GO2, armature, write
from toy_policy import toy_contract

from surefoot.cli import main
from surefoot.commands.up import _compare_calibrations
from surefoot_policy.contract import CalibrationId
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot


def test_one_line_if_the_policy_was_trained_with_another(tmp_path, capsys):
    contract = toy_contract()
    trained = replace(contract.trained_with, calibration=CalibrationId("theirs.yaml", "1" * 64))
    mine = write(tmp_path / "mine.yaml", armature())
    _compare_calibrations(replace(contract, trained_with=trained), mine, GO2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "warning: the policy was trained with theirs.yaml (sha256 111111111111), this robot has mine.yaml"
    )
    assert err.count("\n") == 1
    _compare_calibrations(replace(contract, trained_with=trained), None, GO2)
    assert "nobody says what this robot has (--calibration FILE)" in capsys.readouterr().err
    _compare_calibrations(contract, None, GO2)
    assert capsys.readouterr().err == ""


def test_a_calibration_of_another_robot_is_refused(tmp_path):
    with pytest.raises(SurefootError, match="was measured on go2"):
        _compare_calibrations(toy_contract(), write(tmp_path / "mine.yaml", armature()), load_robot("a1"))


def test_without_a_policy_there_is_nothing_to_compare(tmp_path, capsys):
    assert main(["up", "--sim", "--calibration", str(write(tmp_path / "mine.yaml", armature()))]) == 2
    assert "use it with --policy" in capsys.readouterr().err
