"""Terms: the lines a task's table is made of, and how a term gets the quantities it names as arguments.

A term is a small pure function. Its positional arguments are names of quantities, its keyword-only arguments are
parameters set in the table. `bind` checks both once, when the environment is made, and leaves a fast callable.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array

TermFunction: TypeAlias = Callable[..., Array]
BoundTerm: TypeAlias = Callable[[object], Array]
"""Takes the quantities of one control step and gives one row per robot."""


@dataclass(frozen=True, slots=True)
class RewardTerm:
    """A line of the reward table: `weight` times a positive quantity; a cost has a negative weight."""

    name: str
    function: TermFunction
    weight: float
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a weight that would spoil every other term."""
        if not math.isfinite(self.weight):
            raise SurefootError(f"reward {self.name}: weight {self.weight!r} is not a finite number")


@dataclass(frozen=True, slots=True)
class TerminationTerm:
    """A reason for an episode to end; `is_timeout` keeps running out of time apart from failing."""

    name: str
    function: TermFunction
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_timeout: bool = False


@dataclass(frozen=True, slots=True)
class ObservationTerm:
    """A piece of an observation: `size` numbers per robot in `unit`."""

    name: str
    function: TermFunction
    size: int
    unit: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


Term: TypeAlias = RewardTerm | TerminationTerm | ObservationTerm


@dataclass(frozen=True, slots=True)
class TermArguments:
    """What a term function asks for."""

    quantities: tuple[str, ...]
    parameters: tuple[str, ...]
    required_parameters: tuple[str, ...]


def arguments_of(function: TermFunction) -> TermArguments:
    """The quantities and parameters `function` names; refuses signatures that are not those of a term."""
    arguments = inspect.signature(function).parameters.values()
    name = getattr(function, "__name__", repr(function))
    for argument in arguments:
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            raise SurefootError(f"{name}: *{argument.name} hides what the term needs", hint="name every argument")
        if argument.kind is not argument.KEYWORD_ONLY and argument.default is not argument.empty:
            raise SurefootError(
                f"{name}: quantity {argument.name} has a default", hint="make it keyword-only if it is a parameter"
            )
    parameters = [argument for argument in arguments if argument.kind is argument.KEYWORD_ONLY]
    quantities = tuple(argument.name for argument in arguments if argument.kind is not argument.KEYWORD_ONLY)
    if not quantities:
        raise SurefootError(f"{name} asks for no quantity", hint="a term needs at least one, to know the robots")
    return TermArguments(
        quantities=quantities,
        parameters=tuple(argument.name for argument in parameters),
        required_parameters=tuple(argument.name for argument in parameters if argument.default is argument.empty),
    )


def bind(function: TermFunction, parameters: Mapping[str, Any], available_names: Collection[str]) -> BoundTerm:
    """`function` as a callable of one quantities object, its arguments resolved once and for all."""
    wanted = arguments_of(function)
    name = getattr(function, "__name__", repr(function))
    _refuse(f"{name} asks for unknown quantity", set(wanted.quantities) - set(available_names), available_names)
    _refuse(f"{name} has no parameter", set(parameters) - set(wanted.parameters), wanted.parameters)
    _refuse(f"{name} lacks parameter", set(wanted.required_parameters) - set(parameters), wanted.parameters)
    call = partial(function, **parameters) if parameters else function
    read = attrgetter(*wanted.quantities)
    if len(wanted.quantities) == 1:  # attrgetter gives a tuple for several names only
        return lambda quantities: call(read(quantities))
    return lambda quantities: call(*read(quantities))


def bind_all(terms: Iterable[Term], available_names: Collection[str]) -> tuple[BoundTerm, ...]:
    """Every term of a table bound, in order; an error says which line it is about."""
    bound, seen = [], set[str]()
    for term in terms:
        if term.name in seen:
            raise SurefootError(f"the table names {term.name} twice", hint="logs and slices go by name: rename one")
        seen.add(term.name)
        try:
            bound.append(bind(term.function, term.parameters, available_names))
        except SurefootError as error:
            raise SurefootError(f"term {term.name}: {error}", hint=error.hint) from error
    return tuple(bound)


def _refuse(what: str, names: set[str], valid: Iterable[str]) -> None:
    if names:
        raise SurefootError(f"{what} {', '.join(sorted(names))}", hint="valid: " + (", ".join(sorted(valid)) or "none"))
