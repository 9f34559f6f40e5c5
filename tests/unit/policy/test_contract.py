import json
from dataclasses import replace

import numpy as np
import pytest
from toy_policy import toy_contract

from surefoot_policy.contract import Contract, Golden, HeightScanGrid, ObservationEntry, StateEntry
from surefoot_policy.refusal import PolicyError


def data() -> dict:
    return json.loads(toy_contract().to_json())


def refusal(value: dict) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        Contract.from_json(json.dumps(value))
    return caught.value


def test_reading_back_gives_the_same_contract_and_the_same_text():
    contract = toy_contract()
    text = contract.to_json()
    assert Contract.from_json(text) == contract
    assert Contract.from_json(text).to_json() == text


def test_numbers_keep_every_bit():
    odd = np.nextafter(np.float32(0.1), np.float32(1.0))
    golden = toy_contract().golden
    observation = golden.observation.copy()
    observation[0, :4] = odd, -0.0, np.finfo(np.float32).tiny, np.finfo(np.float32).max
    contract = replace(
        toy_contract(),
        control_dt_s=0.1 + 0.2,
        golden=Golden(observation, golden.joint_target, golden.tolerance_rad),
        state=(StateEntry("memory", (2, 1), np.array([[odd], [-0.0]], np.float32)),),
    )
    back = Contract.from_json(contract.to_json())
    assert back.control_dt_s == 0.1 + 0.2
    assert back.golden.observation.tobytes() == observation.tobytes()
    assert back.state[0].initial is not None
    assert back.state[0].initial.tobytes() == np.array([[odd], [-0.0]], np.float32).tobytes()


def test_the_text_has_the_fields_of_the_specification_in_its_order():
    assert list(data()) == [
        "version",
        "robot",
        "robot_hash",
        "control_dt_s",
        "joint_names",
        "observation",
        "state",
        "gains",
        "torque_limit_nm",
        "default_joint_position_rad",
        "joint_target_range_rad",
        "command_range",
        "trained_with",
        "golden",
        "sha256",
    ]
    text = toy_contract().to_json()
    assert text.isascii()
    assert " " not in text.replace("by hand", "")


def test_arrays_are_read_only():
    golden = Contract.from_json(toy_contract().to_json()).golden
    with pytest.raises(ValueError, match="read-only"):
        golden.observation[0, 0] = 1.0


def test_columns_follow_the_terms():
    columns = toy_contract().columns()
    assert columns["velocity_command"] == slice(6, 9)
    assert columns["joint_velocity"] == slice(21, 33)
    assert toy_contract().observation_size == 33


def test_an_initial_value_is_the_callers_own():
    entry = StateEntry("memory", (2,), np.array([1.0, 2.0], np.float32))
    entry.initial_value()[:] = 9.0
    assert entry.initial_value().tolist() == [1.0, 2.0]
    assert StateEntry("memory", (2,)).initial_value().tolist() == [0.0, 0.0]


def test_a_height_scan_brings_its_grid():
    grid = HeightScanGrid((-0.8, 0.8), (-0.5, 0.5), 0.1)
    assert grid.size == 187
    terms = (
        *toy_contract().observation,
        ObservationEntry("height_scan", 187, grid),
        ObservationEntry("height_scan_valid", 1),
    )
    wide = np.zeros((32, 33 + 188), np.float32)
    contract = replace(toy_contract(), observation=terms, golden=Golden(wide, np.zeros((32, 12), np.float32), 1e-4))
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize("key", sorted(data()))
def test_every_field_must_be_there(key):
    value = data()
    del value[key]
    refused = refusal(value)
    assert refused.field == f"contract.{key}"
    assert refused.found.startswith("nothing")


@pytest.mark.parametrize(
    "path",
    ["", "gains", "trained_with", "golden", "command_range", "joint_target_range_rad", "observation.0", "state.0"],
)
def test_an_unknown_key_is_refused_wherever_it_is(path):
    value = place = data()
    for part in filter(None, path.split(".")):
        place = place[int(part) if part.isdigit() else part]
    place["surprise"] = 1
    refused = refusal(value)
    assert "'surprise'" in refused.found
    assert refused.expected.startswith("none besides ")


