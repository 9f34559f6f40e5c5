"""YAML without surprises: plain data only, no duplicate keys, no anchors, no tags, numbers as in YAML 1.2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from surefoot_robots.errors import SurefootError

MAX_FILE_BYTES = 256 * 1024
"""A robot's file is about 10 kB; anything of another order of magnitude is not a robot."""


class _PlainLoader(yaml.SafeLoader):
    """`yaml.SafeLoader` that refuses what a reader would not see: duplicate keys, references, control characters."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # absent from PyYAML's stubs
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused("anchors and aliases are not allowed", event.start_mark)
        if getattr(event, "tag", None):
            raise _refused(f"tags such as {event.tag} are not allowed", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode):
            _check_printable(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            is_text = isinstance(key, yaml.ScalarNode) and key.tag == "tag:yaml.org,2002:str"
            if not is_text or not key.value.isprintable():
                raise _refused("keys must be names", key.start_mark)
            if key.value in seen:
                raise _refused(f"the key {key.value!r} stands here a second time", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _check_printable(node: yaml.ScalarNode) -> None:
    """What is read here is shown on terminals, to which escape sequences are orders."""
    for character in node.value:
        if not character.isprintable() and character not in "\n\t":
            raise _refused(f"the character {character!r} is not printable", node.start_mark)


def _refused(problem: str, mark: Any) -> yaml.YAMLError:  # noqa: ANN401, PyYAML's two kinds of marks have no common base
    return yaml.constructor.ConstructorError(None, None, problem, mark)


# The core schema of YAML 1.2. PyYAML's own rules are YAML 1.1: there 1e-5 is text, 1:30 is ninety and `no` is false.
_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$"),
    list("-+.0123456789"),
)


def _construct_float(loader: _PlainLoader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node)
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _construct_int(loader: _PlainLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    try:
        return int(text)
    except ValueError as error:  # Python reads no more than some thousand digits
        raise _refused(f"{text[:20]}... with {len(text)} digits is a number too long", node.start_mark) from error


_PlainLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping a YAML file holds; any other content is an error that names the file and the line."""
    try:
        data = yaml.load(_read(path).decode("utf-8"), Loader=_PlainLoader)
    except OSError as error:
        raise SurefootError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SurefootError(f"{path}: is not UTF-8 text: byte {error.start}") from error
    except yaml.YAMLError as error:
        raise SurefootError(f"{path}: {_one_line(error)}", hint="the file must be plain YAML") from error
    except RecursionError as error:
        raise SurefootError(f"{path}: nested too deeply to be a robot's file") from error
    except ValueError as error:  # an escape beyond Unicode's last character
        raise SurefootError(f"{path}: an escape is no character: {error}") from error
    if not isinstance(data, dict):
        raise SurefootError(f"{path}: holds {type(data).__name__}, must be a mapping of names to values")
    return data


def _read(path: Path) -> bytes:
    """A file's bytes. Pipes and devices, which may never end, are refused before they are opened."""
    if path.exists() and not path.is_file():
        raise SurefootError(f"{path}: cannot be read: is not a file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise SurefootError(f"{path}: has more than the {MAX_FILE_BYTES} bytes that a robot's file may have")
    return content


def _one_line(error: yaml.YAMLError) -> str:
    """Line, column and problem of a YAML error."""
    mark = getattr(error, "problem_mark", None)
    problem = " ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))) or str(error)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    line = " ".join(f"{where}{problem}".split())
    return "".join(character if character.isprintable() else "\ufffd" for character in line)
