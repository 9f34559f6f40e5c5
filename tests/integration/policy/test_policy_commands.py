"""`surefoot inspect`, `verify`, `diff` and `bench infer` as their users run them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import TensorProto, helper
from toy_policy import resealed, toy_contract, toy_file, toy_graph, with_contract

from surefoot.cli import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.onnx"
    path.write_bytes(toy_file())
    return path


@pytest.fixture
def surefoot(capsys):
    def run(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_verify_says_ok(surefoot, file):
    status, out, _ = surefoot("verify", file)
    assert status == 0
    assert out.splitlines()[-1] == f"{file}: ok"
    assert "trained for the robot at hand (go2)" in out
    assert out.count(" ok ") == 10


def test_verify_as_json(surefoot, file):
    status, out, err = surefoot("verify", file, "--json")
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert result["ok"] is True
    assert result["failures"] == []
    assert result["robot"] == "go2"
    assert [check["result"] for check in result["checks"]] == ["ok"] * 10


def test_verify_says_why_not(surefoot, file):
    file.write_bytes(toy_file().replace(b'"vx_mps":[-1.0,1.0]', b'"vx_mps":[-9.0,9.0]'))
    status, out, _ = surefoot("verify", file)
    assert status == 1
    assert "seal: contract.sha256: found " in out
    assert "hint: the file was damaged or changed" in out
    assert "result  what must hold" in out.splitlines()[0]
    assert out.splitlines()[-1] == f"{file}: refused: 1 of 10 checks failed"


def test_verify_for_another_robot_as_json(surefoot, file):
    status, out, _ = surefoot("verify", file, "--robot", "a1", "--json")
    result = json.loads(out)
    assert status == 1
    assert result["ok"] is False
    (failure,) = result["failures"]
    assert failure["field"] == "contract.robot"
    assert (failure["found"], failure["expected"]) == ("'go2'", "'a1'")
    assert "trained for a1" in failure["hint"]


def test_verify_names_every_failure(surefoot, file):
    def edit(model):
        model.graph.node[0].domain = "evil"
        model.graph.input[0].type.tensor_type.elem_type = 11

    file.write_bytes(resealed(edit))
    _, out, _ = surefoot("verify", file, "--json")
    assert [failure["field"] for failure in json.loads(out)["failures"]] == [
        "graph.node[0] ('Unsqueeze')",
        "graph.input observation",
    ]


def test_verify_of_a_robot_that_nobody_has_here(surefoot, file):
    file.write_bytes(with_contract(lambda data: data.update(robot="unicorn")))
    status, out, _ = surefoot("verify", file)
    assert status == 0
    assert "no robot was named" in out


def test_verify_of_a_file_that_is_not_there(surefoot, tmp_path):
    status, out, _ = surefoot("verify", tmp_path / "none.onnx", "--json")
    assert status == 1
    assert json.loads(out)["failures"][0]["found"] == "No such file or directory"


def test_verify_for_an_unknown_robot_is_wrong_usage(surefoot, file):
    status, _, err = surefoot("verify", file, "--robot", "go3")
    assert status == 2
    assert "go3" in err


def test_inspect_says_what_it_is(surefoot, file):
    status, out, _ = surefoot("inspect", file)
    assert status == 0
    for said in ("go2", "50 Hz", "angular_velocity_in_base", "gait_clock", "FL_calf_joint", "-2.7227", "intact", "33"):
        assert said in out
    assert max(map(len, out.splitlines())) < 160


def test_inspect_hides_no_uncommitted_changes(surefoot, file):
    revision = "0123456789" * 4 + " with changes"
    file.write_bytes(with_contract(lambda data: data["trained_with"].update(git=revision)))
    assert revision in surefoot("inspect", file)[1]


def test_inspect_fits_a_page(surefoot, file):
    assert len(surefoot("inspect", file)[1].splitlines()) < 60


def test_inspect_shows_a_broken_seal(surefoot, file):
    file.write_bytes(toy_file().replace(b"2026-01-31", b"2026-01-30"))
    status, out, _ = surefoot("inspect", file)
    assert status == 0
    assert "BROKEN" in out


def test_inspect_as_json_has_the_contract_without_its_thousands_of_numbers(surefoot, file):
    _, out, err = surefoot("inspect", file, "--json")
    result = json.loads(out)
    assert err == ""
    assert result["contract"]["joint_names"] == list(toy_contract().joint_names)
    assert result["contract"]["golden"] == {"ticks": 40, "tolerance_rad": 1e-4}
    assert result["sealed"] is True
    assert result["weights"] == 112 * 16 + 16 + 16 * 12 + 16 * 3 + 12 + 2 + 3
    assert result["estimates"] == {"velocity_in_base": [3]}


def test_inspect_obeys_no_commands_to_the_terminal(surefoot, file):
    def edit(model):
        model.graph.node[10].op_type = "\x1b[2JElu"

    file.write_bytes(resealed(edit))
    assert "\x1b" not in surefoot("inspect", file)[1]


def test_inspect_of_shapes_without_end(surefoot, file):
    def edit(model):
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend([2**62] * 1000)
        shape = ["batch", *[1] * 5000]
        model.graph.output.append(helper.make_tensor_value_info("estimate.far", TensorProto.FLOAT, shape))

    file.write_bytes(resealed(edit))
    status, out, _ = surefoot("inspect", file)
    assert status == 0
    assert len(out) < 5000


def test_inspect_of_a_network_without_a_contract(surefoot, file):
    file.write_bytes(toy_graph().SerializeToString())
    status, _, err = surefoot("inspect", file)
    assert status == 2
    assert "policy.onnx: metadata 'surefoot.contract': found no metadata" in err
    assert "hint: " in err


def test_diff_of_the_same(surefoot, file):
    assert surefoot("diff", file, file) == (0, "the same file, byte for byte\n", "")


def test_diff_says_which_of_two_is_refused(surefoot, file, tmp_path):
    (tmp_path / "new").mkdir()
    damaged = tmp_path / "new" / "policy.onnx"
    damaged.write_bytes(toy_file()[:-1])
    status, _, err = surefoot("diff", file, damaged)
    assert status == 2
    assert f"{damaged}: file: found a file that is cut off" in err


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Nobody would notice: one weight, within the tolerance."""

    def edit(model):
        tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "b1")
        raw = bytearray(tensor.raw_data)
        raw[0] ^= 1
        tensor.raw_data = bytes(raw)

    path = tmp_path / "other.onnx"
    path.write_bytes(resealed(edit))
    return path


