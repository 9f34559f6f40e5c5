import math

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.simulated.config import World, load_world, own_values, parse_world

GO2 = load_robot("go2")


def parsed(**data):
    return parse_world(data, GO2, "world.yaml")


def test_nothing_is_the_robot_as_specified():
    assert parsed() == World() == load_world(None, GO2)
    own = own_values(World().truth, GO2)
    assert own["armature_kgm2"] == tuple(GO2.armature_kgm2.tolist())
    assert own["encoder_offset_rad"] == (0.0,) * 12
    assert own["motor_strength"] == (1.0,) * 12


def test_a_file(tmp_path):
    file = tmp_path / "world.yaml"
    file.write_text("seed: 3\nground: {kind: slope, slope_rad: 0.1}\ntruth: {base_mass_kg: 8, friction_nm: 0.3}\n")
    world = load_world(file, GO2)
    assert (world.seed, world.ground.slope_rad, world.truth.base_mass_kg) == (3, 0.1, 8.0)
    assert world.truth.friction_nm == (0.3,) * 12


def test_values_per_joint():
    listed = [0.01 * number for number in range(12)]
    assert parsed(truth={"encoder_offset_rad": listed}).truth.encoder_offset_rad == tuple(listed)
    named = parsed(truth={"motor_strength": {"FR_calf_joint": 0.8}}).truth.motor_strength
    assert named == (1.0,) * 5 + (0.8,) + (1.0,) * 6
    damped = parsed(truth={"damping_nms_per_rad": {"FL_hip_joint": 0.5}}).truth.damping_nms_per_rad
    assert damped[:2] == (0.5, GO2.damping_nms_per_rad[1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"colour": 3}, "world.yaml: colour: is unknown; known here: seed, start_pose, trunk, ground"),
        ({"truth": {"mass": 3}}, "world.yaml: truth.mass: is unknown"),
        ({"truth": 3}, "world.yaml: truth: 3 is not valid: must be a mapping"),
        ({"seed": 1.5}, "seed: 1.5 is not valid: must be a whole number within 0 to"),
        ({"seed": True}, "seed: True is not valid"),
        ({"start_pose": "flying"}, "start_pose: 'flying' is not valid: must be one of default, home, lying"),
        ({"start_pose": 3}, "start_pose: 3 is not valid: must be a word"),
        ({"trunk": "tied"}, "trunk: 'tied' is not valid: must be one of free, held"),
        ({"sensors": {"foot_contact": 1}}, "sensors.foot_contact: 1 is not valid: must be true or false"),
        ({"ground": {"kind": "lava"}}, "ground.kind: 'lava' is not valid: must be one of slope, flat"),
        ({"ground": {"slope_rad": 1.0}}, "ground.slope_rad: 1.0 is not valid: must be a number within -0.5 to 0.5"),
        ({"truth": {"base_mass_kg": "heavy"}}, "truth.base_mass_kg: 'heavy' is not valid"),
        ({"truth": {"base_mass_kg": math.nan}}, "truth.base_mass_kg: nan is not valid"),
        ({"truth": {"friction_nm": [0.1] * 11}}, "must be 12 numbers, one per joint"),
        ({"truth": {"friction_nm": [0.1] * 11 + [9.0]}}, r"truth.friction_nm\[11\]: 9.0 is not valid"),
        ({"truth": {"friction_nm": {"tail": 0.1}}}, "'tail' is not valid: must be a joint: one of FL_hip_joint"),
        ({"truth": {"friction_nm": {"FL_hip_joint": -1}}}, "truth.friction_nm.FL_hip_joint: -1 is not valid"),
        ({"power": {"empty_v": 34.0}}, r"power.empty_v: 34.0 is not valid: must be below power.full_v 33.2"),
        ({"sensors": {"gyro_bias_radps": "x" * 200}}, r"\.\.\. is not valid"),
    ],
)
def test_what_is_wrong_is_refused(data, message):
    with pytest.raises(SurefootError, match=message):
        parsed(**data)
