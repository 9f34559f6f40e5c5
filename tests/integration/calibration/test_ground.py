"""A hidden trunk is found again from a log of a robot that stands, through the command and its files."""

import dataclasses
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from surefoot.cli import main
from surefoot_calibration.air.parameters import KINDS
from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.bench.ground_recovery import NAMES, truth_of
from surefoot_calibration.calibration_file import load_calibration, made, write_calibration
from surefoot_calibration.ground import fit
from surefoot_calibration.ground.compare import compare_on_ground
from surefoot_calibration.ground.identify import identify_on_ground
from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, standing_gains
from surefoot_calibration.ground.plan_check import LONGEST_LIFT_S, check_ground_plan
from surefoot_calibration.ground.synthetic import ground_log, hidden_robot
from surefoot_calibration.log.mcap_writer import write_mcap
from surefoot_robots.calibration import read_calibration
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot
from surefoot_safety.limits import limits_of
from surefoot_safety.settings_loader import load_robot_with_settings

GO2 = load_robot("go2")
TRUTH = hidden_robot(GO2, 2)
GAINS = standing_gains(GO2)
PLAN = make_ground_plan(GO2, GroundOptions(seconds=12.0), GAINS)
HALF = {"armature_kgm2": 1e-4, "damping_nms_per_rad": 0.002, "friction_nm": 0.004, "encoder_offset_rad": 0.001}
"""Of intervals in air, about; of strength 0.0013."""

ROOT = Path(__file__).parents[3]
ROWS = {
    "mass": "base_mass_kg",
    **dict(zip(("ahead", "to the left", "up"), (f"base_com_{axis}_m" for axis in "xyz"), strict=True)),
    **{f"moment of inertia about {axis}": f"base_inertia_{axis}{axis}_kgm2" for axis in "xyz"},
    "products of inertia": "products of inertia",
    "friction of the feet": "foot_friction",
}
"""The page's rows, by the result's."""


def joints_in_air(path):
    """A calibration as one in air would be: near the truth, in intervals that hold it."""
    rng = np.random.default_rng(0)
    names = [*((kind, joint) for kind in KINDS for joint in GO2.joint_names), ("action_delay_s", None)]
    truths = np.append(TRUTH.joints.table.ravel(), TRUTH.joints.action_delay_s)
    rows = []
    for (name, joint), truth in zip(names, truths, strict=True):
        half = HALF.get(name, 0.0013 if name == "motor_strength" else 2e-5)
        value = float(truth + half / 1.96 * rng.standard_normal())
        rows.append(Estimate(name, joint, value, value - half, value + half, "1", "identified", value, "", ""))
    content = {
        "format": "surefoot-calibration",
        "version": 1,
        "robot": "go2",
        "robot_hash": robot_hash(GO2),
        "protocol": "in-air",
        "made": made(datetime.now(UTC)),
        "logs": [{"file": "air", "sha256": "a" * 64}],
        "parameters": [asdict(row) for row in rows],
    }
    write_calibration(path, content)


@pytest.fixture(scope="module")
def log():
    return ground_log(GO2, TRUTH, PLAN.target_rad, GAINS, seed=2)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, log):
    """What the command says, the file that it wrote, and its page."""
    folder = tmp_path_factory.mktemp("ground")
    write_mcap(folder / "ground.mcap", log)
    joints_in_air(folder / "air.yaml")
    words = ["identify", "fit", folder / "ground.mcap", "--protocol", "ground", "--calibration", folder / "air.yaml"]
    with pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr("surefoot.commands.identify_fit.print_json", said.append)
        status = main([str(word) for word in (*words, "--out", folder / "both.yaml", "--json")])
    return status, said[0], folder / "both.yaml"


