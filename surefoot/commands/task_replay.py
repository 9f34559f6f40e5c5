"""`surefoot task replay`: what a run left that went wrong, played again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.run.not_finite import Replay
    from surefoot_training.sim.blow_up_trace import BlowUpTrace

_OUT = "out of bounds"


def replay(dump: Path, png: Path | None, *, as_json: bool) -> None:
    """A folder is of a simulation that blew up, a file of learning that met a NaN."""
    if not dump.is_file():
        _blow_up(dump, png, as_json=as_json)
        return
    if png is not None:
        raise SurefootError(f"--png draws simulations, and {dump} is a dump of learning", hint="leave out --png")
    _not_finite(dump, as_json=as_json)


# Learning that met a NaN


def _not_finite(file: Path, *, as_json: bool) -> None:
    from surefoot_training.run.not_finite import replay

    found = replay(file)
    if as_json:
        print_json({name: getattr(found, name) for name in found.__slots__})
    else:
        _print_not_finite(found)


def _print_not_finite(found: Replay) -> None:
    of = f", process {found.process} of {found.processes}" if found.processes > 1 else ""
    title = f"{found.task}, {found.robot}, iteration {found.iteration}{of}: {found.culprit} was not finite"
    rows = [
        (kind, name, f"{value:.6g}", "" if math.isfinite(value) else "not finite")
        for kind, values in (("loss", found.losses), ("gradient", found.gradients))
        for name, value in values.items()
    ]
    print_table(["", "of", "value", ""], rows, title=title)
    if found.not_finite:
        print(f"not finite: {', '.join(found.not_finite)}")
    elif found.processes > 1:
        print("all of it is finite: gradients are averaged over the processes, and another one's dump has the cause")
    else:
        print("all of it is finite here: another version, or another kind of processor, than the run's?")
    print("(losses as they were minimized, weights included; gradients before they are clipped)")


# A simulation that blew up


def _blow_up(folder: Path, png: Path | None, *, as_json: bool) -> None:
    from surefoot_training.sim.blow_up_trace import trace

    blow_up = trace(folder)
    if png is not None:
        from surefoot_training.sim.blow_up_chart import draw_blow_up

        draw_blow_up(blow_up, png)
    if as_json:
        print_json(_blow_up_json(blow_up, png))
        return
    _print_blow_up(blow_up)
    if png is not None:
        print(f"curves: {png}")


def _blow_up_json(blow_up: BlowUpTrace, png: Path | None) -> dict[str, object]:
    return {
        "robot": blow_up.robot,
        "control_dt_s": blow_up.control_dt_s,
        "left_sane_range_in_step": blow_up.step[blow_up.left_sane_range],
        "reason": blow_up.reason,
        "steps": {
            name: getattr(blow_up, name)
            for name in (
                "step",
                "base_height_m",
                "tilt_rad",
                "base_speed_mps",
                "joint_speed_radps",
                "fastest_joint",
                "base_force_n",
                "velocity_kick_mps",
            )
        },
        **({"png": png} if png else {}),
    }


def _print_blow_up(blow_up: BlowUpTrace) -> None:
    rows = [
        (
            int(step),
            _short(blow_up.base_height_m[row]),
            _short(math.degrees(blow_up.tilt_rad[row]), decimals=1),
            _short(blow_up.base_speed_mps[row]),
            _short(blow_up.joint_speed_radps[row]),
            blow_up.fastest_joint[row],
            _events(blow_up, row),
        )
        for row, step in enumerate(blow_up.step)
    ]
    print_table(
        ["step", "height m", "tilt °", "base m/s", "joint rad/s", "fastest joint", "what happened"],
        rows,
        title=f"robot {blow_up.robot}: its last {len(rows)} control steps of {blow_up.control_dt_s:g} s",
    )
    print(f"{_OUT} in step {blow_up.step[blow_up.left_sane_range]}: {blow_up.reason}")
    print("(speeds are means over a step, from positions; height is that of the base above the world's zero)")


def _short(value: float, decimals: int = 3) -> str:
    return f"{value:.{decimals}f}" if abs(value) < 1e4 else f"{value:.3g}"


def _events(blow_up: BlowUpTrace, row: int) -> str:
    events = []
    if blow_up.velocity_kick_mps[row] > 0:
        events.append(f"kick {blow_up.velocity_kick_mps[row]:.3g} m/s")
    if blow_up.base_force_n[row] > 0:
        events.append(f"push {blow_up.base_force_n[row]:.3g} N")
    if row == blow_up.left_sane_range:
        events.append(_OUT)
    return ", ".join(events)
