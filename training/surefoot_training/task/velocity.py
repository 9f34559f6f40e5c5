"""The two walking tasks as tables: follow a velocity command on the flat, and over rough terrain.

Weights are per second. They began as DreamWaQ's (arXiv 2301.10602) with the terms that walking from scratch on few
robots needs (walking-recipes.md); what differs says why or from where it is.
"""

from __future__ import annotations

import math

import numpy as np

from surefoot_training.task import rewards, terminations
from surefoot_training.task.arrays import Rng
from surefoot_training.task.commands import CommandConfig
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.gait import GaitConfig
from surefoot_training.task.observations import policy_terms, privileged_terms
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.randomization import RandomizationConfig, normalised, sample
from surefoot_training.task.terms import RewardTerm, TerminationTerm
from surefoot_training.task.terrain import ScanGrid, TerrainConfig

_JOINTS = 12
_RANDOMIZATION = RandomizationConfig()
_PARAMETERS = normalised(sample(_RANDOMIZATION, 1, Rng(0, np)), _RANDOMIZATION).shape[-1]
_EPISODE_S = 20.0  # legged_gym and all that follow it
# On the flat nobody gets anywhere, and most falls are in the first second: as many starts again, and other robots.
_FLAT_EPISODE_S = 10.0

_GAIT = GaitConfig()

_FOLLOW = (
    # σ half of the usual 0.5: there, an error of 0.15 m/s costs 9 % and little is left to gain. The progress terms lead
    # to where these narrower ones begin.
    RewardTerm("linear_velocity_tracking", rewards.linear_velocity_tracking, 1.5, {"sigma_mps": 0.25}),
    # σ 0.35: a trot sways, and less leaves the sway as it is. Weighted against walking by trial: where turning is worth
    # more, it is learned first, and walking later; where it is worth less, fast turns fall short by a tenth.
    RewardTerm("yaw_rate_tracking", rewards.yaw_rate_tracking, 1.5, {"sigma_radps": 0.35}),
    # Without these three, a few hundred robots learn to stand still: that alone earns half of the tracking reward.
    # With a weight of 1 (the measured CPU recipe, milder randomization) robots still stand after 0.8 M steps, with 2 to
    # 4 they walk. Without yaw_progress, the yaw rate is hardly learned in the first 2 M steps.
    RewardTerm("linear_progress", rewards.linear_progress, 4.5),
    RewardTerm("yaw_progress", rewards.yaw_progress, 1.5),
    RewardTerm(
        "gait_clock_contact",
        rewards.gait_clock_contact,
        1.0,
        {"duty_factor": _GAIT.duty_factor, "transition_share": _GAIT.transition_share},
    ),
)

_QUIET = (
    RewardTerm("vertical_velocity", rewards.vertical_velocity_squared, -2.0),  # DreamWaQ, as all without a comment
    RewardTerm("roll_pitch_rate", rewards.roll_pitch_rate_squared, -0.05),
    RewardTerm("joint_acceleration", rewards.joint_acceleration_squared, -2.5e-7),
    RewardTerm("power", rewards.joint_power, -2e-5),
    # The paper squares the variance, and a few robots that thrash about then outweigh all others by a hundred to one;
    # rebuilds take the variance as it is.
    RewardTerm("power_distribution", rewards.power_variance, -1e-5),
    RewardTerm("action_rate", rewards.action_rate_squared, -0.01),
    # The paper has −0.01: once robots stand, the largest cost of all, which presses exploration down.
    RewardTerm("action_acceleration", rewards.action_acceleration_squared, -0.002),
    RewardTerm("joint_limits", rewards.joint_limit_excess, -10.0),  # legged_gym
    RewardTerm("hip_deviation", rewards.hip_deviation, -0.1),  # own choice: legs that cross trip
    RewardTerm("stand_still", rewards.standing_deviation, -0.5),  # legged_gym has the term, weight 0; own choice
)

_FEET = (
    RewardTerm("foot_slip", rewards.foot_slip, -0.1),  # mjlab, unitree_rl_lab
    RewardTerm("undesired_contacts", rewards.undesired_contacts, -1.0),  # legged_gym, unitree_rl_lab
    RewardTerm("self_collision", rewards.self_contact, -1.0),  # as touching the ground with anything but a foot
)

# −1 once, beside some 7 that are no longer to be had. Without it, a policy that follows well throws itself into fast
# commands (14 falls of 256 robots in 20 s, with it 2); with −200 (Isaac Lab, for H1) robots learn to walk later, and
# too slowly.
_FALL = RewardTerm("failure", rewards.failure, -50.0)

