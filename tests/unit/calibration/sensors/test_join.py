"""Files as one: each parameter once, and contradictions told."""

from datetime import UTC, datetime

import pytest
import yaml
from measured import DELAY, GO2, armature, content

from surefoot_calibration.calibration_file import load_calibration
from surefoot_calibration.sensors.join import joined
from surefoot_robots.calibration import Measured, read_calibration
from surefoot_robots.errors import SurefootError

NOW = datetime(2030, 1, 2, tzinfo=UTC)


def file(tmp_path, name, *rows, protocol="in-air", **more):
    path = tmp_path / name
    path.write_text(yaml.safe_dump(content(*rows) | {"protocol": protocol} | more))
    return path


def offset(value, half, verdict):
    return Measured("encoder_offset_rad", "FL_hip_joint", value, value - half, value + half, verdict)


def test_the_surer_one_is_kept(tmp_path):
    log = {"file": "x.csv", "sha256": "f" * 64}
    fit = file(tmp_path, "fit.yaml", armature(), offset(0.01, 0.02, "weak"), DELAY, logs=[log], held_out_rmse_rad={})
    zero = file(tmp_path, "zero.yaml", offset(0.012, 0.003, "identified"), protocol="encoder-zero", logs=[log])
    found = joined([fit, zero], GO2, NOW)
    (choice,) = found.choices
    assert (choice.kept, choice.left, choice.disagree) == ("zero.yaml", "fit.yaml", False)
    assert found.content["protocol"] == "in-air+encoder-zero"
    assert found.content["logs"] == [log]
    assert "held_out_rmse_rad" in found.content
    out = tmp_path / "both.yaml"
    out.write_text(yaml.safe_dump(found.content))
    read = read_calibration(out, GO2)
    values = {(one.name, one.joint): one.value for one in read.measured}
    assert values["encoder_offset_rad", "FL_hip_joint"] == 0.012
    assert len(values) == 3
    assert load_calibration(out).logs == ("f" * 64,)  # `identify compare` takes it, too
    # The other way round it is the same one.
    assert joined([zero, fit], GO2, NOW).choices[0].kept == "zero.yaml"


@pytest.mark.parametrize(("verdict", "disagree"), [("identified", True), ("weak", True), ("not_identifiable", False)])
def test_contradictions_are_told(tmp_path, verdict, disagree):
    """Who says nothing contradicts nobody."""
    one = file(tmp_path, "a.yaml", offset(0.05, 0.004, "identified"))
    other = file(tmp_path, "b.yaml", offset(0.0, 0.01, verdict))
    assert joined([one, other], GO2, NOW).choices[0].disagree is disagree


def trunk(name, value, half, verdict="identified"):
    return Measured(f"base_{name}", None, value, value - half, value + half, verdict)


def test_a_body_is_of_one_file(tmp_path):
    """Number by number, mass and a moment would be b's: 12 kg about the centre of mass of 10."""
    a = file(
        tmp_path, "a.yaml", armature(), trunk("mass_kg", 10.0, 0.2), trunk("com_x_m", 0.02, 0.001),
        trunk("inertia_xx_kgm2", 0.1, 0.05, "weak"),
    )  # fmt: skip
    b = file(
        tmp_path, "b.yaml", trunk("mass_kg", 12.0, 0.1), trunk("com_x_m", 0.03, 0.02, "weak"),
        trunk("inertia_xx_kgm2", 0.2, 0.04, "weak"), trunk("inertia_yy_kgm2", 0.2, 0.04, "not_identifiable"),
        DELAY,
    )  # fmt: skip
    for files in ([a, b], [b, a]):
        found = joined(files, GO2, NOW)
        values = {row["name"]: row["value"] for row in found.content["parameters"]}
        assert values == {
            "armature_kgm2": 0.005,
            "action_delay_s": 0.0123,
            "base_mass_kg": 10.0,
            "base_com_x_m": 0.02,
            "base_inertia_xx_kgm2": 0.1,
        }
        assert {choice.kept for choice in found.choices} == {"a.yaml"}
        assert all(choice.disagree == (choice.parameter.name != "base_com_x_m") for choice in found.choices)


def test_of_bodies_known_alike_the_narrower_one_is_kept(tmp_path):
    wide = file(tmp_path, "wide.yaml", trunk("mass_kg", 10.0, 0.2), trunk("com_x_m", 0.02, 0.001))
    narrow = file(tmp_path, "narrow.yaml", trunk("mass_kg", 10.1, 0.1), trunk("com_x_m", 0.01, 0.002))
    rows = joined([wide, narrow], GO2, NOW).content["parameters"]
    assert [row["value"] for row in rows] == [10.1, 0.01]


def test_files_that_do_not_belong_together(tmp_path):
    one = file(tmp_path, "a.yaml", armature())
    with pytest.raises(SurefootError, match="the same file is given twice"):
        joined([one, one], GO2, NOW)
    foreign = file(tmp_path, "b.yaml", armature(0.0051), robot="a1")
    with pytest.raises(SurefootError, match=r"b\.yaml is of a1 .*: must be of one robot"):
        joined([one, foreign], None, NOW)
    with pytest.raises(SurefootError, match=r"b\.yaml was measured on a1"):
        joined([one, foreign], GO2, NOW)
