"""The page: one file, no scripts, nothing from elsewhere; narrow screens get one column."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

STYLE = """
:root { color-scheme: light; --ink: #1d2126; --faint: #667; --line: #dde1e6; --paper: #fff; --back: #f4f5f7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0 0; } h2 { font-size: 1.1rem; margin: 0 0 .3rem; }
p { margin: .2rem 0 .6rem; color: var(--faint); font-size: .92rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; }
section { padding: .9rem; margin: 1rem 0; }
section svg, section img { width: 100%; height: auto; display: block; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.25rem; } .tile span { color: var(--faint); font-size: .85rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; font-size: .8rem; }
footer { color: var(--faint); font-size: .8rem; padding: 1rem 0 2rem; }
"""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that matters, and what it is."""

    value: str
    what: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; `body` is HTML already."""

    title: str
    caption: str
    body: str


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Numbers stand to the right."""
    if not rows:
        return "<p>none</p>"
    numeric = [all(isinstance(row[index], int | float) for row in rows) for index in range(len(columns))]
    head = "".join(_cell("th", name, right=right) for name, right in zip(columns, numeric, strict=True))
    body = "".join(
        f"<tr>{''.join(_cell('td', _text(value), right=right) for value, right in zip(row, numeric, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def preformatted(text: str) -> str:
    """As it is, folded away."""
    return f"<details><summary>show</summary><pre>{_safe(text)}</pre></details>"


def page(title: str, subtitle: str, tiles: Sequence[Tile], sections: Sequence[Section], footer: str) -> str:
    """The whole document."""
    boxes = "".join(
        f'<div class="tile"><b>{_safe(tile.value)}</b><span>{_safe(tile.what)}</span></div>' for tile in tiles
    )
    parts = "".join(
        f"<section><h2>{_safe(part.title)}</h2>{f'<p>{_safe(part.caption)}</p>' if part.caption else ''}{part.body}"
        "</section>"
        for part in sections
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{_safe(title)}</h1><p>{_safe(subtitle)}</p><div class="tiles">{boxes}</div>{parts}'
        f"<footer>{_safe(footer)}</footer></main></body></html>\n"
    )


def data_url(kind: str, data: bytes) -> str:
    """A file within the page."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _cell(kind: str, text: str, *, right: bool) -> str:
    side = ' class="n"' if right else ""
    return f"<{kind}{side}>{_safe(text)}</{kind}>"


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _safe(text: str) -> str:
    return html.escape(text)
