"""All that a policy has to pass before it may run, in order: one list for loading and for `surefoot verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from surefoot_policy.contract import Contract
from surefoot_policy.fields import HINT
from surefoot_policy.file import MOST_BYTES, read_policy_file
from surefoot_policy.graph import check_operators, check_weights
from surefoot_policy.model import contract_text, parse_model
from surefoot_policy.refusal import PolicyError, said, shown
from surefoot_policy.runtime import Policy
from surefoot_policy.seal import check_seal
from surefoot_policy.session import open_session
from surefoot_policy.signature import check_signature, estimate_shapes
from surefoot_robots.calibration import Calibration, called
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec


@dataclass(slots=True)
class Candidate:
    """A policy on its way through the checks, and what they have found so far."""

    path: Path
    robot: RobotSpec | None
    most_bytes: int = MOST_BYTES
    calibration: Calibration | None = None
    """What was measured of the robot at hand; None if nobody says."""
    data: bytes = b""
    model: onnx.ModelProto | None = None
    contract: Contract | None = None
    policy: Policy | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether not a byte has changed."""
        try:
            check_seal(self.data, self.known_contract.sha256)
        except PolicyError:
            return False
        return True

    # For checks that come after those which find them.

    @property
    def known_model(self) -> onnx.ModelProto:
        """Its graph, which `format` has parsed."""
        assert self.model is not None
        return self.model

    @property
    def known_contract(self) -> Contract:
        """What it says of itself, which `contract` has read."""
        assert self.contract is not None
        return self.contract

    @property
    def known_policy(self) -> Policy:
        """The policy, which `runs` has opened."""
        assert self.policy is not None
        return self.policy


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to make sure of."""

    name: str
    means: str
    """What holds if it passes, for people."""

    run: Callable[[Candidate], None]
    needs: tuple[str, ...] = ()
    """Checks without which this one cannot be made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check: passed, failed with a reason, or not made, with a reason."""

    check: Check
    failure: PolicyError | None = None
    skipped: str | None = None

    @property
    def word(self) -> str:
        """As `surefoot verify` says it."""
        if self.failure:
            return "failed"
        return "not checked" if self.skipped else "ok"


def load_checked(path: Path, robot: RobotSpec | None, *, most_bytes: int = MOST_BYTES) -> Policy:
    """The policy, warm and at reset; the first failure is raised."""
    return load_candidate(path, robot, most_bytes=most_bytes).known_policy.warm_up()


def load_candidate(
    path: Path, robot: RobotSpec | None, *, most_bytes: int = MOST_BYTES, called: str | None = None
) -> Candidate:
    """A policy that has passed, with all that was found; the first failure is raised, of the file `called` so."""
    candidate = Candidate(path, robot, most_bytes)
    for check in CHECKS:
        if check.name == "calibration" or (check.name == "robot" and robot is None):
            continue  # another calibration is a matter of a warning: see `surefoot_policy.calibrated`
        try:
            check.run(candidate)
        except PolicyError as refused:
            raise refused.of(called or path.name or str(path)) from refused
    return candidate


def inspect_candidate(path: Path) -> Candidate:
    """A policy that is only looked at: a whole ONNX model with a contract, its shapes bounded; nothing is run."""
    candidate = Candidate(path, None)
    for check in CHECKS:
        if check.name in {"file", "format", "contract"}:
            try:
                check.run(candidate)
            except PolicyError as refused:
                raise refused.of(path.name or str(path)) from refused
    return candidate


def verify(candidate: Candidate) -> Iterator[Outcome]:
    """The outcome of every check; one that failed does not keep others from being made, unless they need it."""
    passed: set[str] = set()
    for check in CHECKS:
        missing = [name for name in check.needs if name not in passed]
        if check.name == "calibration" and not _is_about_one_robot(candidate):
            continue
        if missing:
            yield Outcome(check, skipped=f"needs {', '.join(missing)}")
        elif check.name == "robot" and candidate.robot is None:
            yield Outcome(check, skipped="no robot was named")
        elif check.name == "calibration" and candidate.calibration is None:
            yield Outcome(check, skipped="it has one: name that of the robot at hand")
        else:
            outcome = _outcome(check, candidate)
            if outcome.failure is None:
                passed.add(check.name)
            yield outcome


def _is_about_one_robot(candidate: Candidate) -> bool:
    """Whether there is a calibration to compare, on either side."""
    contract = candidate.contract
    return candidate.calibration is not None or (contract is not None and contract.trained_with.calibration is not None)


def _outcome(check: Check, candidate: Candidate) -> Outcome:
    try:
        check.run(candidate)
    except PolicyError as refused:
        return Outcome(check, failure=refused)
    return Outcome(check)


def check_robot(contract: Contract, robot: RobotSpec) -> None:
    """Whether the robot at hand is the one the policy was trained for."""
    way_out = f"take a policy that was trained for {robot.name}, or name the robot that this one is for"
    if contract.robot != robot.name:
        raise PolicyError("contract.robot", found=shown(contract.robot), expected=shown(robot.name), hint=way_out)
    if contract.joint_names != robot.joint_names:
        raise PolicyError(
            "contract.joint_names",
            found=", ".join(contract.joint_names),
            expected=f"{', '.join(robot.joint_names)}, the order of {robot.name}",
            hint="joint orders differ between tools: export the policy in the order of the robot's file",
        )
    if contract.robot_hash != robot_hash(robot):
        raise PolicyError(
            "contract.robot_hash",
            found=contract.robot_hash,
            expected=f"{robot_hash(robot)}, the hash of {robot.origin}",
            hint=f"{robot.name} has changed since the training: {_difference(contract, robot)}",
        )
    _check_limits(contract, robot)


def _check_limits(contract: Contract, robot: RobotSpec) -> None:
    """Whether what it says of its joints is what the robot's joints may do, which the hash says nothing about."""
    within = contract.joint_target_range_rad
    for field, found, limits, sign in (
        ("torque_limit_nm", contract.torque_limit_nm, robot.torque_limit_nm, 1),
        ("joint_target_range_rad.lower", within.lower, robot.joint_lower_rad, -1),
        ("joint_target_range_rad.upper", within.upper, robot.joint_upper_rad, 1),
    ):
        for joint, value, limit in zip(contract.joint_names, found, limits.tolist(), strict=True):
            if sign * value > sign * limit:
                raise PolicyError(
                    f"contract.{field} of {joint}",
                    found=f"{value!r}",
                    expected=f"at {'most' if sign > 0 else 'least'} {limit!r}, the limit of {robot.name}",
                    hint="clip joint targets in the graph to the robot's limits, state those, and export it again",
                )