# Trunk over ground, m: what the default pose sags to under its own weight with the gains of Go2 is 0.28, unloaded 0.32.
_HEIGHT_M = 0.30
# How hard a kick may be while learning: legged_gym's 1 m/s throws robots over that have just learned to stand.
_PUSHES = PushConfig(kick_mps=(0.0, 0.5))

FLAT = TaskConfig(
    name="velocity-flat",
    summary="follow velocity commands on a plane",
    observation=policy_terms(_JOINTS),
    privileged=privileged_terms(_PARAMETERS),
    rewards=(
        *_FOLLOW,
        RewardTerm("orientation", rewards.orientation_error_squared, -2.5),  # unitree_rl_lab: level ground, level trunk
        # The paper has −1 on all grounds; on the flat, height is no matter of taste.
        RewardTerm("base_height", rewards.base_height_error_squared, -10.0, {"target_m": _HEIGHT_M}),
        *_QUIET,
        # The paper has −0.01, which is nothing beside the rest; −1 lifts feet by a few centimetres.
        RewardTerm("foot_clearance", rewards.foot_clearance_error, -1.0, {"target_m": 0.08}),
        *_FEET,
        _FALL,
    ),
    terminations=(
        TerminationTerm("trunk_contact", terminations.trunk_on_ground),
        TerminationTerm("tilt", terminations.tilted, {"limit_rad": 1.0}),
        TerminationTerm("time_out", terminations.out_of_time, {"limit_s": _FLAT_EPISODE_S}, is_timeout=True),
    ),
    gait=_GAIT,
    pushes=_PUSHES,
    # All speeds from the start: slow commands alone are followed well enough by standing still.
    curriculum=CurriculumConfig(levels=1, initial_level_max=0, speed_bins=1),
)

# More than half stairs, which take longest to learn; no gaps or stepping stones, which nobody crosses who does not see
# them. Steps of up to 0.14 m, 13 mm more per level: with 20 mm (up to 0.20 m), learning stuck between 6 and 8 cm.
_ROUGH_TERRAIN = TerrainConfig(
    columns=("flat", "rough", "slope_up", "slope_down", *4 * ("stairs_up",), *3 * ("stairs_down",), "obstacles"),
    step_height_m=(0.02, 0.14),
    obstacle_height_m=(0.02, 0.14),
)
# Who mostly turns never leaves the level middle of a tile: nearly all walk somewhere, long enough to get there.
_ROUGH_COMMANDS = CommandConfig(
    vx_mps=(-0.6, 1.0), vy_mps=(-0.3, 0.3), interval_s=(8.0, 16.0), standing_share=0.05, heading_share=0.9
)
_SCAN = ScanGrid()


ROUGH = TaskConfig(
    name="velocity-rough",
    summary="follow velocity commands over slopes, stairs and obstacles, without seeing them",
    observation=policy_terms(_JOINTS),
    privileged=privileged_terms(_PARAMETERS, _SCAN.size),
    rewards=(
        *_FOLLOW,
        # DreamWaQ has −0.2, −1 and −0.01. With those, robots crept nose down and ran their heads into steps.
        RewardTerm("orientation", rewards.orientation_error_squared, -2.0),
        RewardTerm("base_height", rewards.base_height_error_squared, -10.0, {"target_m": _HEIGHT_M}),
        *_QUIET,
        RewardTerm("foot_clearance", rewards.foot_clearance_error, -10.0, {"target_m": 0.12}),
        *_FEET,
        RewardTerm("stumble", rewards.stumble, -0.005),
        _FALL,
    ),
    terminations=(
        TerminationTerm("trunk_contact", terminations.trunk_on_ground),
        TerminationTerm("tilt", terminations.tilted, {"limit_rad": math.radians(75.0)}),
        TerminationTerm("time_out", terminations.out_of_time, {"limit_s": _EPISODE_S}, is_timeout=True),
        TerminationTerm("off_terrain", terminations.off_terrain, {"margin_m": 1.0}, is_timeout=True),
    ),
    gait=_GAIT,
    terrain=_ROUGH_TERRAIN,
    commands=_ROUGH_COMMANDS,
    scan=_SCAN,
    pushes=_PUSHES,
    randomization=_RANDOMIZATION,
    # All speeds from the start, for policies that begin with a flat one's networks. legged_gym's score of 0.8 to go up
    # is an error of 0.24 m/s, which exploration alone makes on level ground: hardly anybody would.
    curriculum=CurriculumConfig(initial_level_max=5, speed_bins=1, promote_score=0.6, demote_score=0.3),
)
