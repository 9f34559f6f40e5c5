"""`surefoot export`: one file for the robot, checked against the policy that was trained before it is written."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json
from surefoot.progress import progress_bar

if TYPE_CHECKING:
    from surefoot_policy.export import Exported

_FORMATS = ("onnx", "torchscript")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is exported, and where it goes."""
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder, whose best policy is taken, or a checkpoint")
    parser.add_argument("--format", choices=_FORMATS, default="onnx", help="default: onnx, which the robot runs")
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="default: policy.onnx (or policy.ts) in RUN, or beside a checkpoint",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Export, compare, write, and say how far apart they are."""
    from surefoot_policy.export import SUFFIXES
    from surefoot_training.run.exporting import COMPARISON_STEPS, default_file, export_run

    file = arguments.out or default_file(arguments.run, SUFFIXES[arguments.format])
    with progress_bar(COMPARISON_STEPS, "compare", quiet=arguments.json) as advance:
        exported = export_run(arguments.run, file, form=arguments.format, report=advance)
    if arguments.json:
        print_json(_as_json(exported))
    else:
        _print(exported)
    return 0


def _as_json(exported: Exported) -> dict[str, object]:
    contract, parity = exported.contract, exported.parity
    return {
        "file": exported.file,
        "format": exported.format,
        "bytes": exported.size_bytes,
        "sha256": contract.sha256,
        "robot": contract.robot,
        "control_dt_s": contract.control_dt_s,
        "trained_with": contract.trained_with,
        "parity": {
            "ticks_each_way": parity.ticks,
            "episodes": parity.episodes,
            "module_drives_rad": parity.module_drives_rad,
            "export_drives_rad": parity.export_drives_rad,
            "tolerance_rad": parity.tolerance_rad,
        },
        "golden": {"ticks": len(contract.golden.observation), "error_rad": exported.golden_error_rad},
    }


def _print(exported: Exported) -> None:
    contract, parity = exported.contract, exported.parity
    origin = contract.trained_with
    print(f"{exported.file}: {exported.size_bytes / 1000:.0f} kB, {contract.robot}, {origin.task}, {origin.algorithm}")
    print(
        f"parity: {parity.worst_rad:.2g} rad at most between joint targets (allowed: {parity.tolerance_rad:g}), over "
        f"{parity.ticks} ticks driven by the trained policy and {parity.ticks} by the file, {parity.episodes} episodes"
    )
    print(f"golden: {len(contract.golden.observation)} ticks from reset, {exported.golden_error_rad:.2g} rad")
    if exported.format == "onnx":
        print(f"next: surefoot verify {shlex.quote(str(exported.file))}")