def put(path: str, value: object):
    def edit(data: dict) -> None:
        *folders, last = path.split(".")
        place = data
        for part in folders:
            place = place[int(part) if part.isdigit() else part]
        place[int(last) if last.isdigit() else last] = value

    return edit


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "value", "field", "found", "expected"),
    [
        ("version", 2, "contract.version", "2", "1"),
        ("version", True, "contract.version", "True", "1"),
        ("version", "1", "contract.version", "'1'", "1"),
        ("robot", "", "contract.robot", "''", "letters"),
        ("robot", "../go2", "contract.robot", "'../go2'", "letters"),
        ("robot_hash", "AB" * 32, "contract.robot_hash", "'ABAB", "64 hexadecimal"),
        ("control_dt_s", 0, "contract.control_dt_s", "0.0", "above 0.0 and at most 1.0"),
        ("control_dt_s", NAN, "contract.control_dt_s", "nan", "finite"),
        ("control_dt_s", INFINITY, "contract.control_dt_s", "inf", "finite"),
        ("control_dt_s", True, "contract.control_dt_s", "True", "finite number"),
        ("control_dt_s", "0.02", "contract.control_dt_s", "'0.02'", "finite number"),
        ("joint_names", [], "contract.joint_names", "0 values", "a list of 1 to 64"),
        ("joint_names", [f"j{i}" for i in range(65)], "contract.joint_names", "65 values", "a list of 1 to 64"),
        ("joint_names.3", "FL_hip_joint", "contract.joint_names[3]", "'FL_hip_joint'", "not in the list already"),
        ("joint_names.3", 7, "contract.joint_names[3]", "7", "letters"),
        ("observation", [], "contract.observation", "[]", "in this order: angular_velocity_in_base"),
        ("observation.0.term", "velocity", "contract.observation[0].term", "'velocity'", "one of angular"),
        ("observation.0.size", 4, "contract.observation[0].size", "4", "3, the size of angular_velocity_in_base"),
        ("observation.3.size", 11, "contract.observation[3].size", "11", "12"),
        ("observation.0.size", 3.0, "contract.observation[0].size", "3.0", "whole number"),
        ("observation.1.term", "angular_velocity_in_base", "contract.observation", "['angular", "each once"),
        ("state.0.name", "history.next", "contract.state[0].name", "'history.next'", "letters"),
        ("state.0.name", "last_action", "contract.state[1].name", "'last_action'", "not in the list already"),
        ("state.0.shape", [0], "contract.state[0].shape[0]", "0", "from 1 to"),
        ("state.0.shape", [2**40], "contract.state[0].shape[0]", "1099511627776", "to 100000"),
        ("state.0.shape", [100_000, 100_000], "contract.state[0].shape", "[100000, 100000]", "at most 1000000"),
        ("state.0.shape", [1] * 9, "contract.state[0].shape", "[1, 1,", "at most 4"),
        ("state", [{}] * 65, "contract.state", "65 values", "at most 64 JSON objects"),
        ("observation", [{}] * 8, "contract.observation", "8 values", "at most 7 JSON objects"),
        ("state.2.initial", [0.5, 0.5], "contract.state[2].initial", "2 values", "a list of 1"),
        ("state.2.initial", [NAN], "contract.state[2].initial[0]", "nan", "finite"),
        ("state.2.initial", [1e300], "contract.state[2].initial", "1e+300", "float32"),
        ("gains.kp_nm_per_rad", [1.0], "contract.gains.kp_nm_per_rad", "1 values", "a list of 12 numbers"),
        ("gains.kd_nms_per_rad.11", -0.1, "contract.gains.kd_nms_per_rad[11]", "-0.1", "at least 0.0"),
        ("torque_limit_nm.0", None, "contract.torque_limit_nm[0]", "None", "finite number"),
        ("joint_target_range_rad.lower.0", 9.0, "contract.joint_target_range_rad.lower[0]", "9.0", "less than upper"),
        ("default_joint_position_rad.0", 3.0, "contract.default_joint_position_rad[0]", "3.0", "within joint_target"),
        ("command_range.vx_mps", [1.0, -1.0], "contract.command_range.vx_mps", "[1.0, -1.0]", "smaller number first"),
        ("trained_with.created", "yesterday", "contract.trained_with.created", "'yesterday'", "a time in UTC"),
        ("trained_with.created", "2026-01-31T12:00:00", "contract.trained_with.created", "'2026", "a time in UTC"),
        ("trained_with.created", "2026-01-31T12:00:00+01:00", "contract.trained_with.created", "'2026", "UTC"),
        ("trained_with.seed", -1, "contract.trained_with.seed", "-1", "from 0"),
        ("trained_with.task", "a\x1b[2Jb", "contract.trained_with.task", r"'a\x1b[2Jb'", "one line"),
        ("trained_with.git", "a" * 201, "contract.trained_with.git", "'aaaa", "at most 200 characters"),
        ("golden.tolerance_rad", 0.5, "contract.golden.tolerance_rad", "0.5", "at most 0.001"),
        ("golden.joint_target", [[0.0] * 12] * 32, "contract.golden.joint_target", "32 values", "a list of 40"),
        ("golden.observation.5.2", INFINITY, "contract.golden.observation[5][2]", "inf", "finite"),
        ("golden.observation.5", [0.0], "contract.golden.observation[5]", "1 values", "a list of 33"),
        ("sha256", "0", "contract.sha256", "'0'", "64 hexadecimal"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_what_is_valid(path, value, field, found, expected):
    edited = data()
    put(path, value)(edited)
    refused = refusal(edited)
    assert refused.field == field
    assert refused.found.startswith(found)
    assert expected in refused.expected
    assert refused.hint


def test_a_short_golden_sequence_proves_nothing():
    value = data()
    value["golden"]["observation"] = value["golden"]["observation"][:31]
    value["golden"]["joint_target"] = value["golden"]["joint_target"][:31]
    refused = refusal(value)
    assert (refused.field, refused.found, refused.expected) == (
        "contract.golden.observation",
        "31 ticks",
        "at least 32",
    )


def test_terms_in_another_order_are_refused():
    value = data()
    value["observation"].reverse()
    assert refusal(value).field == "contract.observation"


def test_a_scan_whose_size_is_not_that_of_its_grid_is_refused():
    value = data()
    value["observation"].append(
        {"term": "height_scan", "size": 186, "grid": {"x_m": [-0.8, 0.8], "y_m": [-0.5, 0.5], "spacing_m": 0.1}}
    )
    refused = refusal(value)
    assert refused.field == "contract.observation[5].size"
    assert refused.expected.startswith("187")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "1", '"version"', "{", '{"version": 1,}', "[" * 100_000, '{"version": ' + "1" * 5000 + "}"],
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(PolicyError, match=r"^contract"):
        Contract.from_json(text)


def test_what_is_missing_among_thousands_of_keys_is_told_in_a_few_lines():
    assert len(refusal({"x" * 100 + str(index): 1 for index in range(1000)}).message) < 500


def test_a_key_given_twice_is_refused():
    text = toy_contract().to_json().replace('"robot":"go2"', '"robot":"go2","robot":"a1"')
    with pytest.raises(PolicyError, match="'robot' is given twice"):
        Contract.from_json(text)


@pytest.mark.parametrize("changes", [{"control_dt_s": float("nan")}, {"robot": "go 2"}, {"torque_limit_nm": (1.0,)}])
def test_a_contract_that_would_be_refused_is_not_even_written(changes):
    with pytest.raises(PolicyError, match=f"contract.{next(iter(changes))}"):
        replace(toy_contract(), **changes).to_json()


def test_states_that_are_too_much_together_are_refused():
    value = data()
    value["state"] = [{"name": f"s{index}", "shape": [100_000], "initial": None} for index in range(11)]
    refused = refusal(value)
    assert refused.field == "contract.state"
    assert refused.found == "1,100,000 values in all"


def test_a_contract_of_many_megabytes_is_not_even_parsed():
    with pytest.raises(PolicyError, match="found 10,000,001 characters, expected at most 10,000,000"):
        Contract.from_json(" " * 10_000_001)


def test_half_a_surrogate_pair_is_refused_and_can_be_printed():
    text = toy_contract().to_json()
    for edited in (text.replace('"task":"toy"', r'"task":"\ud800"'), text.replace('"task"', r'"\ud800"')):
        assert edited != text
        with pytest.raises(PolicyError) as caught:
            Contract.from_json(edited)
        assert caught.value.message.encode("ascii")


def test_a_long_value_is_shown_short():
    value = data()
    value["robot"] = "x" * 10_000
    assert len(refusal(value).message) < 400
