"""Parameters of nodes: fixed at the start, with their ranges, refused beyond."""

from __future__ import annotations

from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from surefoot_robots.errors import SurefootError

Value = TypeVar("Value", float, bool, str)


def declared(node: Node, name: str, default: Value, span: tuple[float, float] | None, what: str) -> Value:
    """The value of a parameter, as the parameter file has it or the default."""
    ranges = [FloatingPointRange(from_value=span[0], to_value=span[1])] if span else []
    descriptor = ParameterDescriptor(description=what, read_only=True, floating_point_range=ranges)
    try:
        value: Value = node.declare_parameter(name, default, descriptor).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        valid = f"a number within {span[0]:g} to {span[1]:g}" if span else f"like {default!r}"
        raise SurefootError(
            f"parameter {name} of {node.get_fully_qualified_name()}: must be {valid} ({error})"
        ) from error
    return value
