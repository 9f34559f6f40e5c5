"""The table and the state machine as text: Markdown, Mermaid and Graphviz, from the data the supervisor runs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from surefoot_safety.machine import MachineState, Rules, followed, raised
from surefoot_safety.mode import ARMED, ARRIVALS, BY_IMU, EVERY_MODE, MOVES, ON_FEET, POWERED, Mode
from surefoot_safety.table import TABLE, WATCHFUL, Row, Trigger

MODE_SETS = {
    EVERY_MODE: "all",
    WATCHFUL: "all but off",
    ARMED: "armed",
    POWERED: "powered",
    BY_IMU: "on feet, hanging",
    ON_FEET: "on feet",
}
COLUMNS = ("trigger", "cause", "watched in", "action", "severity", "after s", "clears")


class Kind(Enum):
    """Why a mode is left."""

    REQUEST = "request"
    ARRIVAL = "arrival"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one mode to another."""

    origin: Mode
    to: Mode
    kind: Kind
    labels: tuple[str, ...]


def modes_text(row: Row) -> str:
    """The modes in which a trigger is watched, by the name of their set where it has one."""
    return MODE_SETS.get(row.watched) or ", ".join(mode.value for mode in Mode if mode in row.watched)


def table_rows(rules: Rules) -> list[tuple[str, ...]]:
    """The table as it applies, most severe first within the order of `table.py`, in the columns of `COLUMNS`."""
    return [
        (
            row.trigger.value,
            row.meaning,
            modes_text(row),
            rules[row.trigger].action.name.lower(),
            str(int(rules[row.trigger].action)),
            f"{rules[row.trigger].delay_s:g}",
            row.clears.value,
        )
        for row in TABLE
    ]


def edges(rules: Rules) -> Iterator[Edge]:
    """Every way between two different modes. Those of triggers are found by running the machine on each alone."""
    for origin in Mode:
        for to in Mode:
            requests = tuple(request.value for request, moves in MOVES.items() if moves.get(origin) is to)
            if requests:
                yield Edge(origin, to, Kind.REQUEST, requests)
        if origin in ARRIVALS:
            yield Edge(origin, ARRIVALS[origin], Kind.ARRIVAL, ("arrived",))
        for to in Mode:
            led = tuple(trigger.value for trigger in Trigger if _led_to(origin, trigger, rules) is to is not origin)
            if led:
                yield Edge(origin, to, Kind.TRIGGER, led)


def _led_to(origin: Mode, trigger: Trigger, rules: Rules) -> Mode:
    """Where one trigger alone leads, once it has lasted long enough."""
    causes = {trigger: ""}
    state = raised(MachineState(mode=origin), causes, 0.0)
    return followed(state, causes, rules, rules[trigger].delay_s).mode


def mermaid(rules: Rules) -> str:
    """A Mermaid state diagram. Ways into `stopped` are not named one by one: the table has them."""
    lines = ["stateDiagram-v2", f"    [*] --> {Mode.OFF.value}"]
    lines += [f"    {edge.origin.value} --> {edge.to.value}: {_label(edge)}" for edge in edges(rules)]
    return "\n".join(lines)


def dot(rules: Rules) -> str:
    """A Graphviz graph: requests in black, arrivals dashed, triggers in red."""
    style = {Kind.REQUEST: "", Kind.ARRIVAL: " style=dashed", Kind.TRIGGER: " color=red fontcolor=red"}
    lines = ["digraph supervisor {", "    node [shape=box style=rounded]"]
    lines += [
        f'    {edge.origin.value} -> {edge.to.value} [label="{_label(edge)}"{style[edge.kind]}]'
        for edge in edges(rules)
    ]
    return "\n".join([*lines, "}"])


def markdown(rules: Rules) -> str:
    """The table and the diagram, as they stand in the documentation."""
    lines = [_markdown_line(COLUMNS), _markdown_line(("-",) * len(COLUMNS))]
    lines += [_markdown_line(cells) for cells in table_rows(rules)]
    return "\n".join([*lines, "", "```mermaid", mermaid(rules), "```"])


def _markdown_line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _label(edge: Edge) -> str:
    if edge.kind is Kind.TRIGGER and edge.to is Mode.STOPPED:
        return "damp, zero torque"
    return ", ".join(edge.labels)
