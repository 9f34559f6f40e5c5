"""What there is to know about a task, as sections of tables for people and the same as data for machines.

Nothing is copied here that the task's own code says: meanings and sources come from the settings' `about`, the first
line of a term's docstring, and the docstrings below the fields of a dataclass.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from surefoot.commands.task_fields import FieldRow, degrees, documented, number_text, setting_rows, value_text
from surefoot.docstrings import cited_sources, first_line
from surefoot_training.task.terms import RewardTerm, TerminationTerm, arguments_of

if TYPE_CHECKING:
    from surefoot_training.task.config import TaskConfig
    from surefoot_training.task.terms import ObservationTerm, Term
    from surefoot_training.task.terrain import TerrainConfig


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns; the column `source` says where the row's numbers are from."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """One subject of a task."""

    name: str
    """As `--only` takes it and as the key in JSON."""
    about: str
    """What a newcomer has to know to read the tables."""
    tables: tuple[Table, ...]
    data: object
    """All of it in full precision, for JSON."""
    cited: Mapping[str, str] = field(default_factory=dict)
    """What the short names in brackets stand for."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What to know about a task before anything else; also a line of the list of tasks."""

    name: str
    summary: str
    robot: str
    observation_size: int
    privileged_size: int
    terrain_kinds: tuple[str, ...]
    terrain_levels: int
    episode_s: float
    control_dt_s: float


def overview(task: TaskConfig) -> Overview:
    """`task` in a few words and numbers."""
    terrain = task.terrain
    return Overview(
        name=task.name,
        summary=task.summary,
        robot=task.robot,
        observation_size=_size(task.observation),
        privileged_size=_size(task.privileged),
        terrain_kinds=tuple(dict.fromkeys(terrain.columns)) if terrain else ("flat",),
        terrain_levels=terrain.level_count if terrain else 1,
        episode_s=task.episode_s,
        control_dt_s=task.control_dt_s,
    )


def sections(task: TaskConfig, only: Collection[str] | None = None) -> list[Section]:
    """Everything about `task`, or the sections named in `only`, in the order of `SECTIONS`."""
    return [describe(task, name) for name, describe in SECTIONS.items() if only is None or name in only]


# Terms


def _observation(task: TaskConfig, name: str) -> Section:
    about = (
        f"What the policy sees in every control step: {_size(task.observation)} numbers, the terms of the policy "
        "contract in this order, raw, as the sensors measured them."
    )
    return _observed(name, about, task.observation)


def _privileged(task: TaskConfig, name: str) -> Section:
    about = (
        f"What only the critic sees besides, and only in training: {_size(task.privileged)} numbers, the truth, which "
        "no sensor of the robot measures."
    )
    return _observed(name, about, task.privileged)


def _size(terms: Iterable[ObservationTerm]) -> int:
    return sum(term.size for term in terms)


def _observed(name: str, about: str, terms: Sequence[ObservationTerm]) -> Section:
    rows, data, start = [], [], 0
    for term in terms:
        described = _described(term)
        described["meaning"] = _without_shape(described["meaning"])
        span = f"{start} to {start + term.size - 1}" if term.size > 1 else str(start)
        rows.append((term.name, term.size, span, term.unit, described["meaning"]))
        data.append({"term": term.name, "size": term.size, "start": start, "unit": term.unit, **described})
        start += term.size
    return Section(name, about, (Table(("term", "size", "at", "unit", "meaning"), rows),), data)


def _without_shape(meaning: str) -> str:
    """Without `[N, 3]` and the like, which the column of sizes says in plain words."""
    return re.sub(r" \[N(, \w+)*\]", "", meaning)


def _rewards(task: TaskConfig, name: str) -> Section:
    about = (
        f"What is wanted has a positive weight, what costs a negative one. In every control step a robot gets the sum "
        f"of weight × term × {task.control_dt_s:g} s."
    )
    rows, data = [], []
    for term in task.rewards:
        described = _described(term)
        rows.append((term.name, term.weight, _parameter_text(described), described["meaning"]))
        data.append({"name": term.name, "weight_per_s": term.weight, **described})
    table = Table(("term", "weight per s", "parameters", "formula and source"), rows)
    return Section(name, about, (table,), data, _cited_by_terms(task.rewards))


def _terminations(task: TaskConfig, name: str) -> Section:
    about = (
        "What ends an episode, as a fall or as a time-out, which is not the robot's fault. A robot whose simulation "
        "blows up has fallen, too."
    )
    rows, data = [], []
    for term in task.terminations:
        described, kind = _described(term), "time-out" if term.is_timeout else "fall"
        rows.append((term.name, kind, _parameter_text(described), described["meaning"]))
        data.append({"name": term.name, "ends_as": kind, **described})
    table = Table(("term", "ends as", "parameters", "meaning"), rows)
    return Section(name, about, (table,), data, _cited_by_terms(task.terminations))


def _described(term: Term) -> dict[str, Any]:
    """The function behind a line of a table: its name, what it says of itself, what it takes and with which values."""
    signature = inspect.signature(term.function).parameters.values()
    defaults = {each.name: each.default for each in signature if each.kind is each.KEYWORD_ONLY}
    return {
        "meaning": first_line(term.function),
        "function": term.function.__name__,
        "parameters": {name: term.parameters.get(name, default) for name, default in defaults.items()},
        "quantities": arguments_of(term.function).quantities,
    }


def _parameter_text(described: Mapping[str, Any]) -> str:
    """One parameter a line; the unit is in its name."""
    return "\n".join(
        f"{name} {number_text(value)}{degrees(value, name)}" for name, value in described["parameters"].items()
    )