def test_the_hidden_trunk_is_found(fitted):
    status, told, _ = fitted
    assert status == 0
    found = {row["name"]: row for row in told["parameters"] if row["name"] in NAMES}
    truth = dict(zip(NAMES, truth_of(TRUTH).tolist(), strict=True))
    assert found["base_mass_kg"]["value"] == pytest.approx(truth["base_mass_kg"], rel=0.03)
    for axis in "xyz":
        assert found[f"base_com_{axis}_m"]["value"] == pytest.approx(truth[f"base_com_{axis}_m"], abs=0.005)
    for name in ("base_mass_kg", "base_com_x_m", "base_com_y_m", "base_com_z_m"):
        assert found[name]["verdict"] == "identified"
    inside = [found[name]["low"] <= truth[name] <= found[name]["high"] for name in NAMES]
    assert np.mean(inside) >= 9 / 11  # one log: the mean over many is in the bench
    payload = told["payload_kg"]
    assert payload.value == pytest.approx(truth["base_mass_kg"] - 6.921, abs=0.3)


def test_the_calibrated_robot_predicts_what_was_kept_back(fitted):
    held_out = fitted[1]["held_out_rmse_rad"]
    assert held_out["after"] < 0.3 * held_out["before"]
    assert set(held_out["joints"]) == set(GO2.joint_names)


def test_without_sliding_feet_have_a_lower_bound_only(fitted):
    (feet,) = [row for row in fitted[1]["parameters"] if row["name"] == "foot_friction"]
    assert feet["verdict"] == "not_identifiable"
    assert (feet["value"], feet["high"]) == (GO2.foot_friction, 2.0)
    assert 0.1 < feet["low"] < TRUTH.ground.foot_friction
    assert "--slide" in feet["advice"]


def test_one_file_has_joints_and_trunk(fitted):
    file = load_calibration(fitted[2])
    assert file.calibration.protocol == "in-air+ground"
    names = [one.name for one in file.calibration.measured]
    assert len(names) == 61 + len(NAMES)
    assert len(file.logs) == 2
    assert {one.verdict for one in read_calibration(fitted[2], GO2).measured} >= {"identified", "not_identifiable"}
    page = fitted[2].with_suffix(".html").read_text()
    assert "calibration on the ground" in page
    assert "mass of the trunk" in page
    assert page.count("<svg") > 12


def test_a_log_without_imu_is_refused(tmp_path, capsys, log):
    write_mcap(tmp_path / "blind.mcap", dataclasses.replace(log, imu=None))
    assert main(["identify", "fit", str(tmp_path / "blind.mcap"), "--protocol", "ground"]) == 2
    assert "blind.mcap: has no IMU" in capsys.readouterr().err


def test_logs_that_say_nothing_of_a_trunk_are_refused(log):
    def refused(match, **changed):
        with pytest.raises(SurefootError, match=match):
            identify_on_ground([dataclasses.replace(log, **changed)], GO2, None, lambda note: None)

    imu = log.imu
    odd = imu.angular_velocity_in_base_radps.copy()
    odd[100, 1] = np.nan
    refused(r"gyro is not finite at 0.5", imu=dataclasses.replace(imu, angular_velocity_in_base_radps=odd))
    in_g = dataclasses.replace(imu, acceleration_in_base_mps2=imu.acceleration_in_base_mps2 / 9.81)
    refused(r"feels 1.01 in the median: must be 9.81", imu=in_g)
    refused(r"feet carry .* N, by the motors' torques; go2 weighs 147", target_rad=log.position_rad)


def test_of_long_logs_fewer_rows_are_used_and_intervals_are_finite(log, monkeypatch):
    """As of a log of half an hour and more, between whose held-out windows there are fewer rows than in a second."""
    monkeypatch.setattr(fit, "MOST_ROWS", 30)
    found = identify_on_ground([log], GO2, None, lambda note: None)
    assert found.samples < 30
    assert all(np.isfinite([one.value, one.low, one.high]).all() for one in found.estimates)
    assert found.estimates[0].name == "base_mass_kg"
    assert found.estimates[0].low < found.estimates[0].high
    monkeypatch.setattr(fit, "alike", lambda errors, windows, rate_hz: np.full(6, np.nan))
    with pytest.raises(SurefootError, match="does not come to finite numbers"):
        identify_on_ground([log], GO2, None, lambda note: None)


