"""What the code says of itself: first lines of docstrings, strings below fields, and the sources they cite."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable


def first_line(documented: object) -> str:
    """The first line of a docstring, which is a sentence of its own; empty where there is none."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def field_docstrings(dataclass_type: type) -> dict[str, str]:
    """The strings below the fields of a dataclass, which Python itself does not keep, each as one paragraph."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(dataclass_type))).body
    assert isinstance(definition, ast.ClassDef)
    docstrings = {}
    for declared, below in zip(definition.body, definition.body[1:], strict=False):
        match declared, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docstrings[name] = " ".join(text.split())
    return docstrings


def cited_sources(bibliography: str | None, texts: Iterable[str]) -> dict[str, str]:
    """What the tags in `texts`, such as `[mjlab]` or `[1, 2]`, stand for in a module's docstring: `[tag] what; …`."""
    explained = re.findall(r"\[(\w+)\] ([^\[]+)", bibliography or "")
    brackets = [inside for text in texts for inside in re.findall(r"\[([^\]]+)\]", text)]
    used = {word for inside in brackets for word in re.findall(r"\w+", inside)}
    return {tag: " ".join(what.split()).rstrip(";,. ") for tag, what in explained if tag in used}
