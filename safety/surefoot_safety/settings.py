"""The numbers of the safety layer, as a robot's file holds them: each with its bounds beside it.

The values and their sources are in `settings_files/*.yaml`; the bounds say how far any file may go. What can be read
off the robot itself (joint limits, torques, speeds) is not here but comes from its spec: see `limits.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, get_type_hints

from surefoot_safety.action import Action
from surefoot_safety.bounds import Bounds, fixed, higher, lower
from surefoot_safety.table import Trigger


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What commands may ask for."""

    position_margin_rad: Annotated[float, higher(0.0, 0.2)]
    """Targets stay this far within the joint's limits."""
    target_from_measured_rad: Annotated[float, lower(0.3, 2.5)]
    """A target is at most this far from the measured joint."""
    target_rate_share: Annotated[float, lower(1.0, 4.0)]
    """A target moves at most this many times the motor's no-load speed."""
    torque_share: Annotated[float, lower(0.2, 1.0)]
    """Of the motor's torque at its speed that the motors' law may ask for."""
    kp_limit_nm_per_rad: Annotated[float, lower(1.0, 150.0)]
    """Stiffest position gain."""
    kd_limit_nms_per_rad: Annotated[float, lower(0.1, 10.0)]
    """Highest velocity gain."""
    damping_kd_nms_per_rad: Annotated[float, fixed(0.5, 10.0)]
    """Velocity gain of a damped stop."""
    command_age_s: Annotated[float, lower(0.01, 0.2)]
    """Between the sample that a command answers and its use."""
    future_s: Annotated[float, lower(0.0, 0.02)]
    """A stamp may lie this far ahead of now."""
    lost_in_a_row: Annotated[float, lower(0.0, 100.0)]
    """So many sequence numbers may be missing before it is worth a warning."""


@dataclass(frozen=True, slots=True)
class BodySettings:
    """What the body may do."""

    tilt_rad: Annotated[float, lower(0.3, 1.2)]
    """Between the base's z axis and up."""
    falling_horizon_s: Annotated[float, higher(0.0, 0.3)]
    """How far ahead the tilt is foreseen from its rate."""
    falling_tilt_rad: Annotated[float, lower(0.3, 1.5)]
    """The foreseen tilt that counts as falling."""
    base_height_share: Annotated[float, higher(0.1, 0.8)]
    """Of the height in the default pose, below which the base is near the ground."""
    sinking_horizon_s: Annotated[float, fixed(0.0, 0.3)]
    """How far ahead the trunk's way to the ground is foreseen. Further is not stricter: what comes down may be on its
    way up again by then."""
    sinking_clearance_m: Annotated[float, higher(0.0, 0.1)]
    """What must be left between trunk and ground, now and then."""
    shove_mps: Annotated[float, lower(0.5, 3.0)]
    """Speed that the robot may gain within a stride, as its accelerometer has it."""
    joint_overrun_rad: Annotated[float, lower(0.0, 0.2)]
    """A measured joint may be this far beyond its limits: backlash, offsets, soft stops."""
    joint_speed_share: Annotated[float, lower(0.5, 1.5)]
    """Of the no-load speed that a joint may have; a fall or a blow drives it beyond 1."""


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """What sensors may contradict each other by."""

    encoder_frozen_rad: Annotated[float, lower(0.01, 0.3)]
    """Angle that a joint goes by its own speed while its encoder stands still."""
    encoder_jump_rad: Annotated[float, lower(0.05, 0.5)]
    """Angle between two samples that speed does not explain."""
    imu_frozen_s: Annotated[float, lower(0.01, 0.5)]
    """Gyro, accelerometer and orientation unchanged to the last bit."""
    imu_disagreement_rad: Annotated[float, lower(0.1, 0.6)]
    """Between down as the orientation has it and down as the gyro carried it on."""
    imu_memory_s: Annotated[float, fixed(0.1, 2.0)]
    """How long the gyro is trusted on its own: a bias of b shows as a disagreement of b times this."""


