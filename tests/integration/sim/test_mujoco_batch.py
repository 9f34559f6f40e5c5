"""The embedded simulator against physics one can compute by hand."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.model import PhysicsOptions
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import Placement, RobotState
from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain, heights_at

GO2 = load_robot("go2")
STANCE = GO2.default_joint_position_rad
GRAVITY = 9.81


def simulator(robots: int = 4, *, threads: int = 1, terrain: Terrain | None = None, **options: object) -> MujocoBatch:
    return MujocoBatch(GO2, terrain or Terrain.flat(), robots, threads=threads, **options)  # type: ignore[arg-type]


def targets(sim: MujocoBatch, pose: np.ndarray = STANCE) -> np.ndarray:
    return np.tile(pose, (sim.robots, 1)).astype(np.float32)


def settle(sim: MujocoBatch, steps: int = 150) -> RobotState:
    for _ in range(steps):
        sim.step(targets(sim))
    return sim.state()


def place(sim: MujocoBatch, height_m: float, pose: np.ndarray = STANCE) -> None:
    n = sim.robots
    sim.reset(
        np.arange(n),
        Placement(
            base_position_in_world=np.tile([0.0, 0.0, height_m], (n, 1)),
            base_quaternion_wxyz=np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)),
            joint_position=np.tile(pose, (n, 1)),
        ),
    )


def wobble(sim: MujocoBatch, steps: int, seed: int) -> list[np.ndarray]:
    """Stances with so much noise that feet slip, hit and lift."""
    rng = np.random.default_rng(seed)
    return [targets(sim) + rng.normal(0.0, 0.3, (sim.robots, 12)).astype(np.float32) for _ in range(steps)]


def test_standing_robot_is_carried_by_its_feet() -> None:
    state = settle(simulator())
    weight = GO2.total_mass_kg * GRAVITY
    np.testing.assert_allclose(state.foot_force_in_world_n.sum(axis=1)[:, 2], weight, rtol=0.01)
    np.testing.assert_allclose(state.foot_force_in_world_n.sum(axis=1)[:, :2], 0.0, atol=0.5)
    assert not state.trunk_contact.any()
    assert not state.thigh_contact.any()
    assert not state.calf_contact.any()
    assert not state.self_collision.any()


def test_state_agrees_with_leg_kinematics() -> None:
    sim = simulator()
    state = settle(sim)
    feet = GO2.kinematics.foot_position_in_base(state.joint_position.astype(np.float64))
    quaternion = state.base_quaternion_wxyz[0].astype(np.float64)
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quaternion)
    in_world = state.base_position_in_world[0] + feet[0] @ rotation.reshape(3, 3).T
    np.testing.assert_allclose(state.foot_position_in_world[0], in_world, atol=1e-4)  # one physics step older


@pytest.mark.parametrize("threads", [2, 3])
def test_same_inputs_give_the_same_bits_at_any_number_of_threads(threads: int) -> None:
    one, many = simulator(16, threads=1), simulator(16, threads=threads)
    for target in wobble(one, 100, seed=1):
        one.step(target)
        many.step(target)
    for name in RobotState.__slots__:
        np.testing.assert_array_equal(getattr(one.state(), name), getattr(many.state(), name), err_msg=name)


def test_snapshot_continues_to_the_bit() -> None:
    sim = simulator(8)
    sim.set_parameters(
        np.array([2, 5]), {"action_delay_s": np.array([0.03, 0.0]), "foot_friction": np.array([0.1, 1.1])}
    )
    moves = wobble(sim, 60, seed=2)
    for target in moves[:30]:
        sim.step(target)
    snapshot = sim.snapshot()
    for target in moves[30:]:
        sim.step(target)
    other = simulator(8, threads=2)
    other.restore(snapshot)
    for target in moves[30:]:
        other.step(target)
    for name in RobotState.__slots__:
        np.testing.assert_array_equal(getattr(sim.state(), name), getattr(other.state(), name), err_msg=name)


def test_snapshot_of_another_number_of_robots_is_refused() -> None:
    with pytest.raises(SurefootError, match="does not fit"):
        simulator(3).restore(simulator(4).snapshot())


@pytest.mark.parametrize("what", ["robot", "terrain", "physics"])
def test_snapshot_of_another_world_is_refused(what: str) -> None:
    """All of the same names and shapes: only what they mean differs."""
    small = TerrainConfig(columns=("rough",), level_count=1, border_m=2.0)
    physics = PhysicsOptions()
    ours = MujocoBatch(GO2, build_terrain(small), 2, threads=1, physics=physics)
    other = MujocoBatch(
        load_robot("a1") if what == "robot" else GO2,
        build_terrain(replace(small, seed=1) if what == "terrain" else small),
        2,
        threads=1,
        physics=replace(physics, tolerance=1e-7) if what == "physics" else physics,
    )
    before = ours.snapshot()
    theirs = other.snapshot()
    assert {name: value.shape for name, value in theirs.items()} == {name: v.shape for name, v in before.items()}
    with pytest.raises(SurefootError, match=f"does not fit the go2 simulated here: it is of another {what}"):
        ours.restore(theirs)
    for name, value in ours.snapshot().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    ours.restore(before)


def test_reset_starts_with_the_pose_in_the_delay_line() -> None:
    """A fresh delay line holds zeros; the legs would kick out before the first command arrives."""
    sim = simulator(1, max_action_delay_s=0.04)
    sim.set_parameters(np.array([0]), {"action_delay_s": np.array([0.04])})
    place(sim, GO2.standing_height_m)
    sim.step(targets(sim))
    assert np.abs(sim.state().joint_position - STANCE).max() < 0.05


def test_action_delay_holds_targets_back() -> None:
    """In the air, nothing happens until the delay is over: 0.04 s are two control steps."""
    sim = simulator(2)
    sim.set_parameters(np.array([0, 1]), {"action_delay_s": np.array([0.0, 0.04])})
    place(sim, 5.0)
    moved = targets(sim, STANCE + 0.3)
    for _ in range(2):
        sim.step(moved)
    motion = np.abs(sim.state().joint_position - STANCE).max(axis=1)
    assert motion[0] > 0.1
    assert motion[1] < 0.02
    sim.step(moved)
    assert np.abs(sim.state().joint_position - STANCE).max(axis=1)[1] > 0.05


def test_masses_and_gravity_set_the_weight_on_the_feet() -> None:
    sim = simulator(3)
    mass = np.tile(sim.parameters["link_mass_kg"].nominal, (3, 1))
    mass[1, 0] += 3.0
    gravity = np.tile([0.0, 0.0, -GRAVITY], (3, 1))
    gravity[2, 2] = -8.0
    sim.set_parameters(np.arange(3), {"link_mass_kg": mass, "gravity_mps2": gravity})
    weight = settle(sim).foot_force_in_world_n.sum(axis=1)[:, 2]
    expected = [GO2.total_mass_kg * GRAVITY, (GO2.total_mass_kg + 3.0) * GRAVITY, GO2.total_mass_kg * 8.0]
    np.testing.assert_allclose(weight, expected, rtol=0.01)


def test_centre_of_mass_moves_load_between_front_and_rear() -> None:
    sim = simulator(2)
    com = np.tile(sim.parameters["link_com_m"].nominal, (2, 1, 1))
    com[1, 0, 0] += 0.05
    sim.set_parameters(np.arange(2), {"link_com_m": com})
    force = settle(sim).foot_force_in_world_n[:, :, 2]
    front = force[:, :2].sum(axis=1)
    # 5 cm of the trunk's weight over the stance length: the load moves by m g dx / (distance of front and rear feet).
    feet = sim.state().foot_position_in_world
    stance_m = (feet[:, :2, 0].mean(axis=1) - feet[:, 2:, 0].mean(axis=1)).mean()
    moved = sim.parameters["link_mass_kg"].nominal[0] * GRAVITY * 0.05 / stance_m
    assert front[1] - front[0] == pytest.approx(moved, rel=0.35)


def test_gains_strength_and_torque_limit_shape_the_torque() -> None:
    """Held in a pose in the air for one physics step, the torque is s (kp e - kd v), within the limit."""
    sim = simulator(4, control_dt_s=0.005)
    ones = np.ones((4, 12))
    kp, strength, limit = 25.0 * ones, ones.copy(), np.tile(GO2.torque_limit_nm, (4, 1))
    kp[1] *= 2.0
    strength[2] = 0.5
    limit[3] = 1.0
    values = {"kp_nm_per_rad": kp, "motor_strength": strength, "torque_limit_nm": limit, "action_delay_s": np.zeros(4)}
    sim.set_parameters(np.arange(4), values)
    place(sim, 5.0)
    sim.step(targets(sim, STANCE + 0.1))
    torque = sim.state().joint_torque_nm
    np.testing.assert_allclose(torque, np.repeat([[2.5], [5.0], [1.25], [1.0]], 12, axis=1), rtol=1e-4)


def torque_at(sim: MujocoBatch, speed: np.ndarray) -> np.ndarray:
    """Torque of joints at `speed` [J] whose target is far ahead, as much as the motors can give: [N, J]."""
    n = sim.robots
    sim.reset(
        np.arange(n),
        Placement(
            np.tile([0.0, 0.0, 5.0], (n, 1)),
            np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)),
            np.tile(STANCE, (n, 1)),
            joint_velocity=np.tile(speed, (n, 1)),
        ),
    )
    sim.step(targets(sim, STANCE + 10.0))
    torque: np.ndarray = sim.state().joint_torque_nm
    return torque


@pytest.mark.parametrize("share", [0.0, 0.6, 0.8, 0.9, 1.0])
def test_a_flat_battery_slows_motors_and_leaves_their_torque(share: float) -> None:
    """At 0.8 of the voltage: the same slope to 0.8 of the no-load speed, the same peak below; faster, it brakes."""
    sim = simulator(2, control_dt_s=0.005)
    no_load, full, peak = GO2.speed_limit_radps, GO2.full_torque_speed_radps, GO2.torque_limit_nm
    sim.set_parameters(
        np.arange(2), {"no_load_speed_radps": np.stack([no_load, 0.8 * no_load]), "action_delay_s": np.zeros(2)}
    )
    stall = peak * no_load / (no_load - full)
    torque = torque_at(sim, share * no_load)
    for robot, voltage in enumerate([1.0, 0.8]):
        np.testing.assert_allclose(
            torque[robot], np.minimum(peak, stall * (voltage - share)), rtol=1e-4, atol=1e-3 * peak.max()
        )


def test_torque_speed_line_scales_with_the_limit() -> None:
    sim = simulator(2, control_dt_s=0.005)
    limit = np.stack([GO2.torque_limit_nm, 0.5 * GO2.torque_limit_nm])
    sim.set_parameters(np.arange(2), {"torque_limit_nm": limit, "action_delay_s": np.zeros(2)})
    speed = 0.5 * (GO2.full_torque_speed_radps + GO2.speed_limit_radps)
    torque = torque_at(sim, speed)
    np.testing.assert_allclose(torque[0], 0.5 * GO2.torque_limit_nm, rtol=1e-4)
    np.testing.assert_allclose(torque[1], 0.25 * GO2.torque_limit_nm, rtol=1e-4)


def test_joint_friction_holds_a_joint_that_gravity_would_move() -> None:
    sim = simulator(2)
    off = {name: np.zeros((2, 12)) for name in ("kp_nm_per_rad", "kd_nms_per_rad")}
    friction = np.zeros((2, 12))
    friction[1] = 20.0
    sim.set_parameters(np.arange(2), off | {"joint_friction_nm": friction})
    place(sim, GO2.standing_height_m)
    for _ in range(25):
        sim.step(targets(sim))
    fallen_m = GO2.standing_height_m - sim.state().base_position_in_world[:, 2]
    assert fallen_m[0] > 0.1
    assert fallen_m[1] < 0.03


def test_dead_zone_gives_no_torque_within_it() -> None:
    sim = simulator(1, control_dt_s=0.005)
    sim.set_parameters(np.array([0]), {"dead_zone_rad": np.full((1, 12), 0.05), "action_delay_s": np.zeros(1)})
    place(sim, 5.0)
    sim.step(targets(sim, STANCE + 0.04))
    np.testing.assert_allclose(sim.state().joint_torque_nm, 0.0, atol=1e-6)
    place(sim, 5.0)
    sim.step(targets(sim, STANCE + 0.15))
    np.testing.assert_allclose(sim.state().joint_torque_nm, 25.0 * 0.10, rtol=1e-4)


def test_foot_friction_decides_how_far_a_push_slides_the_robot() -> None:
    sim = simulator(2)
    sim.set_parameters(np.arange(2), {"foot_friction": np.array([0.1, 1.0])})
    settle(sim, 50)
    start = sim.state().base_position_in_world[:, 1].copy()
    sim.set_base_force(np.tile([0.0, 40.0, 0.0], (2, 1)))  # 0.27 of the weight
    settle(sim, 50)
    slid = sim.state().base_position_in_world[:, 1] - start
    assert slid[0] > 0.3
    assert slid[1] < 0.1


@pytest.mark.parametrize(("timestep_s", "tolerance"), [(0.005, 0.06), (0.0005, 0.01)])
def test_a_dropped_foot_rebounds_as_asked(timestep_s: float, tolerance: float) -> None:
    """A ball with the foot's contact, dropped from ten heights, since steps of 5 ms meet the ground early or late."""
    asked = np.array([0.05, 0.15, 0.4, 0.8])
    sim = simulator(len(asked), physics=PhysicsOptions(timestep_s=timestep_s))
    sim.set_parameters(np.arange(len(asked)), {"restitution": asked})
    for robot, wanted in enumerate(asked):
        foot = sim.batch.get_model(robot).geom("FL_foot")
        rebounds = [rebound(foot.solref, foot.solimp, height, timestep_s) for height in np.linspace(0.1, 0.3, 10)]
        assert np.mean(rebounds) == pytest.approx(wanted, abs=tolerance)


