"""The supervisor's own reading of a policy's file: made here byte by byte, as ONNX's metadata has it."""

import hashlib
import json
import os

import pytest
from safe_robot import limits

from surefoot_robots.errors import SurefootError
from surefoot_safety.policy_terms import PolicyTerms
from surefoot_safety.process import policy_file
from surefoot_safety.process.policy_file import read_terms

KEY = b"surefoot.contract"
ZEROS = "0" * 64
KP, KD, LOWER, UPPER = [25.0] * 12, [0.5] * 12, [-1] * 12, [1.5] * 12


def contract(**bent):
    plain = {
        "version": 1,
        "robot_hash": limits().robot_hash,
        "control_dt_s": 0.02,
        "joint_names": list(limits().joint_names),
        "gains": {"kp_nm_per_rad": KP, "kd_nms_per_rad": KD},
        "joint_target_range_rad": {"lower": LOWER, "upper": UPPER},
        "sha256": ZEROS,
    }
    return plain | bent


def field(number: int, value: bytes) -> bytes:
    length = len(value)
    digits = bytes([length & 0x7F | 0x80, length >> 7]) if length > 0x7F else bytes([length])
    return bytes([number << 3 | 2]) + digits + value


def entry(value: bytes, key: bytes = KEY) -> bytes:
    return field(14, field(1, key) + field(2, value))


def model(*entries: bytes) -> bytes:
    return b"\x08\x0a" + field(2, b"tests") + field(7, b"a graph") + entry(b"Ada", b"author") + b"".join(entries)


def sealed(data: bytes) -> bytes:
    return data.replace(ZEROS.encode(), hashlib.sha256(data).hexdigest().encode())


def written(tmp_path, data: bytes):
    path = tmp_path / "policy.onnx"
    path.write_bytes(data)
    return path


def of(tmp_path, **bent):
    return written(tmp_path, sealed(model(entry(json.dumps(contract(**bent)).encode()))))


def refusal(path) -> SurefootError:
    with pytest.raises(SurefootError) as caught:
        read_terms(path, limits())
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


def test_what_it_promises(tmp_path):
    path = of(tmp_path)
    digest = hashlib.sha256(model(entry(json.dumps(contract()).encode()))).hexdigest()
    terms = read_terms(path, limits())
    assert terms == PolicyTerms(digest, (25.0,) * 12, (0.5,) * 12, (-1.0,) * 12, (1.5,) * 12)
    assert all(type(low) is float for low in terms.lower_rad)


@pytest.mark.parametrize(
    ("bent", "said"),
    [
        ({"version": 2}, "version is 2, must be 1"),
        ({"robot_hash": "a"}, "robot_hash is 'a', must be '"),
        ({"joint_names": ["a"]}, "joint_names is ['a'], must be ["),
        ({"gains": {"kp_nm_per_rad": KP}}, "gains.kd_nms_per_rad must be 12 finite numbers"),
        ({"gains": {"kp_nm_per_rad": KP[1:], "kd_nms_per_rad": KD}}, "gains.kp_nm_per_rad must be 12 finite numbers"),
        ({"gains": {"kp_nm_per_rad": 25.0, "kd_nms_per_rad": KD}}, "gains.kp_nm_per_rad must be 12"),
        ({"gains": None}, "gains.kp_nm_per_rad must be 12"),
        ({"joint_target_range_rad": {"lower": [float("nan")] * 12, "upper": UPPER}}, "joint_target_range_rad.lower"),
        ({"joint_target_range_rad": {"lower": LOWER, "upper": [True] * 12}}, "joint_target_range_rad.upper"),
        ({"joint_target_range_rad": {"lower": LOWER, "upper": ["1"] * 12}}, "joint_target_range_rad.upper"),
        ({"control_dt_s": 0.01}, "ticks every 0.01 s, the safety settings expect 0.02 s"),
        ({"control_dt_s": float("nan")}, "ticks every nan s"),
        ({"control_dt_s": None}, "ticks every None s"),
    ],
)
def test_what_is_refused_in_a_contract(tmp_path, bent, said):
    assert said in refusal(of(tmp_path, **bent)).message


def test_a_period_may_be_off_by_its_last_digits(tmp_path):
    assert read_terms(of(tmp_path, control_dt_s=0.02 + 0.4e-6), limits()).kp_nm_per_rad == (25.0,) * 12
    assert "expect 0.02 s" in refusal(of(tmp_path, control_dt_s=0.02 + 0.6e-6)).message
    assert "timing.policy_period_s" in refusal(of(tmp_path, control_dt_s=0.02 - 0.6e-6)).hint


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "0 contracts in it, must be one"),
        ([b"{}", b"{}"], "2 contracts in it, must be one"),
        ([b"nonsense"], "its contract is no JSON"),
        ([b"\xff"], "its contract is no JSON"),
        ([b"[" * 9_000], "its contract is no JSON"),  # too deep for Python's parser
        ([b"[1]"], "its contract is no JSON object"),
        ([b"{}"], "sha256 is None, must be 64 digits"),
        ([b'{"sha256": "12"}'], "sha256 is '12', must be 64 digits"),
        ([json.dumps({"sha256": "\u00e9" * 64}).encode()], "must be 64 digits"),
        ([json.dumps({"sha256": "1" * 64}).encode()], "damaged or changed"),
    ],
)
def test_what_is_no_contract(tmp_path, texts, said):
    assert said in refusal(written(tmp_path, model(*map(entry, texts)))).message


def test_an_entry_needs_one_key_and_one_value(tmp_path):
    twice = field(14, field(1, KEY) + field(2, b"{}") + field(2, b"{}"))
    keys = field(14, field(1, KEY) + field(1, b"x") + field(2, b"{}"))
    assert "0 contracts" in refusal(written(tmp_path, model(twice, keys))).message


def test_one_changed_byte_of_the_weights_is_noticed(tmp_path):
    data = of(tmp_path).read_bytes()
    assert "damaged or changed" in refusal(written(tmp_path, data.replace(b"a graph", b"a gruph"))).message


def test_a_file_may_have_so_many_bytes_and_no_more(tmp_path, monkeypatch):
    path = of(tmp_path)
    monkeypatch.setattr(policy_file, "MOST_BYTES", path.stat().st_size)
    assert read_terms(path, limits()).kp_nm_per_rad == (25.0,) * 12
    monkeypatch.setattr(policy_file, "MOST_BYTES", path.stat().st_size - 1)
    assert "more than" in refusal(path).message


def test_files_that_are_none(tmp_path):
    assert "No such file" in refusal(tmp_path / "nowhere").message
    assert "Is a directory" in refusal(tmp_path).message
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "no regular file" in refusal(fifo).message
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100_000_001)
    assert "more than 100,000,000 bytes" in refusal(large).message