def check_calibration(contract: Contract, calibration: Calibration) -> None:
    """Whether the policy was trained for the very robot at hand, as it was measured."""
    trained = contract.trained_with.calibration
    if trained is None or trained.sha256 != calibration.sha256:
        raise PolicyError(
            "contract.trained_with.calibration",
            found=called(trained.name, trained.sha256) if trained else "none",
            expected=f"{calibration.called}, that of the robot at hand",
            hint="train for this robot: surefoot train … --calibration FILE, --from the run of this policy if there is "
            "little time",
        )


def _difference(contract: Contract, robot: RobotSpec) -> str:
    """What of the robot's facts the contract lets us compare."""
    pairs = {
        "default_joint_position_rad": (contract.default_joint_position_rad, robot.default_joint_position_rad),
        "torque_limit_nm": (contract.torque_limit_nm, robot.torque_limit_nm),
    }
    differing = [name for name, (ours, its) in pairs.items() if not np.array_equal(np.array(ours), its)]
    return f"{' and '.join(differing) or 'joint or speed limits'}; train again, or take the robot's file of then"


def check_golden(policy: Policy) -> None:
    """Whether the policy does here what it did where it was exported."""
    contract, golden = policy.contract, policy.contract.golden
    targets = policy.play(golden.observation)
    off_rad = np.abs(targets.astype(np.float64) - golden.joint_target)
    wrong = ~(off_rad <= golden.tolerance_rad)  # NaN is wrong too
    if not wrong.any():
        _check_range(contract, targets)
        return
    tick, joint = np.argwhere(wrong)[0]
    raise PolicyError(
        f"contract.golden.joint_target[{tick}][{joint}] ({contract.joint_names[joint]})",
        found=f"{targets[tick, joint]:.9g} rad from the graph",
        expected=f"{golden.joint_target[tick, joint]:.9g} rad within {golden.tolerance_rad:g} "
        f"({int(wrong.any(axis=1).sum())} of {len(wrong)} ticks are wrong)",
        hint="the graph computes something else here than where it was exported: export it again, or use the "
        "onnxruntime it was exported with",
    )


