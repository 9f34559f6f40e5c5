from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from toy_policy import resealed, toy_contract, toy_graph, toy_observations

from surefoot_policy.compare import compare
from surefoot_policy.contract import CommandRange, Golden, StateEntry
from surefoot_policy.model import policy_file
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_policy.session import open_session


@pytest.fixture
def other(file, tmp_path):
    """A policy whose golden sequence is what it really does, of a graph and fields changed somehow."""

    def make(edit=lambda graph: None, **changes):
        graph = toy_graph()
        edit(graph)
        contract = replace(toy_contract(), **changes)
        policy = Policy(open_session(policy_file(graph, contract)), contract, {"velocity_in_base": (3,)})
        seen = toy_observations()
        path = tmp_path / "other.onnx"
        path.write_bytes(policy_file(graph, replace(contract, golden=Golden(seen, policy.play(seen), 1e-4))))
        return path

    return make


def weight(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def test_a_file_is_the_same_as_itself(file):
    difference = compare(file, file)
    assert difference.identical
    assert difference.fields == difference.weights == ()
    assert difference.weights_compared == 10
    assert difference.outputs is not None
    assert max(difference.outputs.largest_rad) == 0.0


def test_a_weight_and_what_it_does(file, other):
    def raise_pose(graph):
        pose = numpy_helper.to_array(weight(graph, "pose")).copy()
        pose[2] += 0.25
        weight(graph, "pose").raw_data = pose.tobytes()

    path = other(raise_pose)
    difference = compare(file, path)
    pose = numpy_helper.to_array(weight(toy_graph(), "pose"))
    (change,) = difference.weights
    assert change.name == "pose"
    assert change.largest == pytest.approx(0.25)
    # 0.25 in one of 12 joints, over the pose's own root mean square
    assert change.relative == pytest.approx(0.25 / np.sqrt(12) / np.sqrt(np.mean(pose**2)), rel=1e-6)
    assert difference.same_graph
    assert not difference.identical
    assert difference.outputs is not None
    assert difference.outputs.ticks == 40
    assert difference.outputs.largest_rad[2] == pytest.approx(0.25, abs=1e-6)
    assert difference.outputs.rms_rad[2] == pytest.approx(0.25, abs=1e-6)
    assert difference.outputs.largest_rad[1] == 0.0
    assert [change.field for change in difference.fields] == ["golden.joint_target", "sha256"]
    assert difference.fields[0].b == "40 x 12 numbers, different by up to 0.25"


def test_fields_by_name(file, other):
    path = other(command_range=CommandRange((-1.0, 1.5), (-0.6, 0.6), (-1.2, 1.2)))
    fields = {change.field: (change.a, change.b) for change in compare(file, path).fields}
    assert fields["command_range.vx_mps"] == ("[-1.0, 1.0]", "[-1.0, 1.5]")
    assert fields.keys() - {"golden.joint_target"} == {"command_range.vx_mps", "sha256"}


def test_states_by_name(file, other):
    states = (*toy_contract().state[:2], StateEntry("gait_clock", (1,), np.array([0.25], np.float32)))
    fields = {change.field: (change.a, change.b) for change in compare(file, other(state=states)).fields}
    assert fields["state.gait_clock.initial"] == ("[0.5]", "[0.25]")


def test_another_graph(file, other):
    def edit(graph):
        next(node for node in graph.graph.node if node.op_type == "Elu").op_type = "Celu"

    assert not compare(file, other(edit)).same_graph


def test_weights_that_only_one_has_come_last(file, other):
    def edit(graph):
        weight(graph, "w1").raw_data = np.zeros((112, 16), np.float32).tobytes()
        graph.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "spare"))

    changes = compare(file, other(edit)).weights
    assert [change.name for change in changes] == ["w1", "spare"]
    assert changes[0].relative == pytest.approx(1.0)
    assert (changes[1].shape_a, changes[1].shape_b, changes[1].largest) == (None, (3,), None)


def test_other_joints_cannot_be_compared(file, tmp_path):
    names = ("a", *toy_contract().joint_names[1:])

    def edit(model):
        text = model.metadata_props[0].value
        model.metadata_props[0].value = text.replace('"FL_hip_joint"', '"a"')

    (tmp_path / "other.onnx").write_bytes(resealed(edit))
    difference = compare(file, tmp_path / "other.onnx")
    assert difference.outputs is None
    assert difference.not_comparable == "they drive different joints, or in another order"
    assert difference.joint_names[0] != names[0]


def test_a_file_that_is_not_in_order_is_refused(file, tmp_path):
    (tmp_path / "bad.onnx").write_bytes(file.read_bytes()[:-5])
    with pytest.raises(PolicyError, match=r"bad\.onnx"):
        compare(file, tmp_path / "bad.onnx")
