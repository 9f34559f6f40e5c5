"""A small policy of the contract, its nodes written by hand: history, last action, gait clock; and one in NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from surefoot_policy.contract import (
    METADATA_KEY,
    UNSEALED,
    CommandRange,
    Contract,
    Gains,
    Golden,
    JointRange,
    ObservationEntry,
    StateEntry,
    TrainedWith,
)
from surefoot_policy.model import policy_file
from surefoot_policy.seal import seal
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot

JOINTS, OBSERVED, KEPT, HIDDEN = 12, 33, 2, 16
SCALE, CLOCK_STEP = 0.25, 0.04
TICKS = 40


def robot():
    return load_robot("go2")


def default_pose() -> np.ndarray:
    return robot().default_joint_position_rad.astype(np.float32)


@cache
def toy_weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    seen = (KEPT + 1) * OBSERVED + JOINTS + 1
    return {
        "w1": (rng.standard_normal((seen, HIDDEN)) / np.sqrt(seen)).astype(np.float32),
        "b1": rng.standard_normal(HIDDEN).astype(np.float32) * np.float32(0.1),
        "w2": (rng.standard_normal((HIDDEN, JOINTS)) / np.sqrt(HIDDEN)).astype(np.float32),
        "w_velocity": rng.standard_normal((HIDDEN, 3)).astype(np.float32),
        "pose": default_pose(),
        "scale": np.float32(SCALE).reshape(()),
        "step": np.float32(CLOCK_STEP).reshape(()),
        "axis_1": np.array([1], np.int64),
        "one": np.array([1], np.int64),
        "far": np.array([100], np.int64),
    }


def toy_graph(batch: str = "batch") -> onnx.ModelProto:
    """One tick; see `NumpyToy`."""
    node, value = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Unsqueeze", ["observation", "axis_1"], ["newest"]),
        node("Concat", ["state.history", "newest"], ["seen"], axis=1),
        node("Slice", ["seen", "one", "far", "axis_1"], ["state.history.next"]),
        node("Flatten", ["seen"], ["flat"]),
        node("Add", ["state.gait_clock", "step"], ["ahead"]),
        node("Floor", ["ahead"], ["turns"]),
        node("Sub", ["ahead", "turns"], ["state.gait_clock.next"]),
        node("Sin", ["state.gait_clock"], ["swing"]),
        node("Concat", ["flat", "state.last_action", "swing"], ["features"], axis=1),
        node("Gemm", ["features", "w1", "b1"], ["before"]),
        node("Elu", ["before"], ["hidden"], alpha=1.0),
        node("MatMul", ["hidden", "w_velocity"], ["estimate.velocity_in_base"]),
        node("MatMul", ["hidden", "w2"], ["raw"]),
        node("Tanh", ["raw"], ["action"]),
        node("Identity", ["action"], ["state.last_action.next"]),
        node("Mul", ["action", "scale"], ["relative"]),
        node("Add", ["relative", "pose"], ["joint_target"]),
    ]
    shapes = {"history": [KEPT, OBSERVED], "last_action": [JOINTS], "gait_clock": [1]}
    inputs = {"observation": [OBSERVED], **{f"state.{name}": shape for name, shape in shapes.items()}}
    outputs = {
        "joint_target": [JOINTS],
        **{f"state.{name}.next": shape for name, shape in shapes.items()},
        "estimate.velocity_in_base": [3],
    }
    graph = helper.make_graph(
        nodes,
        "toy",
        [value(name, TensorProto.FLOAT, [batch, *shape]) for name, shape in inputs.items()],
        [value(name, TensorProto.FLOAT, [batch, *shape]) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in toy_weights().items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10, producer_name="tests")


class NumpyToy:
    """What the graph computes, in float64."""

    def __init__(self, clock: float = 0.5) -> None:
        self.history = np.zeros((KEPT, OBSERVED))
        self.last_action = np.zeros(JOINTS)
        self.clock = np.array([clock])

    def tick(self, observation: np.ndarray) -> np.ndarray:
        weights = {name: array.astype(np.float64) for name, array in toy_weights().items()}
        seen = np.concatenate([self.history, observation[None]])
        features = np.concatenate([seen.ravel(), self.last_action, np.sin(self.clock)])
        before = features @ weights["w1"] + weights["b1"]
        hidden = np.where(before > 0, before, np.expm1(before))
        self.velocity = hidden @ weights["w_velocity"]
        self.history, self.clock = seen[1:], (self.clock + weights["step"]) % 1.0
        self.last_action = np.tanh(hidden @ weights["w2"])
        return self.last_action * weights["scale"] + weights["pose"]


@cache
def toy_observations() -> np.ndarray:
    return np.random.default_rng(11).standard_normal((TICKS, OBSERVED)).astype(np.float32)


@cache
def toy_golden() -> Golden:
    toy = NumpyToy()
    targets = np.array([toy.tick(seen.astype(np.float64)) for seen in toy_observations()])
    return Golden(toy_observations(), targets.astype(np.float32), 1e-4)


def toy_contract() -> Contract:
    spec = robot()
    return Contract(
        version=1,
        robot=spec.name,
        robot_hash=robot_hash(spec),
        control_dt_s=0.02,
        joint_names=spec.joint_names,
        observation=(
            ObservationEntry("angular_velocity_in_base", 3),
            ObservationEntry("gravity_in_base", 3),
            ObservationEntry("velocity_command", 3),
            ObservationEntry("joint_position", JOINTS),
            ObservationEntry("joint_velocity", JOINTS),
        ),
        state=(
            StateEntry("history", (KEPT, OBSERVED)),
            StateEntry("last_action", (JOINTS,)),
            StateEntry("gait_clock", (1,), np.array([0.5], np.float32)),
        ),
        gains=Gains((25.0,) * JOINTS, (0.5,) * JOINTS),
        torque_limit_nm=tuple(spec.torque_limit_nm.tolist()),
        default_joint_position_rad=tuple(spec.default_joint_position_rad.tolist()),
        joint_target_range_rad=JointRange(tuple(spec.joint_lower_rad.tolist()), tuple(spec.joint_upper_rad.tolist())),
        command_range=CommandRange((-1.0, 1.0), (-0.6, 0.6), (-1.2, 1.2)),
        trained_with=TrainedWith(
            simulator="by hand",
            task="toy",
            algorithm="none",
            seed=0,
            steps=0,
            git="unknown",
            config_sha256="unknown",
            created="2026-01-31T12:00:00+00:00",
        ),
        golden=toy_golden(),
    )


@cache
def toy_file() -> bytes:
    return policy_file(toy_graph(), toy_contract())


def resealed(edit: Callable[[onnx.ModelProto], object], data: bytes | None = None) -> bytes:
    """The file with its model edited and sealed again, as somebody would who wants it to pass."""
    model = onnx.ModelProto.FromString(toy_file() if data is None else data)
    metadata = next(entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    metadata.value = metadata.value.replace(json.loads(metadata.value)["sha256"], UNSEALED)
    edit(model)
    return seal(model.SerializeToString(deterministic=True))


def with_contract(edit: Callable[[dict], object]) -> bytes:
    """The file with its contract's JSON edited and sealed again."""

    def apply(model: onnx.ModelProto) -> None:
        data = json.loads(model.metadata_props[0].value)
        edit(data)
        model.metadata_props[0].value = json.dumps(data)

    return resealed(apply)
