"""What may be wrong with a policy file, each refused with its field, both values and the way out."""

import os
import socket
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper
from toy_policy import resealed, robot, toy_contract, toy_file, toy_graph, with_contract

from surefoot_policy import model as model_module
from surefoot_policy.checks import Candidate, load_checked, verify
from surefoot_policy.contract import METADATA_KEY
from surefoot_policy.model import policy_file
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import Pose


@pytest.fixture
def refusal(tmp_path: Path):
    def load(data: bytes, spec=None) -> PolicyError:
        file = tmp_path / "policy.onnx"
        file.write_bytes(data)
        with pytest.raises(PolicyError) as caught:
            Policy.load(file, spec or robot())
        assert caught.value.hint
        assert caught.value.message.startswith("policy.onnx: ")
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 1500
        return caught.value

    return load


def node(model: onnx.ModelProto, operator: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == operator)


def weight(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def test_the_file_that_the_others_are_made_of_is_in_order(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(resealed(lambda model: None))
    assert Policy.load(tmp_path / "policy.onnx", robot()).contract.robot == "go2"


# The file


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(100), b"not a network", b"", b"\x00" * 64, b"PK\x03\x04"]
)
def test_a_file_that_is_not_onnx(refusal, data):
    refused = refusal(data)
    assert refused.expected == "an ONNX model"
    assert "surefoot export" in refused.hint


def test_torchscript_is_told_from_onnx(refusal):
    assert "TorchScript" in refusal(b"PK\x03\x04" + bytes(100)).found


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off(refusal, share):
    refused = refusal(toy_file()[: int(len(toy_file()) * share)])
    assert "cut off" in refused.found
    assert refused.expected == "a whole ONNX model"
    assert "copy" in refused.hint


def test_a_file_that_is_cut_off_between_two_fields(refusal):
    model = onnx.ModelProto.FromString(toy_file())
    model.ClearField("graph")
    model.ClearField("metadata_props")
    model.ClearField("opset_import")
    assert "cut off" in refusal(model.SerializeToString()).found


def test_a_file_that_lacks_its_last_byte(refusal):
    assert "1 are missing" in refusal(toy_file()[:-1]).found


def test_a_file_over_the_size_limit(tmp_path):
    file = tmp_path / "policy.onnx"
    file.write_bytes(toy_file())
    with pytest.raises(PolicyError, match=rf"found {len(toy_file()):,} bytes, expected at most 1,000"):
        load_checked(file, None, most_bytes=1000)


def test_a_sparse_file_of_a_terabyte_is_not_read(tmp_path):
    file = tmp_path / "policy.onnx"
    with file.open("wb") as stream:
        stream.truncate(10**12)
    with pytest.raises(PolicyError, match="found 1,000,000,000,000 bytes, expected at most 100,000,000"):
        Policy.load(file, None)


