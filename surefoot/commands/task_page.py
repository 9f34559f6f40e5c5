"""How a task's sections are shown to people: drawn for a terminal, plain aligned columns into a file or a pipe."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from surefoot.output import format_cell, print_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from surefoot.commands.task_sections import Section, Table

SOURCE, DRAWN = "source", "drawn"  # columns that a narrow terminal shows in another way
ARROW = "←"
WIDE = 170  # columns of a terminal in which settings take one line each
PROSE_WIDTH = 100


def print_page(facts: Mapping[str, str], sections: Iterable[Section]) -> None:
    """Print what to know first, unless it is empty, and then every section."""
    if sys.stdout.isatty():
        _print_drawn(facts, sections)
    else:
        _print_plain(facts, sections)


def _print_plain(facts: Mapping[str, str], sections: Iterable[Section]) -> None:
    width = max((len(name) for name in facts), default=0) + 2
    for name, fact in facts.items():
        print(_wrapped(f"{name:<{width}}{fact}", indent=width))
    for index, section in enumerate(sections):
        if index or facts:
            print()
        print(_wrapped(f"{section.name.upper()}: {section.about}"))
        for table in section.tables:
            print()
            print_table(table.columns, [[_one_line(cell) for cell in row] for row in table.rows])
        if section.cited:
            print()
        for tag, what in section.cited.items():
            print(f"[{tag}] {what}")


def _wrapped(text: str, indent: int = 0) -> str:
    """Prose; rows of tables stay on one line each, for `grep`."""
    return textwrap.fill(
        text, PROSE_WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def _one_line(cell: object) -> object:
    return cell.replace("\n", ", ") if isinstance(cell, str) else cell


def _print_drawn(facts: Mapping[str, str], sections: Iterable[Section]) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(highlight=False)
    if facts:
        grid = RichTable.grid(padding=(0, 2))
        for name, fact in facts.items():
            grid.add_row(Text(name, style="bold"), Text(fact))
        console.print(grid)
    for index, section in enumerate(sections):
        if index or facts:
            console.print()
        console.rule(Text(section.name.upper(), style="bold cyan"), align="left", style="cyan")
        console.print(Text(section.about))
        for table in section.tables:
            console.print()
            console.print(_drawn_table(table, wide=console.width >= WIDE))
        _print_cited(console, section.cited)


def _drawn_table(table: Table, *, wide: bool) -> RichTable:
    """Where it is narrow, sources go below what they are the source of, and a range itself says how it is drawn."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    moved = () if wide or SOURCE not in table.columns else (SOURCE, DRAWN)
    shown = [index for index, name in enumerate(table.columns) if name not in moved]
    drawn = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for index in shown:
        name = table.columns[index]
        is_number = all(isinstance(row[index], int | float | None) for row in table.rows)
        is_prose = name == SOURCE or index == shown[-1]
        label = f"{name}, {ARROW} {SOURCE}" if moved and is_prose else name
        justify: Literal["left", "right"] = "right" if is_number else "left"
        drawn.add_column(label, justify=justify, no_wrap=index < 2, overflow="fold")
    for row in table.rows:
        cells = [Text(format_cell(row[index])) for index in shown]
        if moved:
            cells[-1].append(f"\n{ARROW} {row[table.columns.index(SOURCE)]}", style="dim")
        drawn.add_row(*cells)
    return drawn


def _print_cited(console: Console, cited: Mapping[str, str]) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    if not cited:
        return
    grid = RichTable.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold", style="dim")
    for tag, what in cited.items():
        grid.add_row(Text(f"[{tag}]"), Text(what))
    console.print()
    console.print(grid)