@dataclass(frozen=True, slots=True)
class TimingSettings:
    """How old and how late things may be."""

    state_late_s: Annotated[float, lower(0.004, 0.05)]
    """Age of the newest sample that is worth a warning."""
    state_stale_s: Annotated[float, lower(0.01, 0.1)]
    """Age of the newest sample after which the robot is blind."""
    tick_gap_s: Annotated[float, lower(0.006, 0.1)]
    """Between two ticks of the supervisor."""
    policy_period_s: Annotated[float, fixed(0.002, 0.1)]
    """Of the policy's ticks: contract.control_dt_s."""
    policy_silent_s: Annotated[float, lower(0.01, 0.3)]
    """Without a new joint target."""
    policy_misses: Annotated[float, lower(1.0, 50.0)]
    """Missed deadlines, not yet forgiven."""
    policy_miss_forgiven_s: Annotated[float, higher(0.05, 10.0)]
    """After which one missed deadline is forgiven."""
    velocity_stale_s: Annotated[float, lower(0.05, 1.0)]
    """Age of the velocity command at which it begins to fade."""
    velocity_fade_s: Annotated[float, lower(0.0, 2.0)]
    """From full to zero."""
    velocity_silent_s: Annotated[float, lower(0.1, 5.0)]
    """Age of the velocity command at which walking ends."""
    operator_silent_s: Annotated[float, lower(0.5, 60.0)]
    """Age of the velocity command at which the robot sits down."""
    fallback_s: Annotated[float, lower(0.5, 30.0)]
    """How long a fallback that a trigger began may last."""
    stand_up_s: Annotated[float, lower(1.0, 15.0)]
    """How long standing up may take."""
    settle_s: Annotated[float, lower(0.5, 10.0)]
    """How long sitting down may take."""
    hang_s: Annotated[float, lower(5.0, 600.0)]
    """How long joints may be measured in the air."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What a policy's answers may look like, one after the other."""

    frozen_s: Annotated[float, lower(0.01, 0.5)]
    """Samples over so long a time all answered by the same joint targets, to the last bit."""
    leap_rad: Annotated[float, lower(0.1, 1.0)]
    """How far joint targets may move from answer to answer, root mean square over joints, three times in a row."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """What motors and battery may report, where they do."""

    motor_warm_c: Annotated[float, lower(30.0, 90.0)]
    motor_hot_c: Annotated[float, lower(40.0, 100.0)]
    motor_current_a: Annotated[float, lower(1.0, 100.0)]
    battery_low_v: Annotated[float, higher(10.0, 60.0)]
    battery_empty_v: Annotated[float, higher(10.0, 60.0)]


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How a new mode takes over, how much a policy may lean on the limits, and how fast the robot may be sent."""

    transition_rate_radps: Annotated[float, fixed(0.5, 10.0)]
    """At which targets leave the measured pose. Neither way is the stricter one: slow ones come too late to catch a
    robot that walks, fast ones kick."""
    transition_growth_radps2: Annotated[float, fixed(1.0, 100.0)]
    """By which that rate grows, so that a moving gait is caught up with."""
    limit_hit_s: Annotated[float, lower(0.02, 2.0)]
    """Time that targets were clamped, less the time that they were not."""
    vx_limit_mps: Annotated[float, lower(0.1, 4.0)]
    """Fastest forward or backward."""
    vy_limit_mps: Annotated[float, lower(0.1, 2.0)]
    """Fastest sideways."""
    yaw_rate_limit_radps: Annotated[float, lower(0.1, 4.0)]
    """Fastest turn."""


@dataclass(frozen=True, slots=True)
class HangingSettings:
    """What holds in the air besides everything else; see `hanging.py`."""

    kp_limit_nm_per_rad: Annotated[float, lower(1.0, 60.0)]
    """Stiffest position gain."""
    kd_limit_nms_per_rad: Annotated[float, lower(0.1, 5.0)]
    """Highest velocity gain."""
    target_rate_share: Annotated[float, lower(0.05, 1.0)]
    """A target moves at most this many times the motor's no-load speed."""
    lead_rate_radps: Annotated[float, lower(0.1, 1.0)]
    """At which joints are led to where targets begin. It stays: whatever is in the way is to be felt."""
    leg_friction_nm: Annotated[float, lower(0.2, 3.0)]
    """What a joint may take beyond its leg's own weight: friction, and what is not known of the weight."""
    tilt_rad: Annotated[float, lower(0.1, 0.6)]
    """Between the base's z axis and up."""
    turn_radps: Annotated[float, lower(0.05, 1.0)]
    """Of the trunk, about any axis."""
    gain_mps: Annotated[float, lower(0.05, 1.0)]
    """Speed that the trunk may gain of late, in any direction, as its accelerometer has it."""


