"""Small pictures side by side, as many to a row as there is room for: on a phone one, large enough to be read."""

from __future__ import annotations

from collections.abc import Iterable

SMALL_IN = 3.6
"""Width of a picture: its letters are some ten pixels high on a phone, and in three columns on a desk."""
THREE_REM, TWO_REM = 17, 24
"""Least width of a picture, for as many columns on a desk."""


def gallery(pictures: Iterable[str], least_rem: float = THREE_REM) -> str:
    """HTML of pictures that are SVG already."""
    grid = f"display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(min({least_rem}rem,100%),1fr))"
    return f'<div style="{grid}">{"".join(f"<div>{picture}</div>" for picture in pictures)}</div>'


def folded(summary: str, body: str) -> str:
    """HTML that shows when it is asked for; `summary` is plain text of ours."""
    return f"<details><summary>{summary}</summary>{body}</details>"
