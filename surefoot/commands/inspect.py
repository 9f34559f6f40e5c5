"""`surefoot inspect`: what a policy file is, on one page."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table

if TYPE_CHECKING:
    from surefoot_policy.checks import Candidate
    from surefoot_policy.contract import CalibrationId, Contract


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A file."""
    parser.add_argument("file", type=Path, help="a policy.onnx, or the name of a shipped policy")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Read it without running it: also what `surefoot verify` would refuse, as far as it can be read."""
    from surefoot_policy.checks import inspect_candidate
    from surefoot_policy.shipped import policy_file

    candidate = inspect_candidate(policy_file(arguments.file))
    network = _network(candidate)
    if arguments.json:
        contract = asdict(candidate.known_contract)
        contract["golden"] = _golden(candidate.known_contract)
        print_json({"file": candidate.path, "size_bytes": len(candidate.data), "contract": contract, **network})
        return 0
    _print_origin(candidate)
    _print_interface(candidate.known_contract, network)
    _print_joints(candidate.known_contract)
    print(f"`surefoot verify {candidate.path}` makes sure that all this is so.")
    return 0


def _network(candidate: Candidate) -> dict[str, object]:
    """What is in the graph."""
    from surefoot_policy.graph import weight_count
    from surefoot_policy.refusal import shown
    from surefoot_policy.signature import estimate_shapes

    model = candidate.known_model
    # Names in a file that has not been checked may hold anything, also what a terminal obeys.
    counted = Counter(shown(node.op_type).strip("'") for node in model.graph.node)
    return {
        "sealed": candidate.is_sealed,
        "opset": max(entry.version for entry in model.opset_import),
        "weights": weight_count(model),
        "operators": dict(sorted(counted.items())),
        "estimates": {shown(name).strip("'"): list(shape) for name, shape in estimate_shapes(model).items()},
    }


def _golden(contract: Contract) -> dict[str, object]:
    """Without its thousands of numbers."""
    return {"ticks": len(contract.golden.observation), "tolerance_rad": contract.golden.tolerance_rad}


def _print_origin(candidate: Candidate) -> None:
    from surefoot_policy.refusal import shown

    contract, origin = candidate.known_contract, candidate.known_contract.trained_with
    rows = [
        ("for the robot", f"{contract.robot} (hash {contract.robot_hash[:12]})"),
        ("control rate", f"{1.0 / contract.control_dt_s:g} Hz, a tick every {contract.control_dt_s:g} s"),
        ("trained on", f"{origin.task}, by {origin.algorithm} in {origin.simulator}"),
        ("steps, seed", f"{origin.steps:,} steps, seed {origin.seed}"),
        ("calibration", _calibration(origin.calibration)),
        ("created", origin.created),
        ("git", origin.git),
        ("file", f"{len(candidate.data):,} bytes, contract version {contract.version}"),
        (
            "seal",
            f"{contract.sha256[:12]}, intact"
            if candidate.is_sealed
            else f"BROKEN: the file states {shown(contract.sha256[:12])} but is another: it was damaged or changed",
        ),
    ]
    print_table(["policy", str(candidate.path.name)], rows)
    print()


def _calibration(known: CalibrationId | None) -> str:
    from surefoot_robots.calibration import called

    return called(known.name, known.sha256) if known else "none: for any robot that its file describes"


def _print_interface(contract: Contract, network: dict[str, object]) -> None:
    from surefoot_policy.contract import TERM_UNITS
    from surefoot_policy.refusal import cut

    print_table(
        ["term", "values", "unit"],
        [(entry.term, entry.size, TERM_UNITS[entry.term]) for entry in contract.observation],
        title=f"observes, raw, {contract.observation_size} values in this order",
    )
    print()
    print_table(
        ["state", "shape", "at reset"],
        [
            (entry.name, " x ".join(map(str, entry.shape)) or "1", "zeros" if entry.initial is None else "given")
            for entry in contract.state
        ],
        title="remembers from tick to tick",
    )
    print()
    span = contract.command_range
    rows = {"vx m/s": span.vx_mps, "vy m/s": span.vy_mps, "yaw rate rad/s": span.yaw_rate_radps}
    print_table(["command", "from", "to"], [(name, *ends) for name, ends in rows.items()], title="trained for commands")
    print()
    estimates, operators = network["estimates"], network["operators"]
    assert isinstance(estimates, dict)
    assert isinstance(operators, dict)
    told = ", ".join(f"{name} {shape}" for name, shape in estimates.items())
    golden = contract.golden
    print_table(
        ["network", ""],
        [
            ("tells", f"{contract.joints} joint targets, rad{f'; estimates: {cut(told)}' if told else ''}"),
            ("weights", f"{network['weights']:,} numbers, ONNX opset {network['opset']}"),
            ("operators", cut(", ".join(f"{name} {count}" for name, count in operators.items()), 1000)),
            ("golden", f"{len(golden.observation)} ticks to repeat within {golden.tolerance_rad:g} rad at every load"),
        ],
    )
    print()


def _print_joints(contract: Contract) -> None:
    within, gains = contract.joint_target_range_rad, contract.gains
    columns = {
        "joint": contract.joint_names,
        "default rad": contract.default_joint_position_rad,
        "lowest rad": within.lower,
        "highest rad": within.upper,
        "kp Nm/rad": gains.kp_nm_per_rad,
        "kd Nms/rad": gains.kd_nms_per_rad,
        "torque Nm": contract.torque_limit_nm,
    }
    print_table(list(columns), list(zip(*columns.values(), strict=True)), title="joints, in the order of every array")
    print()