def _cited_by_terms(terms: Iterable[RewardTerm | TerminationTerm]) -> dict[str, str]:
    cited: dict[str, str] = {}
    for term in terms:
        module = sys.modules[term.function.__module__]
        cited |= cited_sources(module.__doc__, [first_line(term.function)])
    return cited


# Settings that explain themselves

_DRAWN = "a range is drawn from evenly (uniform), a single number is fixed."
_SETTINGS = {
    "commands": f"The velocities a robot is asked for; {_DRAWN}",
    "gait": "The trot clock that some rewards and the critic go by: when each foot should be down.",
    "pushes": f"What knocks robots about while they walk; {_DRAWN}",
    "randomization": f"What differs from robot to robot, drawn anew at every reset; {_DRAWN}",
    "sensors": f"What stands between the truth and what the policy sees; {_DRAWN}",
    "curriculum": "When robots move to harder terrain and are asked for higher speeds: a grid of level × speed.",
}
"""Field of `TaskConfig` → what the section says first."""


def _settings(task: TaskConfig, name: str) -> Section:
    rows, about = setting_rows(getattr(task, name)), _SETTINGS[name]
    if name == "sensors" and not any(term.name == "height_scan" for term in task.observation):
        about += " Here the policy sees no height scan, so `scan.…` is not used."
    table = Table(
        ("name", "value", "drawn", "meaning", "source"),
        [(row.name, value_text(row), row.distribution, row.meaning, row.source) for row in rows],
    )
    return Section(name, about, (table,), rows)


# Terrain and simulation: plain dataclasses, explained by the docstrings below their fields


def _terrain(task: TaskConfig, name: str) -> Section:
    terrain = task.terrain
    if terrain is None:
        return Section(name, "An endless plane.", (), None)
    kinds = _kinds(terrain)
    about = (
        f"{terrain.level_count} levels of difficulty, from easiest to hardest, each a row of tiles with a column for "
        "every kind; see it with `surefoot terrain --png FILE`."
    )
    shown = Table(("kind", "share", "what a robot meets", "measure", "easiest", "hardest"), _kind_rows(kinds))
    described = documented(terrain, {"columns": f"{len(terrain.columns)} columns"})
    cited = cited_sources(sys.modules[type(terrain).__module__].__doc__, [row.meaning for row in described])
    data = {"kinds": kinds, "config": {row.name: row.value for row in described}}
    return Section(name, about, (shown, _field_table(described)), data, cited)


def _kinds(terrain: TerrainConfig) -> list[dict[str, Any]]:
    from surefoot_training.task.terrain import TILE_KINDS

    hardest = terrain.level_fraction(terrain.level_count - 1)
    return [
        {
            "kind": name,
            "summary": TILE_KINDS[name].summary,
            "share": terrain.columns.count(name) / len(terrain.columns),
            "easiest": TILE_KINDS[name].measures(0.0, terrain),
            "hardest": TILE_KINDS[name].measures(hardest, terrain),
        }
        for name in dict.fromkeys(terrain.columns)
    ]


def _kind_rows(kinds: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """A row per measure of a kind; the first says what kind it is."""
    rows: list[tuple[object, ...]] = []
    for kind in kinds:
        is_what: tuple[object, ...] = (kind["kind"], f"{kind['share']:.0%}", kind["summary"])
        if not kind["easiest"]:
            rows.append((*is_what, None, None, None))
        for measure, easiest in kind["easiest"].items():
            rows.append((*is_what, measure, round(easiest, 3), round(kind["hardest"][measure], 3)))
            is_what = (None, None, None)
    return rows


def _height_scan(task: TaskConfig, name: str) -> Section:
    if task.scan is None:
        return Section(name, "This task has none.", (), None)
    along_x, along_y = task.scan.shape
    sees = "the policy" if any(term.name == "height_scan" for term in task.observation) else "only the critic"
    about = (
        f"Terrain heights at {along_x} × {along_y} = {task.scan.size} points in a frame that turns with the robot's "
        f"heading; here {sees} sees them."
    )
    described = documented(task.scan)
    data = {"points": task.scan.size, "shape": (along_x, along_y), **{row.name: row.value for row in described}}
    return Section(name, about, (_field_table(described),), data)


def _field_table(rows: Iterable[FieldRow]) -> Table:
    return Table(("name", "value", "meaning"), [(row.name, row.text, row.meaning) for row in rows])


_MUJOCO = "MuJoCo's option of this name."  # what has no docstring here is described there


def _simulation(task: TaskConfig, name: str) -> Section:
    physics = task.physics
    substeps = round(task.control_dt_s / physics.timestep_s)
    about = (
        f"The policy acts {1.0 / task.control_dt_s:g} times a second, with {substeps} physics steps in between. "
        "How the physics options were chosen: `surefoot bench sim --settings`."
    )
    own = [row for row in documented(task) if row.name in ("control_dt_s", "action_scale_rad")]
    rows = own + [replace(row, name=f"physics.{row.name}") for row in documented(physics)]
    rows = [row if row.meaning else replace(row, meaning=_MUJOCO) for row in rows]
    data = {"physics_steps_per_control_step": substeps, "physics": physics} | {row.name: row.value for row in own}
    return Section(name, about, (_field_table(rows),), data)


SECTIONS: Mapping[str, Callable[[TaskConfig, str], Section]] = {
    "observation": _observation,
    "privileged": _privileged,
    "rewards": _rewards,
    "terminations": _terminations,
    **dict.fromkeys(_SETTINGS, _settings),
    "terrain": _terrain,
    "height_scan": _height_scan,
    "simulation": _simulation,
}
"""Name of every section and the function that writes it, in the order of the page."""