def test_diff_of_two(surefoot, file, other):
    status, out, _ = surefoot("diff", file, other)
    assert status == 0
    assert "graph besides weights: the same" in out
    assert "weights: 1 of 10 tensors differ" in out
    assert "joint targets over the 40 ticks of A's golden sequence" in out


def test_diff_as_json(surefoot, file, other):
    _, out, err = surefoot("diff", file, other, "--json")
    result = json.loads(out)
    assert err == ""
    assert [change["name"] for change in result["weights"]] == ["b1"]
    assert 0 < result["weights"][0]["largest"] < 1e-7
    assert len(result["outputs"]["largest_rad"]) == 12
    assert [change["field"] for change in result["fields"]] == ["sha256"]


@pytest.mark.parametrize("name", ["infer", "policy"])
def test_bench_has_the_keys_others_rely_on(surefoot, file, name):
    status, out, err = surefoot("bench", name, file, "--ticks", "250", "--json")
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert result["ticks"] == 250
    for way in ("tick_us", "onnxruntime_us"):
        assert 0 < result[way]["p50"] <= result[way]["p99"] <= result[way]["p999"]
    assert result["ratio_to_onnxruntime"] == result["tick_us"]["p50"] / result["onnxruntime_us"]["p50"]


def test_bench_as_a_table(surefoot, file):
    _, out, _ = surefoot("bench", "infer", file, "--ticks", "100")
    assert "ratio of the medians: " in out


def test_what_runs_on_a_robot_needs_neither_torch_nor_mujoco(file):
    script = (
        "import sys; from surefoot.cli import main; "
        f"file = {str(file)!r}; "
        "words = [['verify', file, '--robot', 'go2'], ['inspect', file], ['diff', file, file], "
        "['bench', 'infer', file, '--ticks', '10', '--json']]; "
        "assert [main(each) for each in words] == [0] * 4; "
        "heavy = {'torch', 'mujoco', 'surefoot_training', 'scipy'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
