import pytest
from safe_robot import limits

from surefoot_safety.drawing import COLUMNS, Edge, Kind, dot, edges, markdown, mermaid, modes_text, table_rows
from surefoot_safety.mode import ARRIVALS, MOVES, Mode
from surefoot_safety.table import ROWS, TABLE, Trigger

RULES = limits().settings.rules
EDGES = list(edges(RULES))


def test_rows():
    rows = table_rows(RULES)
    assert [row[0] for row in rows] == [trigger.value for trigger in ROWS]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    tilt = dict(zip(COLUMNS, rows[[row.trigger for row in TABLE].index(Trigger.TILT)], strict=True))
    assert tilt == {
        "trigger": "tilt",
        "cause": "tilted too far",
        "watched in": "on feet",
        "action": "damp",
        "severity": "5",
        "after s": "0.05",
        "clears": "by reset",
    }


def test_sets_of_modes_have_names():
    assert modes_text(ROWS[Trigger.OPERATOR_STOP]) == "all"
    assert modes_text(ROWS[Trigger.VELOCITY_STALE]) == "walking, fallback"
    assert modes_text(ROWS[Trigger.IMU_FROZEN]) == "on feet, hanging"
    assert modes_text(ROWS[Trigger.LEG_LOADED]) == "hanging"


def test_edges_are_those_of_the_data():
    requests = {(edge.origin, edge.to) for edge in EDGES if edge.kind is Kind.REQUEST}
    assert requests == {(origin, to) for moves in MOVES.values() for origin, to in moves.items()}
    assert {(edge.origin, edge.to) for edge in EDGES if edge.kind is Kind.ARRIVAL} == set(ARRIVALS.items())
    assert Edge(Mode.STANDING_UP, Mode.STANDING, Kind.ARRIVAL, ("arrived",)) in EDGES
    labels = ("sinking", "shoved", "policy_silent", "policy_late", "policy_bad", "limit_hits")
    assert Edge(Mode.WALKING, Mode.FALLBACK, Kind.TRIGGER, labels) in EDGES
    to_stopped = {edge.origin for edge in EDGES if edge.kind is Kind.TRIGGER and edge.to is Mode.STOPPED}
    assert to_stopped == set(Mode) - {Mode.STOPPED}
    assert not any(edge.origin is edge.to for edge in EDGES)
    assert not any(edge.to is Mode.OFF and edge.kind is not Kind.REQUEST for edge in EDGES)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.origin.value}-{edge.to.value}-{edge.kind.value}")
def test_every_edge_is_drawn(edge):
    label = "damp, zero torque" if edge.to is Mode.STOPPED else ", ".join(edge.labels)
    assert f"\n    {edge.origin.value} --> {edge.to.value}: {label}" in mermaid(RULES)
    style = {"request": "", "arrival": " style=dashed", "trigger": " color=red fontcolor=red"}[edge.kind.value]
    assert f'\n    {edge.origin.value} -> {edge.to.value} [label="{label}"{style}]\n' in dot(RULES)


def test_the_frames_of_the_drawings():
    assert mermaid(RULES).splitlines()[:2] == ["stateDiagram-v2", "    [*] --> off"]
    assert len(mermaid(RULES).splitlines()) == 2 + len(EDGES)
    assert dot(RULES).splitlines()[:2] == ["digraph supervisor {", "    node [shape=box style=rounded]"]
    assert dot(RULES).splitlines()[-1] == "}"


def test_markdown():
    lines = markdown(RULES).splitlines()
    assert lines[:2] == [
        "| trigger | cause | watched in | action | severity | after s | clears |",
        "| - | - | - | - | - | - | - |",
    ]
    assert "| tilt | tilted too far | on feet | damp | 5 | 0.05 | by reset |" in lines
    assert lines[2 + len(TABLE) : 4 + len(TABLE)] == ["", "```mermaid"]
    assert lines[-1] == "```"
    assert mermaid(RULES) in markdown(RULES)
