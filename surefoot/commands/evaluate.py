"""`surefoot evaluate`: a fixed protocol for walking policies, as tables, charts and JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.calibrating import add_calibration, read_for
from surefoot.numbers import positive, seed
from surefoot.output import print_table, to_json
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surefoot_training.evaluate.body import Body
    from surefoot_training.evaluate.evaluation import Evaluation
    from surefoot_training.evaluate.metrics import Figures
    from surefoot_training.evaluate.protocol import Protocol
    from surefoot_training.evaluate.pushes import PushResult
    from surefoot_training.evaluate.terrain import LaneResult
    from surefoot_training.evaluate.tracking import SweepPoint
    from surefoot_training.task.config import TaskConfig

_FIGURES = ("speed error m/s", "p95", "settled", "yaw rate error rad/s", "p95", "falls", "CoT", "impact N", "p95")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare who is examined, and how."""
    parser.add_argument(
        "policy", metavar="RUN-or-policy",
        help="run folder, checkpoint, .onnx, name of a shipped policy, or a baseline: stand, trot",
    )  # fmt: skip
    parser.add_argument("--robot", help="another robot than the policy's")
    parser.add_argument("--task", help="another task than the policy's")
    add_calibration(parser, "examine it on the robot that was measured")
    parser.add_argument(
        "--world", type=Path, metavar="FILE",
        help="examine it on the one robot that `truth` in this file describes, as `surefoot up --sim --world` has it",
    )  # fmt: skip
    parser.add_argument(
        "--axes",
        metavar="LIST",
        help="of tracking,terrain,starts,pushes,payload,friction,delay (default: all; terrain only if a task has it)",
    )
    parser.add_argument("--episodes", type=positive, metavar="N", help="of tracking (256), the rest in proportion")
    parser.add_argument("--seed", type=seed, help="of everything random (default: the protocol's)")
    parser.add_argument("--quick", action="store_true", help="a glimpse; not comparable with the whole protocol")
    parser.add_argument("--threads", type=positive, default=2, help="of the simulator (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure and setting; - for stdout alone")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for charts, one per axis")


def run(arguments: argparse.Namespace) -> int:
    """Examine, print, draw."""
    from surefoot_training.evaluate.candidate import find_candidate, judging_task
    from surefoot_training.evaluate.evaluation import evaluate, robot_steps
    from surefoot_training.evaluate.protocol import axes_for, parse_axes

    candidate, protocol, quiet = find_candidate(arguments.policy), _protocol(arguments), _is_stdout(arguments.json)
    task = judging_task(candidate, arguments.task)
    axes = parse_axes(arguments.axes) if arguments.axes else axes_for(task)
    body = _body(arguments, task, arguments.robot or candidate.robot)
    _check_writable(arguments)
    before = time.perf_counter()
    with progress_bar(robot_steps(protocol, axes, task), "robot steps", quiet=quiet) as advance:
        evaluation = evaluate(
            candidate,
            protocol,
            axes,
            task=task,
            robot=arguments.robot,
            body=body,
            threads=arguments.threads,
            report=advance,
        )
    took_s = time.perf_counter() - before
    if not quiet:
        _print(evaluation)
        print(f"took {took_s:.0f} s")
    _write(evaluation, arguments.json, arguments.out, quiet=quiet)
    return 0


def _body(arguments: argparse.Namespace, task: TaskConfig, robot: str) -> Body | None:
    """Another one than the robot's file describes, if somebody asked for it."""
    from surefoot_robots.loader import load_robot
    from surefoot_training.evaluate.body import hidden_body, measured_body
    from surefoot_training.simulated.config import load_world

    measured = read_for(robot, arguments)
    if measured is not None:
        if arguments.world is not None:
            raise SurefootError("--calibration and --world are two robots", hint="give one of them")
        return measured_body(task, load_robot(robot), *measured)
    if arguments.world is None:
        return None
    spec = load_robot(robot)
    return hidden_body(task, spec, load_world(arguments.world, spec).truth, arguments.world.name)


