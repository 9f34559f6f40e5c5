"""From what was measured of one robot to the robot that is simulated and the ranges that are randomized.

The nominal model becomes the measured one, and each range is about its value:

- *identified*: the 95 % interval, stretched to either side by the safety factor, but not beyond what the range was wide
  before: measuring makes nothing less certain;
- *weak*: as wide as before, or as the interval if that is wider, but about the estimate;
- *not identifiable*: the file's value and range, as if nobody had measured.

The friction of feet is one floor's: its range is widened to hold what was measured, and never narrowed. So is that of a
weak bias of a gyroscope: it is one start's, and the next one's may be anywhere in the range before.

Noise has no range, but a size: the interval's upper end, times the safety factor if it is identified, but not beyond
what it was before. It is that of a robot at rest, to which walking adds vibration.

No range is narrower than its interval, and none holds what no robot can have (`PHYSICAL`).

Why a factor, and why 2: intervals hold what the log's own noise leaves open, at 95 %: of a robot's 61 parameters, three
lie outside. They do not hold what was another on that day (warm motors, a battery half empty) nor what the model leaves
out (backlash, friction that grows with load). Twice the interval is four standard deviations of that noise; of what is
identified (`surefoot_calibration`: surely within 10 %, or 5 mrad, 5 % of strength, 1 ms) it is a fraction of what is
randomized without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from surefoot_robots.calibration import Calibration, Measured, check_calibration
from surefoot_robots.calibration_physical import PHYSICAL, check_inertia, check_value
from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertia, Inertial
from surefoot_robots.spec import Joint, Leg, RobotSpec
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.measured_ranges import MeasuredRanges
from surefoot_training.task.sensors import SensorConfig
from surefoot_training.task.settings import Span

SAFETY_FACTOR = 2.0
LARGEST_FACTOR = 100.0

_SCALES = {
    "armature_kgm2": "armature_scale",
    "damping_nms_per_rad": "joint_damping_scale",
    "friction_nm": "joint_friction_scale",
}
"""Parameter → the range that is a factor on it."""
_PER_JOINT = (*_SCALES, "motor_strength", "encoder_offset_rad")
_NEXT_TO_NOTHING = 1e-3
_COM = ("base_com_x_m", "base_com_y_m", "base_com_z_m")
_MOMENTS = ("base_inertia_xx_kgm2", "base_inertia_yy_kgm2", "base_inertia_zz_kgm2")
_PRODUCTS = ("base_inertia_xy_kgm2", "base_inertia_xz_kgm2", "base_inertia_yz_kgm2")
_AXES = ((0, 1), (0, 2), (1, 2))
"""Of the products of inertia."""
_OF_BODY = ("base_mass_kg", *_MOMENTS, *_PRODUCTS, "foot_friction")
_NOISES = ("gyro_noise_radps", "gyro_drift_radps_per_sqrt_s")
"""One number of the sensors each, no range: a standard deviation."""
_AT_REST = "gyro_noise_radps"
_BIASES = ("gyro_bias_x_radps", "gyro_bias_y_radps", "gyro_bias_z_radps")
_TILTS = ("tilt_offset_x_rad", "tilt_offset_y_rad")
_COM_SHIFTS = ("base_com_shift_x_m", "base_com_shift_y_m", "base_com_shift_z_m")

Found: TypeAlias = Mapping[tuple[str, str | None], Measured]
"""What is used of a calibration, by name and joint."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one parameter, in its own unit."""

    name: str
    joint: str | None
    verdict: str
    before: float
    """The model's value."""
    before_range: Span
    value: float
    """The measured model's."""
    range: Span

    @property
    def width_share(self) -> float | None:
        """Of the width before; None if there was none."""
        was = self.before_range[1] - self.before_range[0]
        return (self.range[1] - self.range[0]) / was if was > 0.0 else None


def check_factor(factor: float) -> None:
    """Refuse one that would make intervals narrower, or is none."""
    if not 1.0 <= factor <= LARGEST_FACTOR:
        raise SurefootError(
            f"safety factor {factor:g}",
            hint=f"give 1 (ranges are the intervals) to {LARGEST_FACTOR:g}; the default is {SAFETY_FACTOR:g}",
        )


def stretched(one: Measured, half_before: float, factor: float) -> Span:
    """The range of a parameter that was about `half_before` to either side: see the module."""
    low, high = PHYSICAL[one.name]
    below, above = (_reach(one, side, half_before, factor) for side in (one.value - one.low, one.high - one.value))
    return max(low, one.value - below), min(high, one.value + above)


def _reach(one: Measured, side: float, half_before: float, factor: float) -> float:
    if one.verdict == "weak":
        return max(side, half_before)
    return max(side, min(factor * side, half_before))


