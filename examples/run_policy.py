"""Walk by a policy file alone, with onnxruntime, json and numpy; on a real robot also check seal and robot_hash.

python examples/run_policy.py policy.onnx [VX VY YAW_RATE]
"""

import json
import sys
from typing import Any

import numpy as np
import onnxruntime


class Policy:
    """A policy file and what it remembers."""

    def __init__(self, file: str) -> None:
        self.session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        self.contract = json.loads(self.session.get_modelmeta().custom_metadata_map["surefoot.contract"])
        if self.contract["version"] != 1:
            raise ValueError(f"{file} is of version {self.contract['version']}, this runner of version 1")
        self.outputs = [output.name for output in self.session.get_outputs()]
        golden = self.contract["golden"]
        self.reset()
        played = np.array([self.tick(np.float32(seen)) for seen in golden["observation"]])
        if not np.abs(played - golden["joint_target"]).max() <= golden["tolerance_rad"]:
            raise ValueError(f"{file} does not do here what it did where it was made")
        self.reset()

    def reset(self) -> None:
        """Remember nothing."""
        entries = self.contract["state"]
        initial = {e["name"]: np.zeros(e["shape"]) if e["initial"] is None else e["initial"] for e in entries}
        self.state = {f"state.{name}": np.float32(value)[None] for name, value in initial.items()}

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [J] rad of an observation [D]."""
        given = self.session.run(None, {"observation": observation[None], **self.state})
        found = dict(zip(self.outputs, given, strict=True))
        self.state = {name: found[f"{name}.next"] for name in self.state}
        return found["joint_target"][0]


def walk(policy: Policy, robot: Any, seconds: float) -> None:  # noqa: ANN401, whatever can sense and hold
    """Sense every term of the contract, tick, hold the targets with the contract's gains in its joint order."""
    for _ in range(round(seconds / policy.contract["control_dt_s"])):
        sensed = robot.sense(policy.contract["joint_names"])
        observation = np.concatenate([sensed[entry["term"]] for entry in policy.contract["observation"]])
        robot.hold(policy.contract, policy.tick(np.float32(observation)))


if __name__ == "__main__":
    from simulated_robot import SimulatedRobot

    policy = Policy(sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__))
    robot = SimulatedRobot(policy.contract["robot"], [float(word) for word in sys.argv[2:5]] or [0.5, 0.0, 0.0])
    walk(policy, robot, seconds=10.0)
    print(robot.report())