def _is_stdout(file: Path | None) -> bool:
    return file is not None and str(file) == "-"


def _protocol(arguments: argparse.Namespace) -> Protocol:
    from dataclasses import replace

    from surefoot_training.evaluate.protocol import Protocol

    protocol = Protocol()
    if arguments.quick:
        protocol = protocol.quick()
    if arguments.episodes:
        protocol = protocol.of_size(arguments.episodes)
    if arguments.seed is not None:
        protocol = replace(protocol, seed=arguments.seed)
    return protocol


def _check_writable(arguments: argparse.Namespace) -> None:
    """Before minutes of work, not after."""
    file = arguments.json
    if file is not None and not _is_stdout(file) and not file.absolute().parent.is_dir():
        raise SurefootError(f"there is no folder {file.absolute().parent}", hint="make it, or write elsewhere")
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)


def _write(evaluation: Evaluation, file: Path | None, folder: Path | None, *, quiet: bool) -> None:
    if file is not None:
        text = json.dumps(
            _summary(evaluation) | _found(evaluation), allow_nan=False, indent=None if _is_stdout(file) else 1
        )
        if _is_stdout(file):
            print(text)
        else:
            file.write_text(text + "\n", encoding="utf-8")
    if folder is None:
        return
    from surefoot_training.evaluate.charts import draw_charts

    for chart in draw_charts(evaluation, folder):
        if not quiet:
            print(chart)


def _found(evaluation: Evaluation) -> dict[str, object]:
    found = to_json(evaluation)
    assert isinstance(found, dict)
    return found


def _summary(evaluation: Evaluation) -> dict[str, object]:
    """The few figures that other programs rely on; null for axes that were left out."""
    summary: dict[str, object] = dict.fromkeys(
        ("episodes", "falls", "speed_error_mps", "yaw_rate_error_radps", "cost_of_transport")
    )
    if evaluation.tracking:
        found = evaluation.tracking.figures
        summary |= {
            "episodes": evaluation.protocol.tracking_robots,
            "falls": found.falls,
            "speed_error_mps": {"mean": found.speed_error_mean_mps, "p95": found.speed_error_p95_mps},
            "yaw_rate_error_radps": {"mean": found.yaw_rate_error_mean_radps, "p95": found.yaw_rate_error_p95_radps},
            "cost_of_transport": found.cost_of_transport,
        }
    lanes, pushed = evaluation.terrain or (), [push for push in evaluation.pushes or () if push.force_n > 0.0]
    walkers = sum(lane.robots for lane in lanes)
    successes = sum(lane.success_share * lane.robots for lane in lanes)
    recovered = sum(push.recovered_share for push in pushed)
    return summary | {
        "success_rate": successes / walkers if walkers else None,
        "push_recovery_rate": recovered / len(pushed) if pushed else None,
    }


def _print(evaluation: Evaluation) -> None:
    protocol = evaluation.protocol
    body = f", as in {evaluation.body}," if evaluation.body else ""
    print(f"{evaluation.candidate}: {evaluation.robot}{body} on {evaluation.task}, seed {protocol.seed}")
    if evaluation.is_told_velocity:
        print("It is told its true velocity, which no robot knows: an upper bound, not a policy to run.")
    print()
    if evaluation.tracking:
        tracking = evaluation.tracking
        rows = [[f"{protocol.tracking_robots} x {protocol.tracking_s:g} s", *_cells(tracking.figures)]]
        _print_rows("tracking: commands over the whole box, on a plane", ["robots", *_FIGURES], rows)
        if tracking.figures.estimate_error_mean_mps is not None:
            print(f"estimated velocity: off by {tracking.figures.estimate_error_mean_mps:.3f} m/s on average\n")
    if evaluation.terrain:
        _print_terrain(evaluation.terrain, protocol)
    if evaluation.starts:
        _print_sweep("starts", evaluation.starts, protocol.start_robots, protocol.start_s)
    if evaluation.pushes:
        _print_pushes(evaluation.pushes, protocol)
    for axis, points in (
        ("payload", evaluation.payload),
        ("friction", evaluation.friction),
        ("delay", evaluation.delay),
    ):
        if points:
            _print_sweep(axis, points, protocol.sweep_robots, protocol.sweep_s)


