"""Every actor there is, as a file: the same joint targets over whole episodes, and nothing in it that is not needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from untrained import CONFIGS, FLAT, SEEING, source, untrained

from surefoot_policy import export as export_module
from surefoot_policy import export_torchscript
from surefoot_policy.batch import BatchPolicy
from surefoot_policy.export import GOLDEN_TICKS, SUFFIXES, Exported, Format, export
from surefoot_policy.export_torchscript import read_torchscript
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot

TICKS = 1000
STATES = {"mlp": {}, "state": {}, "gru": {"memory": (8,)}, "lopsided": {"history": (4, 47)}}
HISTORY = {"history": (4, 48)}  # the yaw error is in it


@pytest.fixture(scope="session")
def make(tmp_path_factory) -> Callable[..., Exported]:
    """Each export is made once."""
    folder = tmp_path_factory.mktemp("exported")

    @cache
    def made(name: str, form: Format = "onnx") -> Exported:
        return export(source(name), folder / f"{name}{SUFFIXES[form]}", format=form, ticks=TICKS)

    return made


@pytest.fixture(params=list(CONFIGS))
def exported(request, make) -> Exported:
    return make(request.param)


def test_it_does_what_its_module_does(exported):
    parity = exported.parity
    assert parity.ticks >= TICKS
    assert parity.episodes > 8, "episodes begin anew"
    assert parity.worst_rad <= parity.tolerance_rad == 1e-4
    assert parity.worst_rad < 2e-6, "float32 in another order of summation"
    assert exported.golden_error_rad < 2e-6
    moved = exported.contract.golden.joint_target - exported.contract.golden.joint_target[0]
    assert np.abs(moved).max() > 0.05, "a policy that does nothing proves nothing"


def test_the_robots_runtime_takes_it(exported):
    name = exported.file.stem
    policy = Policy.load(exported.file, load_robot("go2"))
    contract = policy.contract
    assert contract == exported.contract
    remembered = STATES.get(name, HISTORY)
    found = {entry.name: (entry.shape, entry.initial) for entry in contract.state}
    assert found == {
        "last_action": ((12,), None),
        "gait_clock": ((1,), None),
        "command": ((3,), None),
        **({} if name == "lopsided" else {"yaw_error": ((1,), None)}),
        **{key: (shape, None) for key, shape in remembered.items()},
    }
    full = {"velocity_in_base", "context"}
    estimates = {"velocity": {"velocity_in_base"}, "full": full, "lopsided": full}.get(name, set())
    assert policy.estimates().keys() == estimates
    assert [entry.term for entry in contract.observation] == [term.name for term in FLAT.observation]
    assert contract.joint_target_range_rad.lower == tuple(load_robot("go2").joint_lower_rad)


def test_nothing_in_it_is_for_learning_or_from_the_exporters_machine(exported):
    data = exported.file.read_bytes()
    assert len(data) == exported.size_bytes
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    names = [tensor.name for tensor in model.graph.initializer]
    assert not [name for name in names if any(part in name for part in ("critic", "decoder", "std_", "log_std"))]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    used = {name for node in model.graph.node for name in node.input}
    assert set(names) <= used
    assert not [node for node in model.graph.node if node.metadata_props or node.doc_string or node.domain]
    for place in (str(Path(__file__).parents[3]), str(Path.home()), sys.prefix):
        assert place.encode() not in data
    axes = {
        dim.dim_param
        for value in (*model.graph.input, *model.graph.output)
        for dim in value.type.tensor_type.shape.dim
        if dim.dim_param
    }
    assert axes == {"batch"}


def test_any_number_of_robots_at_once(exported):
    golden = exported.contract.golden
    batch = BatchPolicy.load(exported.file, 3)
    for tick, seen in enumerate(golden.observation):
        if tick == 10:
            batch.reset(np.array([1]))
        target = batch.tick(np.stack([seen, golden.observation[max(0, tick - 10)], seen]))
        np.testing.assert_allclose(target[[0, 2]], np.stack([golden.joint_target[tick]] * 2), atol=2e-6)
        if tick >= 10:
            np.testing.assert_allclose(target[1], golden.joint_target[tick - 10], atol=2e-6)


def test_a_golden_sequence_from_a_real_episode(exported):
    golden = exported.contract.golden
    assert golden.observation.shape == (GOLDEN_TICKS, 33)
    commands = golden.observation[:, 6:9]
    assert len(np.unique(commands.round(6), axis=0)) >= 3, "changing commands"
    assert (np.diff(golden.observation[:, :3], axis=0) != 0).any(axis=1).mean() > 0.9, "it moves"
    assert np.linalg.norm(golden.observation[:, 3:6], axis=1) == pytest.approx(1.0, abs=0.05)


def test_a_policy_that_sees_the_ground(tmp_path):
    found = export(source("full", SEEING), tmp_path / "seeing.onnx", ticks=200)
    assert found.parity.worst_rad < 2e-6
    entry = found.contract.observation[5]
    assert (entry.term, entry.size) == ("height_scan", 15)
    assert entry.grid is not None
    assert (entry.grid.x_m, entry.grid.y_m, entry.grid.spacing_m) == ((-0.2, 0.2), (-0.1, 0.1), 0.1)
    scan = found.contract.golden.observation[:, 33:48]
    assert scan.std() > 0.0


def test_the_oracle_has_no_file(monkeypatch):
    config = replace(CONFIGS["full"], estimator="oracle")
    monkeypatch.setitem(CONFIGS, "oracle", config)
    with pytest.raises(SurefootError, match="true velocity"):
        untrained("oracle")


# TorchScript


@pytest.fixture(params=["gru", "full"])
def scripted(request, make) -> Exported:
    return make(request.param, "torchscript")


def test_torchscript_is_the_same_policy(scripted):
    assert scripted.parity.worst_rad < 2e-6
    module, contract = read_torchscript(scripted.file.read_bytes())
    assert contract == scripted.contract
    states = [torch.from_numpy(entry.initial_value())[None] for entry in contract.state]
    for seen, expected in zip(contract.golden.observation, contract.golden.joint_target, strict=True):
        target, *others = module(torch.tensor(seen)[None], *states)
        states = others[: len(states)]
        np.testing.assert_allclose(target[0].detach().numpy(), expected, atol=2e-6)


def test_torchscript_carries_the_contract_as_libtorch_reads_it(scripted):
    extra = {"surefoot.contract": ""}
    with pytest.warns(DeprecationWarning, match="load"):
        torch.jit.load(scripted.file, _extra_files=extra)
    assert scripted.contract.sha256.encode() in extra["surefoot.contract"]
    assert str(Path(__file__).parents[3]).encode() not in scripted.file.read_bytes()


def test_damaged_torchscript_is_refused(scripted):
    files = export_torchscript._files(scripted.file.read_bytes())
    assert export_torchscript._pack(files) == scripted.file.read_bytes()
    name = next(name for name in files if "/constants/" in name and len(files[name]) > 200)
    flipped = bytearray(files[name])
    flipped[100] ^= 1
    with pytest.raises(PolicyError, match="sha256"):
        read_torchscript(export_torchscript._pack({**files, name: bytes(flipped)}))


def test_what_is_no_torchscript_of_ours_is_refused(scripted):
    data = scripted.file.read_bytes()
    files = export_torchscript._files(data)
    without = {name: content for name, content in files.items() if "extra" not in name}
    for wrong, said in (
        (data[:-100], "expected a whole TorchScript archive"),
        (b"", "expected a whole TorchScript archive"),
        (export_torchscript._pack(without), "no contract in the archive"),
        (export_torchscript._pack({}), "no contract in the archive"),
    ):
        with pytest.raises(PolicyError, match=said):
            read_torchscript(wrong)


# The same bytes

EXPORT = """
import sys
from pathlib import Path
from surefoot_policy.export import export
from surefoot_policy.export_module import Flat
from surefoot_policy.export_torchscript import to_torchscript
from untrained import source, untrained
to_torchscript(Flat(untrained("mlp"), 33))  # what else a process has exported makes no difference
for form in "torchscript", "onnx":
    export(source("gru"), Path(sys.argv[1]) / f"gru.{form}", format=form, ticks=8)