def used(calibration: Calibration) -> tuple[Measured, ...]:
    """What training makes use of: measured, and known here."""
    return tuple(one for one in calibration.measured if one.verdict != "not_identifiable" and one.name in PHYSICAL)


def unused_names(calibration: Calibration) -> tuple[str, ...]:
    """Names of parameters that were measured and that training does not know."""
    return tuple(dict.fromkeys(one.name for one in calibration.measured if one.name not in PHYSICAL))


def measured_robot(robot: RobotSpec, calibration: Calibration) -> RobotSpec:
    """`robot` with the measured values in place of its file's."""
    found = _by_place(calibration, robot)

    def of(name: str, joint: str | None, before: float) -> float:
        return _model_value(found[name, joint]) if (name, joint) in found else before

    def of_joint(joint: Joint) -> Joint:
        values = {name: of(name, joint.name, getattr(joint.motor, name)) for name in _SCALES}
        return replace(joint, motor=replace(joint.motor, **values))

    def of_leg(leg: Leg) -> Leg:
        hip, thigh, calf = map(of_joint, leg.joints)
        return replace(leg, joints=(hip, thigh, calf))

    front_left, front_right, rear_left, rear_right = map(of_leg, robot.legs)
    trunk = robot.trunk.inertial
    mass_kg = of("base_mass_kg", None, trunk.mass_kg)
    x, y, z = (of(name, None, before) for name, before in zip(_COM, trunk.com_m, strict=True))
    # Nobody knows where on the trunk the mass is that the file did not know of: everywhere, like the rest.
    inertia = Inertia.of_matrix(trunk.inertia_kgm2.matrix() * (mass_kg / trunk.mass_kg))
    if _has_inertia(found):
        inertia = _measured_inertia(inertia, found, calibration.name)
    return replace(
        robot,
        legs=(front_left, front_right, rear_left, rear_right),
        trunk=replace(robot.trunk, inertial=Inertial(mass_kg, (x, y, z), inertia)),
        foot_friction=of("foot_friction", None, robot.foot_friction),
        action_delay_s=of("action_delay_s", None, robot.action_delay_s),
    )


def calibrated_task(
    task: TaskConfig, robot: RobotSpec, calibration: Calibration, factor: float = SAFETY_FACTOR
) -> TaskConfig:
    """`task` with its ranges about `measured_robot`."""
    check_factor(factor)
    found, ranges = _by_place(calibration, robot), task.randomization
    joints = robot.joint_names

    def per_joint(name: str, of_all: Span) -> tuple[Span, ...] | None:
        if not any((name, joint) in found for joint in joints):
            return None
        return tuple(
            _range_as_drawn(found[name, joint], of_all, factor) if (name, joint) in found else of_all
            for joint in joints
        )

    measured = MeasuredRanges(
        **{range_name: per_joint(name, getattr(ranges, range_name)) for name, range_name in _SCALES.items()},
        motor_strength=per_joint("motor_strength", ranges.motor_strength),
        trunk_mass_scale=(1.0, 1.0) if _is_identified(found, "base_mass_kg") else None,
        trunk_inertia_scale=_inertia_range(found, ranges.link_inertia_scale, factor) if _has_inertia(found) else None,
    )
    of_robot = {
        field: _range_as_drawn(found[name, None], getattr(ranges, field), factor)
        for name, field in (("base_mass_kg", "base_mass_added_kg"), *zip(_COM, _COM_SHIFTS, strict=True))
        if (name, None) in found
    }
    if ("base_mass_kg", None) in found:
        of_robot["base_mass_added_kg"] = _not_too_light(of_robot["base_mass_added_kg"], found, ranges.link_mass_scale)
    if ("foot_friction", None) in found:
        of_robot["foot_friction"] = _friction_range(found["foot_friction", None], ranges.foot_friction)
    if ("action_delay_s", None) in found:
        of_robot["action_delay_s"] = _delay_range(found["action_delay_s", None], task, factor)
    changed = replace(ranges, **of_robot)  # type: ignore[arg-type]  # spans, all of them
    if measured != MeasuredRanges():
        changed = replace(changed, measured=measured)
    offsets = per_joint("encoder_offset_rad", task.sensors.encoder_offset_rad)
    sensors = replace(_measured_imu(task.sensors, found, factor), measured_encoder_offset_rad=offsets)
    return replace(task, randomization=changed, sensors=sensors)


