"""The page of a training run: how it learned, with what, and how it was judged if it was."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from surefoot.report.page import Section, Tile, data_url, page, preformatted, table
from surefoot_robots.errors import SurefootError

CONFIG, JOURNAL, PROVENANCE = "config.yaml", "progress.jsonl", "provenance.yaml"
EVALUATION = "evaluation.json"
MOST_SETTINGS = 100_000
"""Characters; ours have some 8,000."""


def run_page(folder: Path) -> str:
    """From the folder that `surefoot train` wrote."""
    if not (folder / JOURNAL).is_file():
        raise SurefootError(
            f"{folder} is no run's folder: there is no {JOURNAL} in it", hint="give a recording or a run"
        )
    entries = _entries(folder / JOURNAL)
    sections = [
        Section("How it learned", "Thin lines are single iterations.", _curves(folder)),
        *_judged(folder),
        _section_of_file(folder / PROVENANCE, "Where it comes from", ""),
        _section_of_file(folder / CONFIG, "Settings", "Everything it was learned with."),
    ]
    last = entries[-1]
    subtitle = f"{last['steps'] / 1e6:.2f} M control steps in {_duration(last['elapsed_s'])}"
    return page(f"training run {folder.resolve().name}", subtitle, _tiles(last), sections, "Made by `surefoot report`.")


def _entries(journal: Path) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(journal.read_text(encoding="utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
            float(entry["steps"]), float(entry["elapsed_s"])
        except (ValueError, TypeError, KeyError) as error:
            raise SurefootError(f"{journal}, line {number}: {type(error).__name__}: {error}") from error
        found.append(entry)
    if not found:
        raise SurefootError(f"{journal}: no iteration was finished yet")
    return found


def _tiles(last: dict[str, Any]) -> list[Tile]:
    known = {
        "episode/speed_error_mps": ("{:.3f} m/s", "speed error, in training"),
        "episode/yaw_rate_error_radps": ("{:.3f} rad/s", "yaw rate error, in training"),
        "episode/falls": ("{:.2f}", "falls per episode, in training"),
        "curriculum/level_mean": ("{:.1f}", "level of terrain"),
        "time/steps_per_s": ("{:,.0f}", "control steps per second"),
    }
    return [
        Tile(form.format(last[key]), what)
        for key, (form, what) in known.items()
        if isinstance(last.get(key), int | float)
    ]


def _curves(folder: Path) -> str:
    from surefoot_training.run.curves import draw_curves

    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "curves.png"
        draw_curves(folder / JOURNAL, file, "")
        source = data_url("image/png", file.read_bytes())
    return f'<img alt="learning curves" src="{source}">'


def _judged(folder: Path) -> list[Section]:
    """What `surefoot evaluate RUN --json RUN/evaluation.json` left there."""
    file = folder / EVALUATION
    if not file.is_file():
        how = f"Not judged yet: surefoot evaluate {folder} --json {file}"
        return [Section("How it walks", how, "")]
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        rows = [(name.replace("_", " "), value) for name, value in _figures(told)]
        lanes = [
            (lane["lane"]["kind"], lane["lane"]["level"], lane["robots"], 100.0 * lane["success_share"], lane["fell"])
            for lane in told.get("terrain") or []
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SurefootError(f"{file}: is no evaluation: {type(error).__name__}: {error}") from error
    sections = [Section("How it walks", "By `surefoot evaluate`.", table(("figure", "value"), rows))]
    if lanes:
        body = table(("kind", "level", "robots", "success, %", "fell"), lanes)
        sections.append(Section("Terrain", "20 m at 0.5 m/s.", body))
    return sections


def _figures(told: dict[str, Any]) -> list[tuple[str, float]]:
    """The numbers at the top, those one level down with both names."""
    found = []
    for name, value in told.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append((name, value))
        elif isinstance(value, dict) and set(value) <= {"mean", "p95"}:
            found += [(f"{name}, {which}", number) for which, number in value.items() if number is not None]
    return found


def _section_of_file(file: Path, title: str, caption: str) -> Section:
    if not file.is_file():
        return Section(title, f"There is no {file.name}.", "")
    return Section(title, caption, preformatted(file.read_text(encoding="utf-8", errors="replace")[:MOST_SETTINGS]))


def _duration(seconds: float) -> str:
    minutes, hours = int(seconds / 60.0) % 60, int(seconds / 3600.0)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
