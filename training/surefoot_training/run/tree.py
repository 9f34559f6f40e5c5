"""Configuration as a tree: frozen dataclasses in each other, tables of named terms among them, as plain data and back.

A table is a tuple of terms. As plain data it is a mapping from a term's name to the rest of it, in the table's order,
which matters to the last bit: rewards are added up in it. Functions of terms go by name, and only those that
tasks are made of can be named: a file can choose among them, not bring its own.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias, TypeVar, get_args, get_type_hints

from surefoot_robots.errors import SurefootError
from surefoot_training.run.values import Annotation, Plain, from_plain, is_optional, origin_of, to_plain, without_none
from surefoot_training.task import observations, rewards, terminations
from surefoot_training.task.settings import BEFORE, OPTIONAL, is_left_out
from surefoot_training.task.terms import ObservationTerm, RewardTerm, Term, TermFunction, TerminationTerm

Config: TypeAlias = Any
"""Any dataclass of a configuration."""

T = TypeVar("T")

_TERMS = (RewardTerm, TerminationTerm, ObservationTerm)
_MODULES: Mapping[str, ModuleType] = MappingProxyType(
    {"rewards": rewards, "terminations": terminations, "observations": observations}
)


def hints_of(cls: type) -> dict[str, Annotation]:
    """What every field of a dataclass is declared as."""
    hints = get_type_hints(cls)
    return {declared.name: hints[declared.name] for declared in fields(cls)}


def parameters_of(function: TermFunction) -> dict[str, Annotation]:
    """The parameters that a term's function takes, with their annotations."""
    hints = get_type_hints(function)
    arguments = inspect.signature(function).parameters.values()
    return {argument.name: hints[argument.name] for argument in arguments if argument.kind is argument.KEYWORD_ONLY}


def term_type(annotation: Annotation) -> type[Term] | None:
    """The kind of term of a table; None if it is no table."""
    parts = get_args(annotation)
    return parts[0] if origin_of(annotation) is tuple and parts[0] in _TERMS else None


def near(name: str, valid: list[str]) -> str:
    """`; did you mean …?`, if anything is near."""
    close = difflib.get_close_matches(name, valid, n=1)
    return f"; did you mean {close[0]}?" if close else ""


# To plain data


def tree_to_plain(config: Config) -> dict[str, Plain]:
    """Every field, those inside included, but for optional ones that are not there."""
    hints = hints_of(type(config))
    values = {declared: getattr(config, declared.name) for declared in fields(config)}
    return {
        declared.name: _to_plain(hints[declared.name], value)
        for declared, value in values.items()
        if not is_left_out(declared, value)
    }


def _to_plain(annotation: Annotation, value: Config) -> Plain:
    if is_dataclass(value):
        return tree_to_plain(value)
    if term_type(annotation):
        return {term.name: _term_to_plain(term) for term in value}
    return to_plain(annotation, value)


def _term_to_plain(term: Term) -> dict[str, Plain]:
    hints = parameters_of(term.function)
    plain: dict[str, Plain] = {}
    for name, hint in hints_of(type(term)).items():
        match name:
            case "name":
                continue
            case "function":
                plain[name] = _name_of(term.function)
            case "parameters":
                plain[name] = {key: to_plain(hints[key], value) for key, value in term.parameters.items()}
            case _:
                plain[name] = to_plain(hint, getattr(term, name))
    return plain


def _name_of(function: TermFunction) -> str:
    for where, module in _MODULES.items():
        name = getattr(function, "__name__", "")
        if getattr(module, name, None) is function:
            return f"{where}.{name}"
    raise SurefootError(
        f"a run cannot keep the term function {function!r}",
        hint="define it in surefoot_training.task: " + ", ".join(_MODULES),
    )


# And back


def tree_from_plain(cls: type[T], data: Plain, where: str = "", *, complete: bool = True) -> T:
    """The configuration that `tree_to_plain` wrote; unknown keys are refused.

    So are missing ones; with `complete` false, fields that a later version has added take what they say was `BEFORE`,
    or their defaults.
    """
    given, hints = _mapping(data, where), hints_of(cls)
    _refuse_unknown(given, list(hints), where)
    values: dict[str, object] = {}
    for declared in fields(cls):  # type: ignore[arg-type]  # a dataclass, which `type[T]` cannot say
        path = _join(where, declared.name)
        if declared.name in given:
            values[declared.name] = _from_plain(hints[declared.name], given[declared.name], path, complete=complete)
        elif OPTIONAL in declared.metadata:
            continue
        elif complete or not _has_default(declared):
            raise SurefootError(f"{path} is missing", hint="it was written by another version, or edited")
        elif BEFORE in declared.metadata:
            values[declared.name] = declared.metadata[BEFORE]
    return cls(**values)


def _from_plain(annotation: Annotation, data: Plain, where: str, *, complete: bool) -> object:
    something, term = without_none(annotation), term_type(annotation)
    if is_dataclass(something) and not (data is None and is_optional(annotation)):
        assert isinstance(something, type)
        return tree_from_plain(something, data, where, complete=complete)
    if term:
        return tuple(_term_from_plain(term, name, rest, where) for name, rest in _mapping(data, where).items())
    return from_plain(annotation, data, where)


def _term_from_plain(term: type[Term], name: str, data: Plain, where: str) -> Term:
    where = _join(where, name)
    given, hints = _mapping(data, where), hints_of(term)
    expected = [key for key in hints if key != "name"]
    _refuse_unknown(given, expected, where)
    for key in expected:
        if key not in given:
            raise SurefootError(f"{where}.{key} is missing", hint="a term has " + ", ".join(expected))
    function = _function_named(given["function"], where)
    parameters, wanted = _mapping(given["parameters"], f"{where}.parameters"), parameters_of(function)
    _refuse_unknown(parameters, list(wanted), where)
    values: dict[str, Any] = {
        key: from_plain(hints[key], given[key], _join(where, key))
        for key in expected
        if key not in ("function", "parameters")
    }
    return term(
        name=name,
        function=function,
        parameters={key: from_plain(wanted[key], value, _join(where, key)) for key, value in parameters.items()},
        **values,
    )


def _function_named(name: Plain, where: str) -> TermFunction:
    module, _, plain_name = str(name).partition(".")
    function: Callable[..., Any] | None = vars(_MODULES[module]).get(plain_name) if module in _MODULES else None
    # Of the module's own, so that nothing that it only imports can be named.
    if inspect.isfunction(function) and function.__module__ == _MODULES[module].__name__:
        return function
    raise SurefootError(
        f"{where}: there is no term function {name!r}", hint="it was written by another version, or edited"
    )


def _mapping(data: Plain, where: str) -> dict[str, Plain]:
    if not isinstance(data, dict):
        raise SurefootError(f"{where or 'the configuration'}: {data!r} is not a mapping of names to values")
    return data


def _refuse_unknown(given: Mapping[str, Plain], valid: list[str], where: str) -> None:
    for key in given:
        if key not in valid:
            raise SurefootError(
                f"{_join(where, key)} is unknown{near(key, valid)}", hint="valid: " + (", ".join(valid) or "none")
            )


def _has_default(declared: Field[Any]) -> bool:
    return declared.default is not MISSING or declared.default_factory is not MISSING


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
