"""`surefoot diff`: what differs between two policy files."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table

if TYPE_CHECKING:
    from surefoot_policy.compare import Difference, WeightChange

MOST_ROWS = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two files."""
    parser.add_argument("a", type=Path, metavar="A", help="a policy.onnx, or the name of a shipped policy")
    parser.add_argument("b", type=Path, metavar="B", help="another")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; 0 whether they differ or not."""
    from surefoot_policy.compare import compare
    from surefoot_policy.shipped import policy_file

    difference = compare(policy_file(arguments.a), policy_file(arguments.b))
    if arguments.json:
        print_json({"a": arguments.a, "b": arguments.b, **asdict(difference)})
    elif difference.identical:
        print("the same file, byte for byte")
    else:
        _print(difference)
    return 0


def _print(difference: Difference) -> None:
    print_table(
        ["field", "A", "B"],
        [(change.field, change.a, change.b) for change in difference.fields],
        title=f"contract: {len(difference.fields)} fields differ",
    )
    print(f"\ngraph besides weights: {'the same' if difference.same_graph else 'different'}")
    shown = difference.weights[:MOST_ROWS]
    title = f"weights: {len(difference.weights)} of {difference.weights_compared} tensors differ"
    if shown:
        print_table(
            ["tensor", "shape", "largest difference", "relative (rms)"], [_weight_row(of) for of in shown], title=title
        )
    else:
        print(title)
    if len(difference.weights) > len(shown):
        print(f"... and {len(difference.weights) - len(shown)} more (--json shows all)")
    print()
    _print_outputs(difference)


def _weight_row(change: WeightChange) -> tuple[object, ...]:
    if change.shape_a is None or change.shape_b is None:
        where = "only in B" if change.shape_a is None else "only in A"
        return change.name, f"{where}: {_shape(change.shape_a or change.shape_b)}", None, None
    if change.shape_a != change.shape_b:
        return change.name, f"{_shape(change.shape_a)} in A, {_shape(change.shape_b)} in B", None, None
    return change.name, _shape(change.shape_a), change.largest, change.relative


def _shape(shape: tuple[int, ...] | None) -> str:
    return " x ".join(map(str, shape or ())) or "single"


def _print_outputs(difference: Difference) -> None:
    outputs = difference.outputs
    if outputs is None:
        print(f"joint targets cannot be compared: {difference.not_comparable}")
        return
    rows = zip(difference.joint_names, outputs.largest_rad, outputs.rms_rad, strict=True)
    print_table(
        ["joint", "largest rad", "rms rad"],
        list(rows),
        title=f"joint targets over the {outputs.ticks} ticks of A's golden sequence: up to "
        f"{max(outputs.largest_rad):.3g} rad apart",
    )