def test_a_folder_a_fifo_a_socket_a_device(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # paths of sockets must be short
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        found = {}
        for path in (".", "fifo", "socket", "/dev/zero"):
            with pytest.raises(PolicyError) as caught:
                Policy.load(path, None)
            found[path] = caught.value.found
    assert found == {
        ".": "a folder",
        "fifo": "a FIFO",
        "socket": "No such device or address",
        "/dev/zero": "a device",
    }


def test_a_path_that_leads_nowhere(tmp_path):
    for path, found in ((tmp_path / "none.onnx", "No such file"), (Path("a\0b"), "a\\\\x00b")):
        with pytest.raises(PolicyError, match=found):
            Policy.load(path, None)


def test_a_link_that_leads_round_in_circles(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(PolicyError, match="symbolic links"):
        Policy.load(tmp_path / "a", None)


def test_a_link_to_a_policy_is_followed(tmp_path):
    (tmp_path / "best.onnx").write_bytes(toy_file())
    (tmp_path / "policy.onnx").symlink_to("best.onnx")
    assert Policy.load(tmp_path / "policy.onnx", robot()).contract.robot == "go2"


def test_fields_that_onnx_does_not_know(refusal):
    assert "does not know" in refusal(toy_file() + b"\xf8\x3f\x01").found


def test_a_second_graph_merged_into_the_first(refusal):
    """Protobuf merges a field that comes twice: what is judged must be what runs."""
    more = onnx.ModelProto()
    more.graph.node.append(helper.make_node("Identity", ["joint_target"], ["again"]))
    data = toy_file() + more.SerializeToString()
    assert refusal(data).field.endswith("contract.sha256")


def test_a_name_that_is_no_text(refusal):
    data = resealed(lambda model: None).replace(b"Floor", b"Flo\xffr")
    refused = refusal(data)
    assert refused.field.endswith("model.graph.node.op_type")
    assert refused.expected == "a text in UTF-8"


def test_what_is_judged_as_onnx_runs_as_onnx(tmp_path):
    """Where onnxruntime looks for the mark of its own format, an ONNX file may say the name of who made it."""

    def edit(model):
        model.producer_name = "ORTM"

    data = resealed(edit)
    assert data[4:8] == b"ORTM"
    (tmp_path / "policy.onnx").write_bytes(data)
    assert Policy.load(tmp_path / "policy.onnx", robot()).contract.robot == "go2"


@pytest.mark.parametrize(
    "tag",
    [b"\x3a\xc0\x84\x3d" + b"\x0a\x00" * 500_000, b"\x72\x00" * 500_000, b"\x3a\xc0\x84\x3d" + b"\x42\x00" * 500_000],
    ids=["nodes", "metadata", "nameless"],
)
def test_a_file_that_would_fill_the_memory_is_not_parsed(refusal, tag, monkeypatch):
    """A megabyte of the smallest nodes becomes 150 MB; as many megabytes as a file may have, more than a robot has."""
    monkeypatch.setattr(model_module.onnx, "ModelProto", Unparsed)
    refused = refusal(toy_file() + tag)
    assert (refused.field, refused.found) == ("policy.onnx: file", "more than 500,000 fields")


class Unparsed:
    DESCRIPTOR = onnx.ModelProto.DESCRIPTOR


def test_messages_nested_without_end(refusal):
    """Deeper than protobuf reads: a parser that followed it would run out of stack."""

    def wrapped(tag: bytes, inner: bytes) -> bytes:
        length, number = b"", len(inner)
        while number > 0x7F:
            length, number = length + bytes([number & 0x7F | 0x80]), number >> 7
        return tag + length + bytes([number]) + inner

    inner = b""
    for _ in range(3000):  # a node in a graph in an attribute in a node ...
        inner = wrapped(b"\x0a", wrapped(b"\x2a", wrapped(b"\x32", inner)))
    assert refusal(b"\x08\x0a" + wrapped(b"\x3a", inner)).expected == "an ONNX model"


# The contract


def test_a_network_without_a_contract(refusal):
    refused = refusal(toy_graph().SerializeToString())
    assert refused.field.endswith(f"metadata '{METADATA_KEY}'")
    assert refused.found == "no metadata at all"
    assert "surefoot export" in refused.hint


def test_a_contract_under_another_key(refusal):
    model = onnx.ModelProto.FromString(toy_file())
    model.metadata_props[0].key = "surefoot.contrakt"
    assert "'surefoot.contrakt'" in refusal(model.SerializeToString()).found


def test_two_contracts(refusal):
    model = onnx.ModelProto.FromString(toy_file())
    model.metadata_props.append(model.metadata_props[0])
    assert refusal(model.SerializeToString()).found.startswith("2 of it")


def test_an_unknown_version(refusal):
    refused = refusal(with_contract(lambda data: data.update(version=2)))
    assert (refused.field, refused.found, refused.expected) == ("policy.onnx: contract.version", "2", "1")


def test_a_contract_of_another_version_may_have_any_other_fields(refusal):
    def edit(data):
        kept = data["sha256"]
        data.clear()
        data.update(version=7, sha256=kept)

    assert refusal(with_contract(edit)).found == "7"


# The seal


def test_one_flipped_bit_of_a_weight(refusal):
    model = onnx.ModelProto.FromString(toy_file())
    raw = bytearray(weight(model, "w2").raw_data)
    raw[5] ^= 1
    weight(model, "w2").raw_data = bytes(raw)
    refused = refusal(model.SerializeToString())
    stated = toy_file()[toy_file().index(b'"sha256":"') + 10 :][:64].decode()
    assert refused.field == "policy.onnx: contract.sha256"
    assert refused.expected.startswith(stated)
    assert not refused.found.startswith(stated)
    assert "copy it again" in refused.hint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Elu", b"Exp"),
        (b'"vx_mps":[-1.0,1.0]', b'"vx_mps":[-9.0,9.0]'),
        (b'"kp_nm_per_rad":[25', b'"kp_nm_per_rad":[95'),
    ],
)
def test_a_changed_node_and_a_changed_field(refusal, before, after):
    data = toy_file()
    assert data.count(before) == 1
    assert refusal(data.replace(before, after)).field == "policy.onnx: contract.sha256"