def rebound(solref: np.ndarray, solimp: np.ndarray, height_m: float, timestep_s: float) -> float:
    """Fastest speed upwards over fastest downwards of a dropped ball."""
    spec = mujoco.MjSpec()
    spec.option.timestep, spec.option.integrator = timestep_s, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.0, 0.0, 1.0])
    ball = spec.worldbody.add_body(pos=[0.0, 0.0, height_m])
    ball.add_freejoint()
    ball.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.022, 0.0, 0.0], mass=1.0, priority=1, solref=solref, solimp=solimp
    )
    model = spec.compile()
    data = mujoco.MjData(model)
    speeds = []
    for _ in range(round(0.5 / timestep_s)):
        mujoco.mj_step(model, data)
        speeds.append(data.qvel[2])
    return max(speeds) / -min(speeds)


def test_restitution_keeps_the_contacts_stiffness() -> None:
    sim = simulator(3)
    sim.set_parameters(np.arange(3), {"restitution": np.array([0.1, 0.3, 0.8])})
    nominal = np.prod(sim.model.geom("FL_foot").solref)
    for robot in range(3):
        assert np.prod(sim.batch.get_model(robot).geom("FL_foot").solref) == pytest.approx(nominal, rel=1e-6)


def test_force_accelerates_and_kick_adds_speed() -> None:
    sim = simulator(2)
    place(sim, 5.0)
    sim.set_base_force(np.array([[150.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    sim.push(np.array([[0.0, 0.0, 0.0], [0.0, 0.7, 0.0]]))
    for _ in range(5):
        sim.step(targets(sim))
    velocity = sim.state().base_velocity_in_base
    assert velocity[0, 0] == pytest.approx(150.0 / GO2.total_mass_kg * 0.1, rel=0.1)
    assert velocity[1, 1] == pytest.approx(0.7, rel=0.05)


def test_legs_without_strength_end_in_trunk_contact() -> None:
    sim = simulator(1)
    sim.set_parameters(np.array([0]), {name: np.zeros((1, 12)) for name in ("kp_nm_per_rad", "kd_nms_per_rad")})
    place(sim, 0.3, GO2.pose_rad("lying"))
    touched = np.zeros(1, dtype=bool)
    for _ in range(100):
        sim.step(targets(sim))
        touched |= sim.state().trunk_contact
    assert touched.all()


def test_crossed_legs_are_self_collision() -> None:
    sim = simulator(1)
    crossed = STANCE.copy()
    crossed[[0, 3]] = -0.9, 0.9
    place(sim, 5.0, crossed)
    for _ in range(3):
        sim.step(targets(sim, crossed))
    assert sim.state().self_collision.all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weight": np.zeros(2)}, "unknown per-robot parameter 'weight'"),
        ({"foot_friction": np.zeros(3)}, r"foot_friction has shape \(3,\)"),
        ({"foot_friction": np.array([0.5, np.nan])}, "foot_friction nan 1 is out of range"),
        ({"action_delay_s": np.array([0.0, 0.5])}, "action_delay_s 0.5 s is out of range"),
        ({"link_mass_kg": np.zeros((2, 13))}, "link_mass_kg 0 kg is out of range"),
    ],
)
def test_bad_parameters_are_refused_and_nothing_is_set(values: dict[str, np.ndarray], message: str) -> None:
    sim = simulator(2)
    before = sim.get_parameters(np.arange(2))
    with pytest.raises(SurefootError, match=message):
        sim.set_parameters(np.arange(2), {"restitution": np.array([0.1, 0.2])} | values)
    after = sim.get_parameters(np.arange(2))
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])


