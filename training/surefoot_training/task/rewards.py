"""Reward terms: pure functions of quantities, one value [N] per robot and control step.

Every term returns a positive quantity; whether it is wanted or not is the sign of its weight in the task's table. NaN
in a float quantity comes out as NaN. J joints come in the order hip, thigh, calf per leg.

Sources, for the formulas and for sums against means over joints and feet:
[dreamwaq] arXiv 2301.10602, table of rewards; [rebuilds] public re-implementations of it, where the paper is silent;
[legged_gym] leggedrobotics/legged_gym:legged_gym/envs/base/legged_robot.py, which unitreerobotics/unitree_rl_gym keeps;
[rl_lab] unitreerobotics/unitree_rl_lab:source/unitree_rl_lab/unitree_rl_lab/tasks/locomotion/mdp/rewards.py and, for
the terms it takes from there, isaac-sim/IsaacLab:source/isaaclab/isaaclab/envs/mdp/rewards.py;
[mjlab] mujocolab/mjlab:src/mjlab/tasks/velocity/mdp/rewards.py;
[playground] google-deepmind/mujoco_playground:mujoco_playground/_src/locomotion/go1/joystick.py;
[cpu] measured for this project: with few robots these two make the difference between walking and standing still.
"""

from __future__ import annotations

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import horizontal_length, namespace, square_sum
from surefoot_training.task.gait import desired_contact

HIP, THIGH, CALF = slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)  # of the canonical joint order


# Following the command


def linear_velocity_tracking(base_velocity_in_base: Array, velocity_command: Array, *, sigma_mps: float = 0.5) -> Array:
    """exp(−‖Δv_xy‖² / σ²); [dreamwaq, legged_gym, rl_lab, playground] all have σ² = 0.25."""
    error = base_velocity_in_base[:, :2] - velocity_command[:, :2]
    return namespace(error).exp(square_sum(error) * (-1.0 / sigma_mps**2))


def yaw_rate_tracking(angular_velocity_in_base: Array, velocity_command: Array, *, sigma_radps: float = 0.5) -> Array:
    """exp(−Δω_z² / σ²); [dreamwaq, legged_gym, rl_lab, playground] σ² = 0.25, [mjlab] 0.5."""
    error = angular_velocity_in_base[:, 2] - velocity_command[:, 2]
    return namespace(error).exp(error**2 * (-1.0 / sigma_radps**2))


def linear_progress(base_velocity_in_base: Array, velocity_command: Array) -> Array:
    """Speed along the commanded direction, m/s, up to the commanded speed; what is beyond counts against it [cpu].

    Unlike the exponential, it has the same slope however far the robot is from the command. Without the second half,
    robots learn to be too fast, which is safer than being too slow: by 0.15 m/s, measured.
    """
    xp = namespace(velocity_command)
    speed = horizontal_length(velocity_command)
    along = xp.vecdot(base_velocity_in_base[:, :2], velocity_command[:, :2]) / speed.clip(1e-6)
    return _up_to(along, speed)  # a command of zero leaves zero


def yaw_progress(angular_velocity_in_base: Array, velocity_command: Array) -> Array:
    """Yaw rate in the commanded sense, rad/s; `linear_progress` for turning [cpu]."""
    command = velocity_command[:, 2]
    return _up_to(angular_velocity_in_base[:, 2] * namespace(velocity_command).sign(command), abs(command))


def _up_to(value: Array, wanted: Array) -> Array:
    """The value up to what is wanted, then down again, at the same slope; never below 0."""
    return (wanted - abs(value - wanted)).clip(0.0)


def gait_clock_contact(
    foot_contact: Array, gait_phase: Array, standing: Array, *, duty_factor: float = 0.5, transition_share: float = 0.1
) -> Array:
    """Share of the feet that are down or up as the trot clock says, 0 to 1 [cpu]; [rl_lab] `feet_gait` counts them."""
    wanted = desired_contact(gait_phase, standing, duty_factor=duty_factor, transition_share=transition_share)
    xp = namespace(wanted)
    return xp.where(foot_contact, wanted, 1.0 - wanted).sum(-1) * (1.0 / foot_contact.shape[-1])