def test_a_file_that_was_never_sealed(refusal):
    graph = toy_graph()
    graph.metadata_props.add(key=METADATA_KEY, value=toy_contract().to_json())
    assert refusal(graph.SerializeToString()).expected.startswith("0" * 64)


def test_a_digest_that_stands_in_the_file_twice(refusal):
    def repeat(model):
        model.doc_string = "0" * 64

    with pytest.raises(PolicyError, match="2 times in the file"):
        resealed(repeat)


# The robot


def test_another_robot(refusal):
    refused = refusal(toy_file(), load_robot("a1"))
    assert (refused.field, refused.found, refused.expected) == ("policy.onnx: contract.robot", "'go2'", "'a1'")
    assert "a1" in refused.hint


def test_another_joint_order(refusal):
    names = list(toy_contract().joint_names)
    swapped = [*names[3:6], *names[:3], *names[6:]]
    refused = refusal(with_contract(lambda data: data.update(joint_names=swapped)))
    assert refused.field == "policy.onnx: contract.joint_names"
    assert refused.found.startswith("FR_hip_joint, ")
    assert refused.expected.startswith("FL_hip_joint, ")


def test_the_same_robot_with_another_default_pose(refusal):
    spec = robot()
    poses = tuple(
        Pose(pose.name, (0.2, *pose.joint_position_rad[1:])) if pose.name == "default" else pose
        for pose in spec.named_poses
    )
    refused = refusal(toy_file(), replace(spec, named_poses=poses))
    assert refused.field == "policy.onnx: contract.robot_hash"
    assert "default_joint_position_rad" in refused.hint
    assert refused.found == toy_contract().robot_hash


@pytest.mark.parametrize(
    ("change", "field", "found", "expected"),
    [
        ({"torque_limit_nm": 23.8}, "torque_limit_nm", "23.8", "at most 23.7, the limit of go2"),
        ({"lower": -1.05}, "joint_target_range_rad.lower", "-1.05", "at least -1.0472, the limit of go2"),
        ({"upper": 1.05}, "joint_target_range_rad.upper", "1.05", "at most 1.0472, the limit of go2"),
    ],
)
def test_more_than_the_robots_joints_may_do(refusal, change, field, found, expected):
    def edit(data):
        for key, value in change.items():
            place = data if key in data else data["joint_target_range_rad"]
            place[key][3] = value

    refused = refusal(with_contract(edit))
    assert refused.field == f"policy.onnx: contract.{field} of FR_hip_joint"
    assert (refused.found, refused.expected) == (found, expected)
    assert "clip" in refused.hint


def test_less_than_the_robots_joints_may_do_is_a_policys_right(tmp_path):
    def edit(data):
        data["torque_limit_nm"] = [20.0] * 12
        data["joint_target_range_rad"]["upper"][3] = 1.0

    (tmp_path / "policy.onnx").write_bytes(with_contract(edit))
    Policy.load(tmp_path / "policy.onnx", robot())