def _cells(figures: Figures) -> list[str]:
    return [
        f"{figures.speed_error_mean_mps:.3f}",
        f"{figures.speed_error_p95_mps:.3f}",
        _number(figures.speed_error_settled_mean_mps, 3),
        f"{figures.yaw_rate_error_mean_radps:.3f}",
        f"{figures.yaw_rate_error_p95_radps:.3f}",
        str(figures.falls),
        _number(figures.cost_of_transport, 2),
        _number(figures.impact_mean_n, 0),
        _number(figures.impact_p95_n, 0),
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _print_rows(title: str, columns: list[str], rows: list[list[str]]) -> None:
    print_table(columns, rows, title=title)
    print()


def _print_terrain(lanes: Sequence[LaneResult], protocol: Protocol) -> None:
    rows = []
    for result in lanes:
        measure = next(iter(result.lane.measures.items()), None)
        found = result.figures
        rows.append(
            [
                result.lane.kind,
                f"{result.lane.level}{'*' if result.is_bar else ''}",
                f"{measure[0]} {measure[1]:.3g}" if measure else "-",
                str(result.robots),
                _share(result.success_share, result.success_low, result.success_high),
                f"{result.fell}/{result.strayed}/{result.too_slow}",
                f"{result.walked_mean_m:.1f}",
                f"{found.speed_error_mean_mps:.3f}",
                f"{found.yaw_rate_error_mean_radps:.3f}",
                _number(found.cost_of_transport, 2),
                _number(found.impact_mean_n, 0),
            ]
        )
    head = ["kind", "level", "which is", "robots", "success (95 %)", "fell/strayed/late", "walked m"]
    title = (
        f"terrain: {protocol.terrain_length_m:g} m at {protocol.terrain_speed_mps:g} m/s within "
        f"{protocol.terrain_limit_s:g} s" + ("; * the bar, at least 90 %" if any(lane.is_bar for lane in lanes) else "")
    )
    _print_rows(title, [*head, "speed error m/s", "yaw rate error rad/s", "CoT", "impact N"], rows)


def _share(share: float, low: float, high: float) -> str:
    """With its confidence interval."""
    return f"{100 * share:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def _print_pushes(pushes: Sequence[PushResult], protocol: Protocol) -> None:
    from surefoot_training.evaluate.metrics import wilson_interval

    cell = {(result.force_n, result.direction_deg): result for result in pushes}
    rows = []
    for force in protocol.push_forces_n:
        of_force = [cell[force, direction] for direction in protocol.push_directions_deg]
        times_s = [result.recovery_mean_s for result in of_force if result.recovery_mean_s is not None]
        robots = sum(result.robots for result in of_force)
        recovered = sum(round(result.recovered_share * result.robots) for result in of_force)
        rows.append(
            [
                f"{force:g} N",
                *(f"{100 * result.recovered_share:.0f} %" for result in of_force),
                _share(recovered / robots, *wilson_interval(recovered, robots)),
                str(sum(result.fell for result in of_force)),
                str(sum(result.fell_before for result in of_force)),
                f"{sum(times_s) / len(times_s):.2f}" if times_s else "-",
            ]
        )
    directions = [f"{direction:g}°" for direction in protocol.push_directions_deg]
    title = (
        f"pushes: recovered within {protocol.push_recovery_s:g} s from {protocol.push_duration_s:g} s of force, by its "
        f"direction (0° forwards, 90° to the left), {protocol.push_robots} robots each"
    )
    _print_rows(title, ["force", *directions, "all (95 %)", "fell", "fell before", "took s"], rows)


def _print_sweep(axis: str, points: Sequence[SweepPoint], robots: int, seconds: float) -> None:
    rows = [[f"{point.value:g}", point.label, *_cells(point.figures)] for point in points]
    title = f"{axis}: {robots} robots x {seconds:g} s each"
    _print_rows(title, [axis, "which is", *_FIGURES], rows)