@dataclass(frozen=True, slots=True)
class EstopSettings:
    """How long e-stop endpoints may be silent."""

    timeout_s: Annotated[float, lower(0.1, 2.0)]
    """Silence after which the robot settles."""
    zero_torque_after_s: Annotated[float, lower(0.0, 5.0)]
    """Further silence after which the torque goes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows a trigger, and how long its cause must last before that."""

    action: Action
    delay_s: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a robot's file holds."""

    robot: str
    command: CommandSettings
    body: BodySettings
    sensors: SensorSettings
    timing: TimingSettings
    policy: PolicySettings
    health: HealthSettings
    motion: MotionSettings
    hanging: HangingSettings
    estop: EstopSettings
    rules: Mapping[Trigger, Rule]
    sourced_numbers: tuple[tuple[str, str], ...] = field(compare=False)
    """Dotted key and source of each number."""


SECTIONS: dict[str, type] = {
    "command": CommandSettings,
    "body": BodySettings,
    "sensors": SensorSettings,
    "timing": TimingSettings,
    "policy": PolicySettings,
    "health": HealthSettings,
    "motion": MotionSettings,
    "hanging": HangingSettings,
    "estop": EstopSettings,
}


def bounds_of(section: str) -> dict[str, Bounds]:
    """The bounds of each number of a section."""
    section_type = SECTIONS[section]
    hints = get_type_hints(section_type, include_extras=True)
    return {declared.name: hints[declared.name].__metadata__[0] for declared in fields(section_type)}


def contradictions(settings: Settings) -> Iterator[str]:
    """Numbers that are each in range and cannot stand beside each other."""
    command, body, timing, health = settings.command, settings.body, settings.timing, settings.health
    hanging = settings.hanging
    faded_s = timing.velocity_stale_s + timing.velocity_fade_s
    # Else no target could be both near a joint that has overrun its limits and within them.
    back_rad = body.joint_overrun_rad + command.position_margin_rad
    pairs = (
        ("timing.state_late_s", timing.state_late_s, "timing.state_stale_s", timing.state_stale_s),
        ("timing.velocity_stale_s + velocity_fade_s", faded_s, "timing.velocity_silent_s", timing.velocity_silent_s),
        ("timing.velocity_silent_s", timing.velocity_silent_s, "timing.operator_silent_s", timing.operator_silent_s),
        (
            "command.damping_kd_nms_per_rad",
            command.damping_kd_nms_per_rad,
            "command.kd_limit_nms_per_rad",
            command.kd_limit_nms_per_rad,
        ),
        ("health.motor_warm_c", health.motor_warm_c, "health.motor_hot_c", health.motor_hot_c),
        ("health.battery_empty_v", health.battery_empty_v, "health.battery_low_v", health.battery_low_v),
        *(
            (f"hanging.{name}", getattr(hanging, name), f"command.{name}", getattr(command, name))
            for name in ("kp_limit_nm_per_rad", "kd_limit_nms_per_rad", "target_rate_share")
        ),
        ("hanging.tilt_rad", hanging.tilt_rad, "body.tilt_rad", body.tilt_rad),
        ("hanging.gain_mps", hanging.gain_mps, "body.shove_mps", body.shove_mps),
        (
            "body.joint_overrun_rad + command.position_margin_rad",
            back_rad,
            "command.target_from_measured_rad",
            command.target_from_measured_rad,
        ),
    )
    for low_name, low_value, high_name, high_value in pairs:
        if not low_value <= high_value:
            yield f"{low_name} {low_value:g} must be at most {high_name} {high_value:g}"
