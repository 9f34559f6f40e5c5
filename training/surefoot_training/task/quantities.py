"""Everything a term may ask for, under the name it asks by.

Rewards, terminations and observations name the quantities they need as arguments; `task.terms.bind` looks those names
up among `QUANTITY_NAMES` once, and reads them from a `Quantities` every control step.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from surefoot_training.sim.simulator import Array


@dataclass(slots=True)
class Quantities:
    """One control step of N robots with J joints, as seen by the terms. Arrays are float32 unless said otherwise."""

    # The robot's true state, as `sim.simulator.RobotState` says
    base_position_in_world: Array  # [N, 3] m
    base_quaternion_wxyz: Array  # [N, 4]
    base_rotation: Array  # [N, 3, 3] columns: the base's axes in the world
    base_velocity_in_base: Array  # [N, 3] m/s
    angular_velocity_in_base: Array  # [N, 3] rad/s
    gravity_in_base: Array  # [N, 3] unit vector; level: 0, 0, -1
    heading_rad: Array  # [N]
    joint_position: Array  # [N, J] rad
    joint_velocity: Array  # [N, J] rad/s
    joint_torque_nm: Array  # [N, J]
    foot_position_in_world: Array  # [N, 4, 3] m
    foot_velocity_in_world: Array  # [N, 4, 3] m/s
    foot_force_in_world_n: Array  # [N, 4, 3]
    trunk_contact: Array  # [N] bool
    thigh_contact: Array  # [N, 4] bool
    calf_contact: Array  # [N, 4] bool
    self_collision: Array  # [N] bool
    # Derived from it
    joint_acceleration: Array  # [N, J] rad/s², mean over the control step
    foot_contact: Array  # [N, 4] bool
    foot_touched_down: Array  # [N, 4] bool, first control step of a contact
    foot_air_time_s: Array  # [N, 4] since the last contact; at touch-down the swing that just ended
    foot_last_air_time_s: Array  # [N, 4] the last swing that ended
    foot_last_contact_time_s: Array  # [N, 4] the last stance that ended
    foot_clearance_m: Array  # [N, 4] sole over the terrain below it
    base_height_m: Array  # [N] base over the terrain below it
    distance_to_edge_m: Array  # [N] of the base to where the ground ends, below 0 beyond; infinite on a plane
    height_scan_m: Array  # [N, K] terrain relative to the base; [N, 0] in tasks without a scan
    height_scan_valid: Array  # [N] bool
    # What was asked of the robot
    velocity_command: Array  # [N, 3] vx m/s, vy m/s, yaw rate rad/s
    standing: Array  # [N] bool, the command is to stand
    gait_phase: Array  # [N] 0..1
    joint_target: Array  # [N, J] rad, commanded in this step
    action: Array  # [N, J] (joint_target - default) / action_scale
    previous_action: Array  # [N, J]
    action_before_previous: Array  # [N, J]
    # What was done to it
    disturbance_force_in_world_n: Array  # [N, 3] force pulse acting on the trunk
    parameters_normalised: Array  # [N, P] its randomized parameters, -1..1 over their ranges
    # Constants of robot and task
    default_joint_position: Array  # [J] rad
    joint_lower: Array  # [J] rad
    joint_upper: Array  # [J] rad
    torque_limit_nm: Array  # [J]
    joint_speed_limit: Array  # [J] rad/s
    episode_time_s: Array  # [N]
    terminated: Array  # [N] bool, fell in this step; known to rewards and critic, not to terminations
    control_dt_s: float


QUANTITY_NAMES = tuple(field.name for field in fields(Quantities))