def changes(
    task: TaskConfig, robot: RobotSpec, calibration: Calibration, factor: float = SAFETY_FACTOR
) -> tuple[Change, ...]:
    """What becomes of every parameter of the calibration that training knows, in the calibration's order."""
    after_task, after_robot = calibrated_task(task, robot, calibration, factor), measured_robot(robot, calibration)
    found = _by_place(calibration, robot)
    rows = []
    for one in calibration.measured:
        if one.name in PHYSICAL:
            before, before_range = _as_measured(one, task, robot)
            value, after_range = _as_measured(one, after_task, after_robot)
            if (one.name, one.joint) in found:
                value = one.value  # a robot's file has neither strength nor offset
            rows.append(Change(one.name, one.joint, one.verdict, before, before_range, value, after_range))
    return tuple(rows)


# One parameter


def _by_place(calibration: Calibration, robot: RobotSpec) -> Found:
    """What is used, by name and joint; checked."""
    check_calibration(calibration, robot)
    for one in used(calibration):
        _check(one, calibration.name)
    found = {(one.name, one.joint): one for one in used(calibration)}
    if _has_inertia(found):
        return found
    return {place: one for place, one in found.items() if place[0] not in (*_MOMENTS, *_PRODUCTS)}


def _check(one: Measured, file: str) -> None:
    if (one.joint is None) == (one.name in _PER_JOINT):
        valid = "each joint" if one.name in _PER_JOINT else "the whole robot"
        raise SurefootError(f"{file}: {one.called}: it must be one of {valid}")
    check_value(one, file)


def _is_identified(found: Found, name: str) -> bool:
    return (name, None) in found and found[name, None].verdict == "identified"


def _model_value(one: Measured) -> float:
    """The model's: the estimate; where that is next to nothing, the most that it may be: ranges are factors on it."""
    if one.name in _SCALES and one.value <= _NEXT_TO_NOTHING * one.high:
        return one.high
    return one.value


def _range_as_drawn(one: Measured, before: Span, factor: float) -> Span:
    """In the unit of the range that is drawn from: a factor, a difference, or the thing itself."""
    half = 0.5 * (before[1] - before[0])
    if one.name in _SCALES:
        base = _model_value(one)
        if base <= 0.0:
            return 1.0, 1.0
        low, high = stretched(one, half * one.value, factor)
        return low / base, high / base
    low, high = stretched(one, half, factor)
    if one.name in ("base_mass_kg", *_COM):
        return low - one.value, high - one.value
    return low, high


def _not_too_light(added: Span, found: Found, link_mass_scale: Span) -> Span:
    """Not less trunk than there can be, if its mass is also scaled like that of the other links."""
    mass = found["base_mass_kg", None]
    lightest = mass.value * (1.0 if mass.verdict == "identified" else link_mass_scale[0])
    low = max(added[0], PHYSICAL["base_mass_kg"][0] - lightest)
    return low, max(low, added[1])


def _measured_imu(sensors: SensorConfig, found: Found, factor: float) -> SensorConfig:
    def axes(names: Sequence[str], of_all: Span) -> tuple[Span, ...] | None:
        if not any((name, None) in found for name in names):
            return None
        return tuple(
            _imu_range(found[name, None], of_all, factor) if (name, None) in found else of_all for name in names
        )

    noise, drift = (
        _noise(found[name, None], getattr(sensors, name), factor) if (name, None) in found else getattr(sensors, name)
        for name in _NOISES
    )
    return replace(
        sensors,
        gyro_noise_radps=noise,
        gyro_drift_radps_per_sqrt_s=drift,
        measured_gyro_bias_radps=axes(_BIASES, sensors.gyro_bias_radps),
        measured_tilt_bias_rad=axes(_TILTS, sensors.tilt_bias_rad),
    )


def _imu_range(one: Measured, before: Span, factor: float) -> Span:
    """A bias that is weak is one start's, and the next one has another: the range before, and what was measured."""
    if one.name not in _BIASES or one.verdict != "weak":
        return _range_as_drawn(one, before, factor)
    least, most = PHYSICAL[one.name]
    return min(before[0], max(one.low, least)), max(before[1], min(one.high, most))


def _noise(one: Measured, before: float, factor: float) -> float:
    """What white noise or drift becomes: not less than it may be.

    White noise is that of a robot at rest, and walking shakes an IMU more: measuring makes it no less.
    """
    at_least = min(one.high, PHYSICAL[one.name][1])
    narrows = one.verdict != "weak" and one.name != _AT_REST
    return max(at_least, min(factor * at_least, before) if narrows else before)


def _has_inertia(found: Found) -> bool:
    """Whether the trunk's is used: of one body, moments of inertia say something together only."""
    return all((name, None) in found for name in _MOMENTS)


