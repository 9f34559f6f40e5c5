"""What a running robot tells of itself, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surefoot.operating import View
    from surefoot_safety.channel.records import LoopRecord, StatusRecord


def status_line(view: View) -> str:
    """Everything that matters, on one line."""
    if view.status is None:
        return "supervisor: not running" + (
            "" if view.link is None else f"; link: {view.link.record.note or 'running'}"
        )
    status = view.status.record
    parts = [f"{status.robot} {status.mode.value} for {status.in_mode_s:.0f} s ({status.command.value})"]
    parts += [reason for reason in status.reasons.split("\n") if reason][:2]
    if status.estop_reasons:
        parts.append(f"e-stop: {status.estop_reasons}")
    parts += [_power(status)] if _power(status) else []
    if view.link is None:
        parts.append("link: not running")
    else:
        parts += [f"link: {view.link.record.note}"] if view.link.record.note else []
        parts.append(f"late ticks {_late(view)}")
    return " · ".join(parts)


def status_rows(view: View) -> list[tuple[str, str]]:
    """Everything, as rows of a table."""
    rows = []
    if view.status is None:
        rows.append(("supervisor", "not running"))
    else:
        rows += _status_rows(view.status.record)
    for name, loop in (("link", view.link), ("supervisor", view.supervisor)):
        rows += [(name, "not running")] if loop is None else [(name, loop_text(loop.record))]
    for name, loop in (("robot node", view.robot_node), ("policy node", view.policy_node)):
        rows += [] if loop is None else [(name, loop_text(loop.record))]  # without ROS there is none to miss
    if view.link is not None and view.link.record.note:
        rows.append(("link says", view.link.record.note))
    if view.link is not None:
        rows.append(("real time", view.link.record.real_time))
    return rows


def status_json(view: View) -> dict[str, object]:
    """Everything, for machines; what is not running is null."""
    from surefoot_safety.channel.records import triggers_of

    result: dict[str, object] = {"running": view.status is not None}
    if view.status is not None:
        status = view.status.record
        result |= {
            "robot": status.robot,
            "mode": status.mode,
            "in_mode_s": status.in_mode_s,
            "raised": list(triggers_of(status.raised)),
            "active": list(triggers_of(status.active)),
            "latched": list(triggers_of(status.latched)),
            "reasons": [reason for reason in status.reasons.split("\n") if reason],
            "refusals": [refusal for refusal in status.refusals.split("\n") if refusal],
            "command": status.command,
            "velocity": dict(zip(("vx_mps", "vy_mps", "yaw_rate_radps"), status.velocity, strict=True)),
            "state_age_s": status.state_age_s,
            "target_age_s": status.target_age_s,
            "velocity_age_s": status.velocity_age_s,
            "battery_voltage_v": status.battery_voltage_v,
            "hottest_motor_c": status.hottest_motor_c,
            "estop": status.estop.name.lower(),
            "estop_reasons": status.estop_reasons,
        }
    loops = {
        "link": view.link,
        "supervisor_loop": view.supervisor,
        "robot_node": view.robot_node,
        "policy_node": view.policy_node,
    }
    return result | {name: None if loop is None else loop_json(loop.record) for name, loop in loops.items()}


def loop_json(loop: LoopRecord) -> dict[str, object]:
    """How a loop keeps its time."""
    return {
        "process": loop.process,
        "rate_hz": loop.rate_hz,
        "ticks": loop.ticks,
        "overruns": loop.overruns,
        "skipped": loop.skipped,
        "period_us": quantiles(loop.periods, loop.longest_period_us),
        "latency_us": quantiles(loop.latencies, loop.longest_latency_us),
        "cpu_s": loop.cpu_s,
        "real_time": loop.real_time,
        "note": loop.note,
    }


def quantiles(counts: tuple[int, ...], longest_us: float) -> dict[str, float]:
    """Median, p99, p99.9 and the longest."""
    from surefoot_safety.process.histogram import quantile_us

    shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
    return {name: min(quantile_us(counts, share), longest_us) for name, share in shares.items()} | {"max": longest_us}


def loop_text(loop: LoopRecord) -> str:
    """How a loop keeps its time, in one line."""
    period = quantiles(loop.periods, loop.longest_period_us)
    return (
        f"process {loop.process}, {loop.rate_hz:g} Hz: {loop.ticks} ticks, {loop.overruns} late, {loop.skipped} lost;"
        f" period p50 {period['p50']:.0f}, p99.9 {period['p999']:.0f}, longest {period['max']:.0f} µs"
    )


def _status_rows(status: StatusRecord) -> list[tuple[str, str]]:
    rows = [
        ("mode", f"{status.mode.value}, for {status.in_mode_s:.1f} s"),
        ("motors", status.command.value + (", clamped" if status.clamped else "")),
    ]
    rows += [("because", reason) for reason in status.reasons.split("\n") if reason]
    rows += [("last refusal", refusal) for refusal in status.refusals.split("\n") if refusal]
    rows.append(("e-stop", status.estop_reasons or "released"))
    ages = (("sample", status.state_age_s), ("targets", status.target_age_s), ("velocity", status.velocity_age_s))
    rows.append(("ages", ", ".join(f"{name} {_age(age_s)}" for name, age_s in ages)))
    return rows + ([("power", _power(status))] if _power(status) else [])


def _age(age_s: float) -> str:
    return "none" if math.isinf(age_s) else f"{1000.0 * age_s:.0f} ms"


def _power(status: StatusRecord) -> str:
    parts = []
    if not math.isnan(status.battery_voltage_v):
        parts.append(f"{status.battery_voltage_v:.1f} V")
    if not math.isnan(status.hottest_motor_c):
        parts.append(f"{status.hottest_motor_c:.0f} °C")
    return ", ".join(parts)


def _late(view: View) -> str:
    loops = [loop.record for loop in (view.link, view.supervisor) if loop is not None]
    return " + ".join(str(loop.overruns) for loop in loops)