def test_without_a_robot_at_hand_nothing_is_compared(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(with_contract(lambda data: data.update(robot="unicorn")))
    assert Policy.load(tmp_path / "policy.onnx", None).contract.robot == "unicorn"


# Operators


def test_custom_operators(refusal):
    def edit(model):
        node(model, "Elu").domain = "com.microsoft"

    refused = refusal(resealed(edit))
    assert "'com.microsoft'" in refused.found
    assert "Elu" in refused.field
    assert "nothing is loaded from beside the file" in refused.hint


def test_a_domain_that_is_only_imported(refusal):
    refused = refusal(resealed(lambda model: model.opset_import.add(domain="evil", version=1)))
    assert refused.field == "policy.onnx: opset_import"
    assert "'evil'" in refused.found


def test_an_operator_that_does_not_exist(refusal):
    def edit(model):
        node(model, "Elu").op_type = "Teleport"

    assert "'Teleport'" in refusal(resealed(edit)).field


def test_a_deprecated_operator(refusal):
    def edit(model):
        node(model, "Elu").op_type = "Upsample"

    assert "'Upsample'" in refusal(resealed(edit)).field


@pytest.mark.parametrize("version", [16, 27, 10**6, -1])
def test_an_opset_out_of_range(refusal, version):
    def edit(model):
        model.opset_import[0].version = version

    refused = refusal(resealed(edit))
    assert refused.found == str(version)
    assert refused.expected == "one version from 17 to 26"


def test_opsets_without_end(refusal):
    refused = refusal(resealed(lambda model: model.opset_import.extend(list(model.opset_import) * 5000)))
    assert refused.found == "18, 18, 18, 18, 18, ..."


def test_two_opsets(refusal):
    assert refusal(resealed(lambda model: model.opset_import.add(domain="ai.onnx", version=17))).found == "18, 17"


@pytest.mark.parametrize("operator", ["If", "Loop", "Scan"])
def test_control_flow(refusal, operator):
    def edit(model):
        node(model, "Elu").op_type = operator

    assert "same time" in refusal(resealed(edit)).expected


def test_a_graph_hidden_in_an_attribute(refusal):
    def edit(model):
        inner = helper.make_graph([], "inner", [], [])
        node(model, "Elu").attribute.append(helper.make_attribute("body", inner))

    assert refusal(resealed(edit)).found == "a graph inside the graph"


def test_a_graph_hidden_in_an_attribute_of_another_type(refusal):
    def edit(model):
        attribute = AttributeProto(name="body", type=AttributeProto.FLOAT, f=1.0)
        attribute.g.name = "inner"
        node(model, "Elu").attribute.append(attribute)

    assert refusal(resealed(edit)).found == "a graph inside the graph"


def test_functions(refusal):
    def edit(model):
        model.functions.append(
            helper.make_function("", "Elu", ["x"], ["y"], [helper.make_node("Exp", ["x"], ["y"])], model.opset_import)
        )

    assert refusal(resealed(edit)).field == "policy.onnx: functions"


def test_random_numbers(refusal):
    def edit(model):
        model.graph.node.append(helper.make_node("RandomNormalLike", ["observation"], ["noise"]))

    assert "random" in refusal(resealed(edit)).found


def test_dropout_left_over_from_training(refusal):
    def edit(model):
        node(model, "Identity").op_type = "Dropout"

    assert "evaluation mode" in refusal(resealed(edit)).hint


def test_too_many_nodes(refusal):
    def edit(model):
        for index in range(10_000):
            model.graph.node.append(helper.make_node("Identity", ["observation"], [f"copy{index}"]))

    assert refusal(resealed(edit)).found == "10017 nodes"


@pytest.mark.parametrize("name", ["observation", "w1", "action", ""])
def test_a_value_that_is_made_twice_or_without_a_name(refusal, name):
    def edit(model):
        model.graph.initializer.append(numpy_helper.from_array(np.zeros(1, np.float32), name))

    assert repr(name) in refusal(resealed(edit)).found


def test_a_value_that_nobody_makes(refusal):
    def edit(model):
        node(model, "Tanh").input[0] = "nowhere"

    assert "nowhere" in refusal(resealed(edit)).found


# Weights


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(refusal, value):
    def edit(model):
        array = numpy_helper.to_array(weight(model, "w1")).copy()
        array[3, 4] = value
        weight(model, "w1").raw_data = array.tobytes()

    refused = refusal(resealed(edit))
    assert refused.field == "policy.onnx: weights 'w1'"
    assert str(value) in refused.found
    assert "diverged" in refused.hint


def test_an_attribute_that_is_not_finite(refusal):
    def edit(model):
        node(model, "Elu").attribute[0].f = np.nan

    assert "Elu" in refusal(resealed(edit)).field


def test_a_constant_that_is_not_finite(refusal):
    def edit(model):
        value = numpy_helper.from_array(np.array([np.nan], np.float32))
        model.graph.node.insert(0, helper.make_node("Constant", [], ["unused"], value=value))

    assert "Constant" in refusal(resealed(edit)).field


def test_weights_in_a_file_beside_it(refusal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where onnxruntime would look
    toy = onnx.ModelProto.FromString(toy_file())
    Path("weights.bin").write_bytes(weight(toy, "w1").raw_data)

    def edit(model):
        tensor = weight(model, "w1")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")

    refused = refusal(resealed(edit))
    assert refused.field == "policy.onnx: weights 'w1'"
    assert "weights.bin" in refused.found
    assert "external_data=False" in refused.hint


def test_weights_in_a_file_beside_it_of_a_constant(refusal):
    def edit(model):
        value = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
        value.external_data.add(key="location", value="/etc/passwd")
        model.graph.node.insert(0, helper.make_node("Constant", [], ["unused"], value=value))

    assert "/etc/passwd" in refusal(resealed(edit)).found


def test_a_place_outside_the_file_named_without_being_used(refusal):
    refused = refusal(
        resealed(lambda model: weight(model, "w1").external_data.add(key="location", value="/etc/passwd"))
    )
    assert "/etc/passwd" in refused.found


@pytest.mark.parametrize("dims", [[2**40, 2**40], [-1], [112, 17], [112], [0]])
def test_weights_of_another_size_than_their_shape(refusal, dims):
    def edit(model):
        tensor = weight(model, "w1")
        del tensor.dims[:]
        tensor.dims.extend(dims)

    refused = refusal(resealed(edit))
    assert refused.field == "policy.onnx: weights 'w1'"
    assert str(dims) in refused.found


@pytest.mark.parametrize("dims", [[2**62] * 1000, [1] * 10_000])
def test_weights_of_a_thousand_axes(refusal, dims):
    """The product of the first is a number that Python refuses to print."""

    def edit(model):
        tensor = weight(model, "w1")
        del tensor.dims[:]
        tensor.dims.extend(dims)

    assert refusal(resealed(edit)).found == f"{len(dims)} axes"


def test_weights_given_in_two_ways(refusal):
    assert "values" in refusal(resealed(lambda model: weight(model, "w1").float_data.append(1.0))).found


@pytest.mark.parametrize("kind", [TensorProto.STRING, TensorProto.COMPLEX64, TensorProto.UNDEFINED, 999])
def test_weights_of_a_kind_that_no_network_has(refusal, kind):
    def edit(model):
        weight(model, "w1").data_type = kind

    assert refusal(resealed(edit)).found == f"data type {kind}"


def test_sparse_weights(refusal):
    def edit(model):
        model.graph.sparse_initializer.add().dims.append(3)

    assert refusal(resealed(edit)).field == "policy.onnx: graph.sparse_initializer"


# Inputs and outputs


def value(model: onnx.ModelProto, name: str) -> onnx.ValueInfoProto:
    return next(value for value in (*model.graph.input, *model.graph.output) if value.name == name)


def test_an_observation_of_another_size(refusal):
    def edit(data):
        data["observation"].pop()
        data["golden"]["observation"] = [row[:21] for row in data["golden"]["observation"]]

    refused = refusal(with_contract(edit))
    assert refused.field == "policy.onnx: graph.input observation"
    assert refused.found == "shape ['batch', 33]"
    assert refused.expected.startswith("['batch', 21]")


def test_a_state_of_another_shape(refusal):
    refused = refusal(with_contract(lambda data: data["state"][0].update(shape=[3, 33])))
    assert refused.field == "policy.onnx: graph.input state.history"
    assert "[3" not in refused.found
    assert "['batch', 3, 33]" in refused.expected


def test_a_state_that_the_graph_does_not_have(refusal):
    refused = refusal(with_contract(lambda data: data["state"].append({"name": "mood", "shape": [1], "initial": None})))
    assert refused.field == "policy.onnx: graph.input"
    assert refused.expected == "state.mood"


def test_a_state_that_the_contract_does_not_have(refusal):
    refused = refusal(with_contract(lambda data: data["state"].pop(0)))
    assert "'state.history', unknown to the contract" in refused.found


def test_a_state_without_next(refusal):
    def edit(model):
        model.graph.output.remove(value(model, "state.history.next"))

    refused = refusal(resealed(edit))
    assert refused.field == "policy.onnx: graph.output"
    assert refused.expected == "state.history.next"


def test_no_joint_target(refusal):
    def edit(model):
        model.graph.output.remove(value(model, "joint_target"))

    assert refusal(resealed(edit)).expected == "joint_target"


def test_an_output_that_means_nothing(refusal):
    def edit(model):
        model.graph.output.append(helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", 16]))

    assert "'hidden'" in refusal(resealed(edit)).found


def test_an_input_given_twice(refusal):
    def edit(model):
        model.graph.input.append(value(model, "observation"))

    assert "'observation'" in refusal(resealed(edit)).found


def test_an_output_given_twice(refusal):
    def edit(model):
        model.graph.output.append(value(model, "joint_target"))

    refused = refusal(resealed(edit))
    assert (refused.field, refused.found) == ("policy.onnx: graph.output", "'joint_target' twice")


def test_an_output_given_twice_once_without_a_shape_beside_another_fault(tmp_path):
    """`verify` makes every check, also when an earlier one has failed."""

    def edit(model):
        model.graph.output.insert(0, helper.make_tensor_value_info("joint_target", TensorProto.FLOAT, None))
        node(model, "Elu").domain = "evil"

    (tmp_path / "policy.onnx").write_bytes(resealed(edit))
    failures = [outcome.failure for outcome in verify(Candidate(tmp_path / "policy.onnx", None)) if outcome.failure]
    assert [failure.field for failure in failures] == ["graph.node[10] ('Elu')", "graph.output"]


def test_another_data_type(refusal):
    def edit(model):
        value(model, "observation").type.tensor_type.elem_type = TensorProto.DOUBLE

    refused = refusal(resealed(edit))
    assert (refused.found, refused.expected) == ("DOUBLE", "a tensor of FLOAT (float32)")


@pytest.mark.parametrize("kind", [999, -1])
def test_a_data_type_that_nobody_knows(refusal, kind):
    def edit(model):
        value(model, "observation").type.tensor_type.elem_type = kind

    assert refusal(resealed(edit)).found == f"data type {kind}"


def test_an_input_that_is_no_tensor(refusal):
    def edit(model):
        observation = value(model, "observation")
        observation.type.ClearField("tensor_type")
        observation.type.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT

    assert refusal(resealed(edit)).found == "no tensor"


@pytest.mark.parametrize("name", ["observation", "joint_target", "state.history", "estimate.velocity_in_base"])
def test_a_free_axis_that_should_not_be(refusal, name):
    def edit(model):
        value(model, name).type.tensor_type.shape.dim[1].dim_param = "any"

    refused = refusal(resealed(edit))
    assert refused.field.endswith(name) or refused.field.endswith(f"'{name}'")
    assert "'any'" in refused.found or "0" in refused.found


def test_a_batch_that_is_not_free(refusal):
    def edit(model):
        value(model, "observation").type.tensor_type.shape.dim[0].dim_value = 1

    assert refusal(resealed(edit)).found == "shape [1, 33]"


def test_two_free_axes(refusal):
    def edit(model):
        value(model, "observation").type.tensor_type.shape.dim[0].dim_param = "other"

    assert refusal(resealed(edit)).found == "free axes called ['batch', 'other']"


def test_an_output_without_a_shape(refusal):
    def edit(model):
        value(model, "joint_target").type.tensor_type.ClearField("shape")

    assert refusal(resealed(edit)).found == "shape []"


def test_a_velocity_estimate_that_is_not_three_numbers(refusal):
    def edit(model):
        value(model, "estimate.velocity_in_base").type.tensor_type.shape.dim[1].dim_value = 16

    refused = refusal(resealed(edit))
    assert (refused.found, refused.expected) == ("shape ['batch', 16]", "['batch', 3], by the contract")


def test_an_estimate_with_a_strange_name(refusal):
    def edit(model):
        node(model, "MatMul").output[0] = "estimate.\x1b[2J"
        value(model, "estimate.velocity_in_base").name = "estimate.\x1b[2J"

    assert r"\x1b" in refusal(resealed(edit)).message


@pytest.mark.parametrize("shape", [["batch", 10**6, 10**6], ["batch"] + [1] * 5000, ["batch", 0], ["batch", -1]])
def test_an_estimate_of_a_shape_that_is_none(refusal, shape):
    def edit(model):
        model.graph.node.append(helper.make_node("Identity", ["hidden"], ["estimate.mood"]))
        model.graph.output.append(helper.make_tensor_value_info("estimate.mood", TensorProto.FLOAT, shape))

    assert refusal(resealed(edit)).field == "policy.onnx: graph.output 'estimate.mood'"


def test_estimates_without_end(refusal):
    def edit(model):
        for index in range(64):
            model.graph.node.append(helper.make_node("Identity", ["hidden"], [f"estimate.mood{index}"]))
            model.graph.output.append(
                helper.make_tensor_value_info(f"estimate.mood{index}", TensorProto.FLOAT, ["batch", 16])
            )

    refused = refusal(resealed(edit))
    assert (refused.found, refused.expected) == ("65 estimates", "at most 64")


def test_outputs_that_are_not_what_they_are_declared_to_be(refusal):
    """The declaration is right, the graph is not: onnxruntime or the buffers must notice."""

    def edit(model):
        weight(model, "w2").dims[:] = [48, 4]
        weight(model, "w_velocity").dims[:] = [48, 1]

    assert refusal(resealed(edit)).field == "policy.onnx: graph"


def test_an_output_that_grows_in_the_tick(refusal):
    def edit(model):
        last = node(model, "Add")  # the clock
        assert last.output[0] == "ahead"
        target = next(node for node in model.graph.node if node.output[0] == "joint_target")
        target.output[0] = "narrow"
        model.graph.initializer.append(numpy_helper.from_array(np.array([2, 1], np.int64), "twice"))
        model.graph.node.append(helper.make_node("Tile", ["narrow", "twice"], ["joint_target"]))

    assert refusal(resealed(edit)).field == "policy.onnx: graph"


def test_a_graph_that_asks_for_gigabytes(refusal):
    def edit(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array([10**9], np.int64), "many"))
        model.graph.node.append(helper.make_node("ConstantOfShape", ["many"], ["zeros"]))
        model.graph.node.append(helper.make_node("ReduceSum", ["zeros"], ["none"], keepdims=0))
        target = next(node for node in model.graph.node if node.output[0] == "joint_target")
        target.output[0] = "before_all"
        model.graph.node.append(helper.make_node("Add", ["before_all", "none"], ["joint_target"]))

    assert "memory" in refusal(resealed(edit)).found


# Golden


def test_another_output_than_when_it_was_exported(refusal):
    def edit(data):
        data["golden"]["joint_target"][5][2] += 2e-4

    refused = refusal(with_contract(edit))
    assert refused.field == "policy.onnx: contract.golden.joint_target[5][2] (FL_calf_joint)"
    expected_rad = toy_contract().golden.joint_target[5, 2] + 2e-4
    assert float(refused.expected.split()[0]) == pytest.approx(expected_rad, abs=1e-6)
    assert "within 0.0001" in refused.expected
    assert "1 of 40 ticks" in refused.expected


def test_an_output_just_within_the_tolerance(tmp_path):
    def edit(data):
        data["golden"]["joint_target"][5][2] += 0.9e-4

    (tmp_path / "policy.onnx").write_bytes(with_contract(edit))
    Policy.load(tmp_path / "policy.onnx", robot())


def test_another_operator_of_the_same_shape(refusal):
    def edit(model):
        node(model, "Tanh").op_type = "Sigmoid"

    assert "contract.golden.joint_target[0][0]" in refusal(resealed(edit)).field


def test_joint_targets_beyond_the_range_that_the_contract_states(refusal):
    """As of ranges in another order than the joints."""
    targets = toy_contract().golden.joint_target[:, 5]

    def edit(data):
        data["joint_target_range_rad"]["upper"][5] = float(targets.max()) - 2e-4

    refused = refusal(with_contract(edit))
    assert refused.field == "policy.onnx: contract.joint_target_range_rad (FR_calf_joint)"
    assert float(refused.found.split()[0]) == pytest.approx(targets.max(), abs=1e-6)
    assert refused.found.endswith(f" rad from the graph in tick {targets.argmax()} of golden")


def test_outputs_that_are_not_numbers(refusal):
    def edit(model):
        node(model, "Tanh").op_type = "Sqrt"  # of numbers below zero, too

    assert "nan" in refusal(resealed(edit)).found


def test_another_initial_state(refusal):
    assert "golden" in refusal(with_contract(lambda data: data["state"][2].update(initial=None))).field


def test_an_ir_version_from_the_future(refusal):
    def edit(model):
        model.ir_version = 10**6

    refused = refusal(resealed(edit))
    assert "onnxruntime" in refused.found


def test_a_weight_stored_as_single_numbers_is_as_good(tmp_path):
    graph = toy_graph()
    tensor = weight(graph, "w2")
    numbers = numpy_helper.to_array(tensor).ravel()
    tensor.ClearField("raw_data")
    tensor.float_data.extend(numbers.tolist())
    assert struct.pack("<f", tensor.float_data[0]) == numbers[:1].tobytes()
    (tmp_path / "policy.onnx").write_bytes(policy_file(graph, toy_contract()))
    Policy.load(tmp_path / "policy.onnx", robot())
