"""What one robot may be told and may do: its spec and its settings, worked out once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import FloatArray, RobotSpec
from surefoot_safety.clearance import Underside, underside_of
from surefoot_safety.leg_weight import leg_weights_nm, lifted_share
from surefoot_safety.settings import Settings
from surefoot_safety.state import Floats

ROUNDING_RAD = 1e-6
"""What a policy's float32 may be off by."""
HANGING_SHARE = 0.7
"""Of its standing height. Lying, a Go2's feet are at 0.33 of it, and plans for robots that hang begin at 0.9."""
LEADING = 2.0
"""Times the lead's rate, which targets may have until legs are known to be free: whoever leads also sways a little."""
LIFTED_SHARE = 0.5
"""Of a robot's weight, which legs that are led in the air must not be able to push up, should it lie on the ground."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Tuples are per joint, in the order of the spec."""

    robot: str
    robot_hash: str
    joint_names: tuple[str, ...]
    settings: Settings
    asked_lower_rad: Floats
    asked_upper_rad: Floats
    """The joints' own limits: policies may ask for all of them, which is worth no word, and get what lies within the
    margin."""
    target_lower_rad: Floats
    target_upper_rad: Floats
    measured_lower_rad: Floats
    measured_upper_rad: Floats
    measured_speed_radps: Floats
    torque_nm: Floats
    """Peak, as far as the settings allow it."""
    full_torque_speed_radps: Floats
    no_load_speed_radps: Floats
    target_rate_radps: Floats
    damping_kd_nms_per_rad: Floats
    leg_torque_nm: Floats
    """More than a leg takes that hangs free and moves slowly."""
    hanging_depth_m: float
    """Of the centre of each foot below the base, in its own axes, in which only legs are that hang or stand."""
    least_base_height_m: float
    underside: Underside


def limits_of(spec: RobotSpec, settings: Settings) -> Limits:
    """The limits of a robot; settings of another one are refused."""
    if settings.robot != spec.name:
        raise SurefootError(
            f"safety settings of {settings.robot!r} cannot be used on {spec.name!r}",
            hint=f"load those of {spec.name!r}",
        )
    command, body = settings.command, settings.body
    lower, upper, no_load = (
        _floats(values) for values in (spec.joint_lower_rad, spec.joint_upper_rad, spec.speed_limit_radps)
    )
    limits = Limits(
        robot=spec.name,
        robot_hash=robot_hash(spec),
        joint_names=spec.joint_names,
        settings=settings,
        asked_lower_rad=tuple(angle - ROUNDING_RAD for angle in lower),
        asked_upper_rad=tuple(angle + ROUNDING_RAD for angle in upper),
        target_lower_rad=tuple(angle + command.position_margin_rad for angle in lower),
        target_upper_rad=tuple(angle - command.position_margin_rad for angle in upper),
        measured_lower_rad=tuple(angle - body.joint_overrun_rad for angle in lower),
        measured_upper_rad=tuple(angle + body.joint_overrun_rad for angle in upper),
        measured_speed_radps=tuple(body.joint_speed_share * speed for speed in no_load),
        torque_nm=tuple(command.torque_share * torque for torque in _floats(spec.torque_limit_nm)),
        full_torque_speed_radps=_floats(spec.full_torque_speed_radps),
        no_load_speed_radps=no_load,
        target_rate_radps=tuple(command.target_rate_share * speed for speed in no_load),
        damping_kd_nms_per_rad=(command.damping_kd_nms_per_rad,) * len(no_load),
        leg_torque_nm=tuple(weight + settings.hanging.leg_friction_nm for weight in leg_weights_nm(spec)),
        hanging_depth_m=HANGING_SHARE * spec.standing_height_m,
        least_base_height_m=body.base_height_share * spec.standing_height_m,
        underside=underside_of(spec),
    )
    _check_room(limits)
    _check_lift(limits, spec)
    return limits


def hanging_limits(limits: Limits) -> Limits:
    """Those of a robot that hangs: softer gains, slower targets, a slow way to where they begin."""
    hanging, own = limits.settings.hanging, limits.settings
    settings = replace(
        own,
        command=replace(
            own.command,
            kp_limit_nm_per_rad=hanging.kp_limit_nm_per_rad,
            kd_limit_nms_per_rad=hanging.kd_limit_nms_per_rad,
        ),
        motion=replace(own.motion, transition_rate_radps=hanging.lead_rate_radps, transition_growth_radps2=0.0),
    )
    rates = tuple(hanging.target_rate_share * speed for speed in limits.no_load_speed_radps)
    return replace(limits, settings=settings, target_rate_radps=rates)


def leading_limits(limits: Limits) -> Limits:
    """Those until it is known to hang: targets go slowly, and no joint gets more torque than a free leg takes."""
    hanging = hanging_limits(limits)
    slow = LEADING * limits.settings.hanging.lead_rate_radps
    return replace(
        hanging,
        torque_nm=tuple(map(min, limits.torque_nm, limits.leg_torque_nm)),
        target_rate_radps=tuple(min(slow, rate) for rate in hanging.target_rate_radps),
    )


def torque_available_nm(limits: Limits, joint: int, speed_radps: float) -> float:
    """What the motor can push with at this speed in the direction of motion; see `surefoot_robots.spec.Motor`."""
    full, no_load = limits.full_torque_speed_radps[joint], limits.no_load_speed_radps[joint]
    share = (no_load - abs(speed_radps)) / (no_load - full)
    return limits.torque_nm[joint] * min(1.0, max(0.0, share))


def torque_range_nm(limits: Limits, joint: int, speed_radps: float) -> tuple[float, float]:
    """Lowest and highest torque at this speed: the full torque is there to brake, less of it to push."""
    peak, pushing = limits.torque_nm[joint], torque_available_nm(limits, joint, speed_radps)
    return (-peak, pushing) if speed_radps > 0.0 else (-pushing, peak)


def _check_room(limits: Limits) -> None:
    margin_rad = limits.settings.command.position_margin_rad
    for name, low, high in zip(limits.joint_names, limits.target_lower_rad, limits.target_upper_rad, strict=True):
        if not low < high:
            raise SurefootError(
                f"{name}: a margin of {margin_rad:g} rad on both sides leaves no room between the limits",
                hint="lower command.position_margin_rad",
            )


def _check_lift(limits: Limits, spec: RobotSpec) -> None:
    share = lifted_share(spec, limits.underside.legs, limits.leg_torque_nm)
    if not share <= LIFTED_SHARE:
        raise SurefootError(
            f"{limits.robot}: legs that are led in the air could push up {share:.0%} of its weight: at most "
            f"{LIFTED_SHARE:.0%}, else one that lies on the ground may rise",
            hint="lower hanging.leg_friction_nm",
        )


def _floats(values: FloatArray) -> Floats:
    """Plain floats from a spec's array: NumPy's own are slower one by one, and print otherwise."""
    return tuple(values.tolist())