def test_physics_steps_must_divide_the_control_step() -> None:
    with pytest.raises(SurefootError, match="not a whole number"):
        simulator(1, control_dt_s=0.012)


@pytest.mark.parametrize(("robots", "threads"), [(0, 1), (1, -1)])
def test_fewer_than_none_are_refused(robots: int, threads: int) -> None:
    with pytest.raises(SurefootError, match=r"robots 0 < 1|threads -1 < 0"):
        simulator(robots, threads=threads)


def test_robots_stand_on_the_terrain_that_heights_at_reports() -> None:
    terrain = build_terrain(TerrainConfig())
    sim = simulator(6, terrain=terrain)
    origins = terrain.tile_origin_in_world.reshape(-1, 3)[[0, 20, 40, 60, 80, 89]]
    sim.reset(
        np.arange(6),
        Placement(
            origins + [0.0, 0.0, GO2.standing_height_m], np.tile([1.0, 0, 0, 0], (6, 1)), np.tile(STANCE, (6, 1))
        ),
    )
    state = settle(sim, 100)
    feet = state.foot_position_in_world
    ground = heights_at(terrain, feet[:, :, 0], feet[:, :, 1])
    np.testing.assert_allclose(feet[:, :, 2] - GO2.legs[0].foot.radius_m, ground, atol=0.006)