# Keeping the base quiet and level


def vertical_velocity_squared(base_velocity_in_base: Array) -> Array:
    """v_z² [dreamwaq, legged_gym, rl_lab, playground]."""
    return base_velocity_in_base[:, 2] ** 2


def roll_pitch_rate_squared(angular_velocity_in_base: Array) -> Array:
    """ω_x² + ω_y² [dreamwaq, legged_gym, rl_lab, playground]."""
    return square_sum(angular_velocity_in_base[:, :2])


def orientation_error_squared(gravity_in_base: Array) -> Array:
    """‖g_xy‖² = sin² of the tilt [dreamwaq, legged_gym, rl_lab, playground]."""
    return square_sum(gravity_in_base[:, :2])


def uprightness(gravity_in_base: Array, *, sigma: float = 0.45) -> Array:
    """exp(−‖g_xy‖² / σ²), 0 to 1 [mjlab `upright`, σ = √0.2]."""
    return namespace(gravity_in_base).exp(square_sum(gravity_in_base[:, :2]) * (-1.0 / sigma**2))


def base_height_error_squared(base_height_m: Array, *, target_m: float) -> Array:
    """(height − target)², height over the terrain below the base [dreamwaq]; target 0.25 m in [rebuilds]."""
    return (base_height_m - target_m) ** 2


# Sparing the motors: sums over the joints, as in every source


def joint_acceleration_squared(joint_acceleration: Array) -> Array:
    """Σ q̈² [dreamwaq, legged_gym, rl_lab]."""
    return square_sum(joint_acceleration)


def joint_velocity_squared(joint_velocity: Array) -> Array:
    """Σ q̇² [rl_lab]."""
    return square_sum(joint_velocity)


def joint_torque_squared(joint_torque_nm: Array) -> Array:
    """Σ τ² [legged_gym, rl_lab]."""
    return square_sum(joint_torque_nm)


def joint_power(joint_torque_nm: Array, joint_velocity: Array) -> Array:
    """Σ |τ| |q̇|, W: braking costs as much as driving [dreamwaq; rl_lab and playground `energy`]."""
    return namespace(joint_torque_nm).vecdot(abs(joint_torque_nm), abs(joint_velocity))


def power_variance(joint_torque_nm: Array, joint_velocity: Array) -> Array:
    """Variance of τ q̇ over the joints, W² (mean square deviation), without the square of the paper [rebuilds]."""
    power = joint_torque_nm * joint_velocity
    joints = power.shape[-1]
    return square_sum(power - power.sum(-1)[:, None] * (1.0 / joints)) * (1.0 / joints)


def power_variance_squared(joint_torque_nm: Array, joint_velocity: Array) -> Array:
    """var(τ q̇)², W⁴, "power distribution" as [dreamwaq] prints it; its printed weight −1e-5 hurts tracking."""
    return power_variance(joint_torque_nm, joint_velocity) ** 2


# Staying away from limits


def joint_limit_excess(
    joint_position: Array, joint_lower: Array, joint_upper: Array, *, soft_share: float = 0.9
) -> Array:
    """Σ of how far joints are outside the middle `soft_share` of their range, rad [legged_gym 0.9, playground 0.95]."""
    middle = 0.5 * (joint_lower + joint_upper)
    half_range = (0.5 * soft_share) * (joint_upper - joint_lower)
    return (abs(joint_position - middle) - half_range).clip(0.0).sum(-1)


def joint_speed_excess(
    joint_velocity: Array, joint_speed_limit: Array, *, soft_share: float = 0.9, most_radps: float = 1.0
) -> Array:
    """Σ of how far joints are faster than a share of their limit, rad/s, each `most_radps` at most [legged_gym]."""
    return (abs(joint_velocity) - joint_speed_limit * soft_share).clip(0.0, most_radps).sum(-1)