def _check_range(contract: Contract, targets: np.ndarray) -> None:
    """Whether joint targets [T, J] are where the contract says that all are, but for the tolerance."""
    within, slack_rad = contract.joint_target_range_rad, contract.golden.tolerance_rad
    beyond = (targets < np.array(within.lower) - slack_rad) | (targets > np.array(within.upper) + slack_rad)
    if not beyond.any():
        return
    tick, joint = np.argwhere(beyond)[0]
    raise PolicyError(
        f"contract.joint_target_range_rad ({contract.joint_names[joint]})",
        found=f"{targets[tick, joint]:.9g} rad from the graph in tick {tick} of golden",
        expected=f"{within.lower[joint]!r} to {within.upper[joint]!r}, as the contract states",
        hint="clip joint targets in the graph, or put the range into the order of joint_names; then export it again",
    )


# The checks


def _read(candidate: Candidate) -> None:
    candidate.data = read_policy_file(candidate.path, most_bytes=candidate.most_bytes)


def _parse(candidate: Candidate) -> None:
    candidate.model = parse_model(candidate.data)


def _read_contract(candidate: Candidate) -> None:
    candidate.contract = Contract.from_json(contract_text(candidate.known_model))


def _open(candidate: Candidate) -> None:
    model = candidate.known_model
    session = open_session(candidate.data)
    try:
        candidate.policy = Policy(session, candidate.known_contract, estimate_shapes(model))
    except Exception as error:  # as above: of buffers that do not fit
        raise PolicyError(
            "graph", found=f"what does not fit its shapes: {said(error)}", expected="a graph that does", hint=HINT
        ) from error


def _check_robot(candidate: Candidate) -> None:
    assert candidate.robot is not None
    check_robot(candidate.known_contract, candidate.robot)


def _check_calibration(candidate: Candidate) -> None:
    assert candidate.calibration is not None
    check_calibration(candidate.known_contract, candidate.calibration)


CHECKS = (
    Check("file", "a regular file, not too large", _read),
    Check("format", "a whole ONNX model", _parse, needs=("file",)),
    Check("contract", "says what it is, in version 1 of the contract", _read_contract, needs=("format",)),
    Check(
        "seal",
        "not a byte has changed since it was exported",
        lambda of: check_seal(of.data, of.known_contract.sha256),
        needs=("contract",),
    ),
    Check("robot", "trained for the robot at hand", _check_robot, needs=("contract",)),
    Check("calibration", "trained for it as it was measured", _check_calibration, needs=("contract",)),
    Check(
        "operators",
        "standard operators only, without loops or randomness",
        lambda of: check_operators(of.known_model),
        needs=("format",),
    ),
    Check(
        "weights",
        "finite, and all in the file",
        lambda of: check_weights(of.known_model),
        needs=("format", "operators"),
    ),
    Check(
        "shapes",
        "inputs and outputs as the contract says",
        lambda of: check_signature(of.known_model, of.known_contract),
        needs=("contract",),
    ),
    Check("runs", "onnxruntime takes it", _open, needs=("operators", "weights", "shapes")),
    Check(
        "golden",
        "does here what it did where it was exported",
        lambda of: check_golden(of.known_policy),
        needs=("runs",),
    ),
)
"""In the order of loading. Nothing of a file is run before all that can be judged without running it is in order."""