def _measured_inertia(before: Inertia, found: Found, file: str) -> Inertia:
    """About the centre of mass; a product that was not measured stays as it is."""
    matrix = before.matrix()
    for axis, name in enumerate(_MOMENTS):
        matrix[axis, axis] = found[name, None].value
    for (row, column), name in zip(_AXES, _PRODUCTS, strict=True):
        if (name, None) in found:
            matrix[row, column] = matrix[column, row] = found[name, None].value
    check_inertia(matrix, file)
    return Inertia.of_matrix(matrix)


def _inertia_range(found: Found, of_all: Span, factor: float) -> Span:
    """A factor on all of it, as for the moment that is known worst, but no wider than before.

    One that is so small that the log hardly tells it is that of an axis about which legs weigh more; the others would
    pay for it.
    """
    half, ends = 0.5 * (of_all[1] - of_all[0]), []
    for name in _MOMENTS:
        one = found[name, None]
        low, high = stretched(one, half * one.value, factor)
        ends.append((low / one.value, high / one.value))
    return max(min(low for low, _ in ends), 1.0 - half), min(max(high for _, high in ends), 1.0 + half)


def _friction_range(one: Measured, before: Span) -> Span:
    """As wide as before, and what was measured: that is one floor's, and the next one is another."""
    low, high = (one.low, one.high) if one.verdict == "identified" else (one.value, one.value)
    return min(before[0], max(low, PHYSICAL[one.name][0])), max(before[1], min(high, PHYSICAL[one.name][1]))


def _delay_range(one: Measured, task: TaskConfig, factor: float) -> Span:
    """The simulator rounds delays up to whole physics steps: from one step lower, they are right on average."""
    low, high = _range_as_drawn(one, task.randomization.action_delay_s, factor)
    return max(0.0, low - task.physics.timestep_s), high


def _as_measured(one: Measured, task: TaskConfig, robot: RobotSpec) -> tuple[float, Span]:
    """Value and range in the unit of the parameter, as `task` for `robot` has them."""
    ranges, at = task.randomization, -1 if one.joint is None else robot.joint_names.index(one.joint)
    if one.name in _SCALES:
        field = _SCALES[one.name]
        value = float(getattr(robot, one.name)[at])
        low, high = _of_joint(getattr(ranges.measured, field, None), getattr(ranges, field), at)
        return value, (value * low, value * high)
    if one.name == "motor_strength":
        return 1.0, _of_joint(getattr(ranges.measured, one.name, None), ranges.motor_strength, at)
    if one.name == "encoder_offset_rad":
        return 0.0, _of_joint(task.sensors.measured_encoder_offset_rad, task.sensors.encoder_offset_rad, at)
    if one.name == "action_delay_s":
        return robot.action_delay_s, ranges.action_delay_s
    if one.name in _OF_BODY:
        return _of_body(one.name, task, robot)
    sensors = task.sensors
    if one.name in _NOISES:
        size = float(getattr(sensors, one.name))
        return size, (size, size)
    if one.name in _BIASES:
        return 0.0, _of_joint(sensors.measured_gyro_bias_radps, sensors.gyro_bias_radps, _BIASES.index(one.name))
    if one.name in _TILTS:
        return 0.0, _of_joint(sensors.measured_tilt_bias_rad, sensors.tilt_bias_rad, _TILTS.index(one.name))
    axis = _COM.index(one.name)
    value = robot.trunk.inertial.com_m[axis]
    low, high = getattr(ranges, _COM_SHIFTS[axis])
    return value, (value + low, value + high)


def _of_joint(measured: Sequence[Span] | None, of_all: Span, at: int) -> Span:
    return of_all if measured is None else measured[at]


def _of_body(name: str, task: TaskConfig, robot: RobotSpec) -> tuple[float, Span]:
    """Of mass, inertia, all of which is scaled alike, and friction."""
    if name == "base_mass_kg":
        return _trunk_mass(task, robot)
    if name == "foot_friction":
        return robot.foot_friction, task.randomization.foot_friction
    ranges, matrix = task.randomization, robot.trunk.inertial.inertia_kgm2.matrix()
    at = _AXES[_PRODUCTS.index(name)] if name in _PRODUCTS else (_MOMENTS.index(name),) * 2
    value = float(matrix[at])
    scale = (ranges.measured and ranges.measured.trunk_inertia_scale) or ranges.link_inertia_scale
    low, high = sorted(value * share for share in scale)
    return value, (low, high)


def _trunk_mass(task: TaskConfig, robot: RobotSpec) -> tuple[float, Span]:
    """With what is added to it."""
    ranges, mass_kg = task.randomization, robot.trunk.inertial.mass_kg
    scale = (ranges.measured and ranges.measured.trunk_mass_scale) or ranges.link_mass_scale
    low, high = (mass_kg * share + added for share, added in zip(scale, ranges.base_mass_added_kg, strict=True))
    return mass_kg, (low, high)