def torque_excess(joint_torque_nm: Array, torque_limit_nm: Array, *, soft_share: float = 0.9) -> Array:
    """Σ of how far torques are above a share of their limit, Nm [legged_gym]."""
    return (abs(joint_torque_nm) - torque_limit_nm * soft_share).clip(0.0).sum(-1)


# Keeping to the pose


def pose_deviation(joint_position: Array, default_joint_position: Array) -> Array:
    """‖q − q₀‖, rad [rl_lab `joint_position_penalty`, without its switch between walking and standing]."""
    return square_sum(joint_position - default_joint_position) ** 0.5


def pose_closeness(
    joint_position: Array,
    default_joint_position: Array,
    *,
    hip_weight: float = 1.0,
    thigh_weight: float = 1.0,
    calf_weight: float = 0.1,
) -> Array:
    """exp(−Σ w (q − q₀)²), 0 to 1; weights of [playground], which leaves the calves free to step."""
    square = (joint_position - default_joint_position) ** 2
    error = square[:, HIP].sum(-1) * hip_weight + square[:, THIGH].sum(-1) * thigh_weight
    return namespace(error).exp(-error - square[:, CALF].sum(-1) * calf_weight)


def hip_deviation(joint_position: Array, default_joint_position: Array) -> Array:
    """Σ |q − q₀| over the hips, rad: legs that splay or cross (isaac-sim/IsaacLab `joint_deviation_l1`)."""
    return abs(joint_position - default_joint_position)[:, HIP].sum(-1)


def standing_deviation(joint_position: Array, default_joint_position: Array, standing: Array) -> Array:
    """Σ |q − q₀| while the command is to stand, rad [legged_gym, rl_lab, playground `stand_still`]."""
    return abs(joint_position - default_joint_position).sum(-1) * standing


# Acting smoothly


def action_rate_squared(action: Array, previous_action: Array) -> Array:
    """Σ (a − a₁)² [dreamwaq, legged_gym, rl_lab, playground]."""
    return square_sum(action - previous_action)


def action_acceleration_squared(action: Array, previous_action: Array, action_before_previous: Array) -> Array:
    """Σ (a − 2 a₁ + a₂)², the second difference [dreamwaq]."""
    return square_sum(action - 2.0 * previous_action + action_before_previous)


# Using the feet well: sums over the feet, as in every source unless said otherwise


def foot_clearance_error(foot_clearance_m: Array, foot_velocity_in_world: Array, *, target_m: float) -> Array:
    """Σ (z* − z)² ‖v_xy‖, m³/s: feet that move should be at height z* [dreamwaq]; z* 0.12 m in [rebuilds]."""
    return namespace(foot_clearance_m).vecdot(
        (foot_clearance_m - target_m) ** 2, horizontal_length(foot_velocity_in_world)
    )


def long_swings(
    foot_air_time_s: Array,
    foot_touched_down: Array,
    standing: Array,
    *,
    shortest_s: float = 0.1,
    longest_s: float = 0.4,
) -> Array:
    """Σ over feet that touch down of how much longer than `shortest_s` they swung, s, counted up to `longest_s`.

    [playground] starts at 0.1 s, [legged_gym] and [rl_lab] at 0.5 s, which a trot at 3.5 Hz (0.14 s) never reaches;
    like [mjlab] the part below goes to a term of its own, `short_swings`. The end keeps the robot from leaping.
    """
    longer = (foot_air_time_s - shortest_s).clip(0.0, longest_s - shortest_s)
    return (longer * foot_touched_down).sum(-1) * ~standing


def short_swings(
    foot_air_time_s: Array, foot_touched_down: Array, standing: Array, *, shortest_s: float = 0.1
) -> Array:
    """Σ over feet that touch down of what their swing lacked to `shortest_s`, s: the negative part in [legged_gym]."""
    return ((shortest_s - foot_air_time_s).clip(0.0) * foot_touched_down).sum(-1) * ~standing