"""


def test_another_process_writes_the_same_bytes(make, tmp_path):
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "helpers"), "PYTHONHASHSEED": "7"}
    words = [sys.executable, "-W", "ignore", "-c", EXPORT, str(tmp_path)]
    subprocess.run(words, check=True, timeout=120, env=environment)
    for form in ("onnx", "torchscript"):
        assert make("gru", form).file.read_bytes() == (tmp_path / f"gru.{form}").read_bytes()


# Refusals


@pytest.mark.parametrize("harm", ["another weight", "not a number"])
def test_an_export_that_differs_is_not_written(harm, tmp_path, monkeypatch):
    def harmed(flat):
        graph = to_graph(flat)
        tensor = next(tensor for tensor in graph.graph.initializer if "actor_head.weight" in tensor.name)
        values = onnx.numpy_helper.to_array(tensor).copy()
        values[3, 2] = values[3, 2] + 0.01 if harm == "another weight" else np.nan
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        return graph

    to_graph = export_module.to_graph
    monkeypatch.setattr(export_module, "to_graph", harmed)
    file = tmp_path / "policy.onnx"
    file.write_bytes(b"before")
    with pytest.raises(SurefootError, match=r"differ by .* rad > 0.0001 rad"):
        export(source("lopsided"), file, ticks=40)
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_policy_that_has_diverged_is_told_so(tmp_path):
    diverged = source("mlp")
    with torch.no_grad():
        diverged.policy.agent.actor_head.bias[2] = torch.nan
    with pytest.raises(SurefootError, match="not finite numbers: number 2 in tick 0"):
        export(diverged, tmp_path / "policy.onnx")
    assert not list(tmp_path.iterdir())


def test_places_where_nothing_can_be_written_are_told_first(tmp_path):
    with pytest.raises(SurefootError, match="there is no folder"):
        export(source("mlp"), tmp_path / "nowhere" / "policy.onnx")
    with pytest.raises(SurefootError, match="is a folder"):
        export(source("mlp"), tmp_path)
    with pytest.raises(SurefootError, match=r"/proc/policy\.onnx cannot be written: "):
        export(source("mlp"), Path("/proc/policy.onnx"))


@pytest.mark.parametrize(("form", "name", "better"), [("torchscript", "a.onnx", "a.ts"), ("onnx", "a.ts", "a.onnx")])
def test_a_file_is_called_what_it_is(form, name, better, tmp_path):
    with pytest.raises(SurefootError, match=f"the format is {form}") as refused:
        export(source("mlp"), tmp_path / name, format=form)
    assert better in refused.value.hint
