"""Overrides as typed on a command line, `ppo.clip=0.1`: single values of a tree of configuration by their dotted path.

In a table, a term's name stands for its weight and `name.parameter` for one of its parameters:
`task.rewards.linear_progress=2`, `task.rewards.foot_clearance.target_m=0.1`. All overrides are applied at once, so that
values that have to fit each other can be changed together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from surefoot_robots.errors import SurefootError
from surefoot_training.run.tree import Config, hints_of, near, parameters_of, term_type
from surefoot_training.run.values import NONE, Annotation, from_text, is_optional, to_text, valid_text, without_none
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.terms import RewardTerm, Term

C = TypeVar("C")

# A task goes by its name: whoever renames it cannot find it again.
_FIXED = {TaskConfig: ("name", "summary")}

FIXED = "fixed"
"""Metadata of a field that is not typed either."""


@dataclass(frozen=True, slots=True)
class Override:
    """What is left of one path, and what is to stand there."""

    path: tuple[str, ...]
    text: str


def apply_overrides(config: C, settings: Sequence[str]) -> C:
    """`config` with every `path=value` of `settings` in its place; of two for one path the last counts."""
    overrides = {override.path: override for override in map(_parsed, settings)}
    try:
        return _changed(config, list(overrides.values()), "")  # type: ignore[no-any-return]
    except _UnknownKeyError as unknown:
        raise _explained(unknown, config) from None


def current_settings(config: Config) -> Iterator[tuple[str, str]]:
    """Every path that can be overridden, with the text of the value that stands there."""
    for name, annotation in _open_fields(config).items():
        value = getattr(config, name)
        if is_dataclass(value):
            yield from ((f"{name}.{path}", text) for path, text in current_settings(value))
        elif term_type(annotation):
            for term in value:
                yield from ((f"{name}.{path}", text) for path, text in _settings_of_term(term))
        elif is_optional(annotation) or not _is_tree(annotation):
            yield name, to_text(value)


class _UnknownKeyError(Exception):
    def __init__(self, where: str, key: str, valid: Sequence[str]) -> None:
        super().__init__(where, key)
        self.where, self.key, self.valid = where, key, list(valid)


def _explained(unknown: _UnknownKeyError, config: Config) -> SurefootError:
    """With the nearest key beside it or, failing that, anywhere."""
    path = _join(unknown.where, unknown.key)
    meant = near(path, [_join(unknown.where, name) for name in unknown.valid])
    if not meant:
        elsewhere = [known for known, _ in current_settings(config) if f".{known}".endswith(f".{path}")]
        meant = f"; did you mean {elsewhere[0]}?" if elsewhere else ""
    where = f"valid in {unknown.where}: " if unknown.where else "valid: "
    return SurefootError(f"there is no setting {path}{meant}", hint=where + (", ".join(unknown.valid) or "none"))


def _parsed(setting: str) -> Override:
    path, equals, text = setting.partition("=")
    if not equals or not path.strip():
        raise SurefootError(f"{setting!r} sets nothing", hint="write key=value, such as ppo.clip=0.1")
    return Override(tuple(path.strip().split(".")), text)


def _changed(config: Config, overrides: Sequence[Override], where: str) -> Config:
    """One dataclass with the overrides of its fields."""
    hints = _open_fields(config)
    new = {}
    for name, below in _by_head(overrides).items():
        if name not in hints:
            raise _UnknownKeyError(where, name, list(hints))
        new[name] = _value(hints[name], getattr(config, name), below, _join(where, name))
    return replace(config, **new)


def _value(annotation: Annotation, value: Config, overrides: Sequence[Override], where: str) -> object:
    """One field: replaced as a whole, or changed inside."""
    whole = [override for override in overrides if not override.path]
    if whole and len(overrides) > 1:
        raise SurefootError(f"{where} is set both as a whole and in parts", hint="give one of both")
    if whole:
        if _is_tree(annotation) and not (is_optional(annotation) and whole[0].text.strip() == NONE):
            raise SurefootError(f"{where}={whole[0].text} sets a group of settings", hint=_parts_of(value, where))
        return from_text(annotation, whole[0].text, where)
    if term_type(annotation):
        return _table(value, overrides, where)
    if is_dataclass(value):
        return _changed(value, overrides, where)
    missing = "this task has none" if _is_tree(annotation) else f"set {where} itself, which is {valid_text(annotation)}"
    raise SurefootError(
        f"{'.'.join((where, *overrides[0].path))}: {where} is {to_text(value)}, without parts", hint=missing
    )


def _table(terms: Sequence[Term], overrides: Sequence[Override], where: str) -> tuple[Term, ...]:
    changes = _by_head(overrides)
    names = [term.name for term in terms]
    for name in changes:
        if name not in names:
            raise _UnknownKeyError(where, name, names)
    return tuple(
        _term(term, changes[term.name], f"{where}.{term.name}") if term.name in changes else term for term in terms
    )


def _term(term: Term, overrides: Sequence[Override], where: str) -> Term:
    hints, new, parameters = parameters_of(term.function), dict[str, Any](), dict(term.parameters)
    weighs = isinstance(term, RewardTerm)
    for override in overrides:
        match override.path:
            case () if weighs:
                new["weight"] = from_text(float, override.text, where)
            case ("weight",) if weighs:
                new["weight"] = from_text(float, override.text, f"{where}.weight")
            case (name,) if name in hints:
                parameters[name] = from_text(hints[name], override.text, f"{where}.{name}")
            case ():
                raise SurefootError(f"{where}={override.text}: it has no weight", hint=_parts_of(term, where))
            case path:
                raise _UnknownKeyError(where, ".".join(path), [*(["weight"] if weighs else []), *hints])
    return replace(term, **new, parameters=parameters)


def _settings_of_term(term: Term) -> Iterator[tuple[str, str]]:
    if isinstance(term, RewardTerm):
        yield term.name, to_text(term.weight)
    for name, value in term.parameters.items():
        yield f"{term.name}.{name}", to_text(value)


def _open_fields(config: Config) -> dict[str, Annotation]:
    fixed = _FIXED.get(type(config), ())
    is_open = {declared.name: FIXED not in declared.metadata for declared in fields(config)}
    return {name: hint for name, hint in hints_of(type(config)).items() if name not in fixed and is_open[name]}


def _parts_of(value: Config, where: str) -> str:
    if is_dataclass(value) and hasattr(value, "function"):
        names = list(parameters_of(value.function))
    elif is_dataclass(value):
        names = list(_open_fields(value))
    else:
        names = [term.name for term in value] if value else []
    return f"parts of {where}: {', '.join(names) or 'none'}"


def _is_tree(annotation: Annotation) -> bool:
    """Whether it has parts: a dataclass, a dataclass or None, or a table."""
    return is_dataclass(without_none(annotation)) or term_type(annotation) is not None


def _by_head(overrides: Sequence[Override]) -> dict[str, list[Override]]:
    """Overrides by the first name of their paths, which is taken off."""
    groups: dict[str, list[Override]] = {}
    for override in overrides:
        groups.setdefault(override.path[0], []).append(Override(override.path[1:], override.text))
    return groups


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