def swing_variance(foot_last_air_time_s: Array, foot_last_contact_time_s: Array, *, most_s: float = 0.5) -> Array:
    """Variance over the feet of their last swing plus that of their last stance, s², each counted up to `most_s`.

    [rl_lab] `air_time_variance_penalty`, which divides by feet − 1 as this does.
    """
    return _sample_variance(foot_last_air_time_s.clip(None, most_s)) + _sample_variance(
        foot_last_contact_time_s.clip(None, most_s)
    )


def _sample_variance(values: Array) -> Array:
    count = values.shape[-1]
    return square_sum(values - values.sum(-1)[:, None] * (1.0 / count)) * (1.0 / (count - 1))


def foot_slip(foot_velocity_in_world: Array, foot_contact: Array) -> Array:
    """Σ ‖v_xy‖ of the feet that are down, m/s [rl_lab, mjlab `feet_slide`]."""
    return (horizontal_length(foot_velocity_in_world) * foot_contact).sum(-1)


def foot_slip_squared(foot_velocity_in_world: Array, foot_contact: Array) -> Array:
    """Σ ‖v_xy‖² of the feet that are down, m²/s² [playground]; gentle on slow slip."""
    return (square_sum(foot_velocity_in_world[..., :2]) * foot_contact).sum(-1)


def landing_force(foot_force_in_world_n: Array, foot_touched_down: Array) -> Array:
    """Σ ‖F‖ of the feet that touch down in this step, N [mjlab `soft_landing`]."""
    return (square_sum(foot_force_in_world_n) ** 0.5 * foot_touched_down).sum(-1)


def foot_force_excess(foot_force_in_world_n: Array, *, limit_n: float) -> Array:
    """Σ of ‖F‖ above `limit_n`, N [legged_gym `feet_contact_forces`, 100 N]."""
    return (square_sum(foot_force_in_world_n) ** 0.5 - limit_n).clip(0.0).sum(-1)


def stumble(foot_force_in_world_n: Array, *, ratio: float = 5.0) -> Array:
    """Σ of ‖F_xy‖ above `ratio` |F_z|, N: feet that hit something upright.

    The ratio is [legged_gym]'s ([rl_lab] 4), which ask whether any foot does; how hard is known, so it is used.
    """
    return (horizontal_length(foot_force_in_world_n) - ratio * abs(foot_force_in_world_n[..., 2])).clip(0.0).sum(-1)


def feet_up_while_standing(foot_contact: Array, standing: Array) -> Array:
    """Number of feet in the air while the command is to stand (the reverse of [rl_lab] `feet_contact_without_cmd`)."""
    return _count(~foot_contact) * standing


# Not touching what should not be touched


def undesired_contacts(trunk_contact: Array, thigh_contact: Array, calf_contact: Array) -> Array:
    """Number of trunk, thighs and calves that touch the ground [legged_gym `collision`, rl_lab]."""
    xp = namespace(trunk_contact)
    return _count(thigh_contact) + _count(calf_contact) + xp.astype(trunk_contact, xp.float32)


def self_contact(self_collision: Array) -> Array:
    """1 while the robot touches itself [mjlab `self_collisions`]."""
    xp = namespace(self_collision)
    return xp.astype(self_collision, xp.float32)


# Staying alive


def alive(episode_time_s: Array) -> Array:
    """1 in every step (isaac-sim/IsaacLab `is_alive`)."""
    return namespace(episode_time_s).ones_like(episode_time_s)


def failure(terminated: Array) -> Array:
    """1 in the step that ends the episode, unless only its time was over [legged_gym, playground `termination`]."""
    xp = namespace(terminated)
    return xp.astype(terminated, xp.float32)


def _count(flags: Array) -> Array:
    return flags.sum(-1, dtype=namespace(flags).float32)