def test_plans_for_the_ground_are_checked_with_light_and_heavy_robots():
    """A short plan passes; jumped instead of squatted, it does not."""
    robot, settings = load_robot_with_settings("go2")
    limits, still = limits_of(robot, settings), np.tile(PLAN.target_rad[0], (200, 1))
    calm = dataclasses.replace(PLAN, stamp_s=PLAN.stamp_s[:200], target_rad=still)
    found = check_ground_plan(robot, limits, GAINS, calm)
    assert found.passed
    assert {"tilt", "height", "a foot in the air", "feet moved at the end"} <= {one.what for one in found.margins}
    t = np.arange(200) / 200.0
    thrown = still + np.tile([0.0, -0.5, 1.0], 4) * np.sin(2.0 * np.pi * 2.5 * t)[:, None]
    found = check_ground_plan(robot, limits, GAINS, dataclasses.replace(calm, target_rad=thrown))
    (lift,) = [one for one in found.margins if one.what == "a foot in the air"]
    assert (found.passed, lift.kept) == (False, False)
    assert lift.found > LONGEST_LIFT_S


def test_plan_says_what_it_is_for(tmp_path, capsys):
    from surefoot_calibration.air.plan_file import protocol_of, read_plan

    file = tmp_path / "plan.csv"
    words = ["identify", "plan", "--protocol", "ground", "--seconds", "10", "--rate", "100"]
    words += ["--out", str(file), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["information"]) == (True, None)
    assert protocol_of(file) == "ground"
    plan, gains = read_plan(file, GO2)
    assert plan.target_rad.shape == (1000, 12)
    np.testing.assert_array_equal(gains.kp_nm_per_rad, GAINS.kp_nm_per_rad)
    assert main([*words[:-1], "--highest", "5"]) == 2
    assert main(["identify", "plan", "--slide", "--out", str(file)]) == 2


def test_the_calibrated_robot_is_better_in_a_comparison(fitted, log):
    calibration = read_calibration(fitted[2], GO2)
    found = compare_on_ground(log, GO2, calibration)
    assert (found.verdict, found.windows >= 4) == ("better", True)
    assert found.after_rad < 0.5 * found.before_rad
    joints_only = dataclasses.replace(calibration, measured=calibration.measured[:61])
    with pytest.raises(SurefootError, match=r"both.yaml: says nothing of the trunk"):
        compare_on_ground(log, GO2, joints_only)


def test_the_page_says_what_was_measured():
    page = (ROOT / "docs" / "identification.md").read_text(encoding="utf-8")
    result = json.loads((ROOT / "tests" / "bench" / "results" / "identify-ground.json").read_text(encoding="utf-8"))
    found = {one["name"]: one for one in result["parameters"]}
    times = {"relative": (100.0, "%"), "m": (1e3, "mm"), "kg m²": (1e3, "g m²")}
    for called, name in ROWS.items():
        one = found.pop(name)
        scale, unit = times[one["error"]]
        wanted = [scale * one["median"], scale * one["most"], 100.0 * one["inside"], 100.0 * one["identified"]]
        (row,) = re.findall(rf"^\| (?:centre of mass, )?{called} \|(.*)\|$", page, re.MULTILINE)
        said = [cell.strip().partition(" ") for cell in row.split("|")]
        assert [each for _, _, each in said] == [unit, unit, "%", "%"]
        for (number, _, _), value in zip(said, wanted, strict=True):
            assert float(number) == pytest.approx(value, abs=0.51 * 10.0 ** -len(number.partition(".")[2])), called
    whole = found.pop("all of these")
    assert not found
    assert f"{100.0 * whole['inside']:.0f} % of {whole['count']} intervals hold the truth" in page
    before, after = 1e3 * result["held_out_before_rad"], 1e3 * result["held_out_after_rad"]
    assert f"fall from {before:.1f} to {after:.1f} mrad" in page
