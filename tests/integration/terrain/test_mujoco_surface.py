"""The look-up reads the surface that MuJoCo collides with."""

import mujoco
import numpy as np
import pytest

from surefoot_training.sim.terrain_model import BASE_THICKNESS_M, add_terrain, as_mujoco_hfield
from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain, heights_at

FOOT_RADIUS_M = 0.022


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return build_terrain(TerrainConfig(border_m=2.0))


def with_foot(terrain: Terrain) -> mujoco.MjModel:
    """The terrain and a ball of a foot's size."""
    spec = mujoco.MjSpec()
    add_terrain(spec, terrain)
    foot = spec.worldbody.add_body(name="foot")
    foot.add_freejoint()
    foot.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[FOOT_RADIUS_M, 0, 0], mass=1.0)
    return spec.compile()


def ray_heights(model: mujoco.MjModel, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    data, geom = mujoco.MjData(model), np.zeros(1, dtype=np.int32)
    data.qpos[2] = 100.0  # the foot out of the way
    mujoco.mj_forward(model, data)
    down = np.array([0.0, 0.0, -1.0])
    distances = [
        mujoco.mj_ray(model, data, np.array([px, py, 50.0]), down, None, True, -1, geom)
        for px, py in zip(x, y, strict=True)
    ]
    assert min(distances) >= 0.0
    return 50.0 - np.array(distances)


def test_rays_meet_the_ground_where_the_look_up_says(terrain: Terrain) -> None:
    rng, (size_x, size_y) = np.random.default_rng(0), terrain.size_m
    x, y = (rng.uniform(-size / 2, size / 2, 2000).astype(np.float32) for size in (size_x, size_y))
    met = ray_heights(with_foot(terrain), x, y)
    assert np.ptp(met) > 2.5  # stairs up and down are among them
    np.testing.assert_allclose(heights_at(terrain, x.astype(float), y.astype(float)), met, atol=1e-6)
    # float32 places a point at 40 m to 2 µm; the walls of the deepest pits rise ten times as much as they are wide.
    np.testing.assert_allclose(heights_at(terrain, x, y), met, atol=3e-5)


def test_rays_and_look_up_agree_on_random_heights_without_any_flat_cell() -> None:
    rng = np.random.default_rng(1)
    hills = Terrain(
        rng.uniform(-0.3, 0.5, (41, 61)).astype(np.float32), 0.05, 1.0, 1.0, ("rough",), np.zeros((1, 1, 3))
    )
    x, y = rng.uniform(-1.5, 1.5, 500), rng.uniform(-1.0, 1.0, 500)
    np.testing.assert_allclose(heights_at(hills, x, y), ray_heights(with_foot(hills), x, y), atol=1e-6)


def test_height_field_data_is_what_mujoco_wants(terrain: Terrain) -> None:
    field = as_mujoco_hfield(terrain)
    assert field.elevation.dtype == np.float32
    assert (field.elevation.min(), field.elevation.max()) == (0.0, 1.0)
    lowest, highest = float(terrain.heights_m.min()), float(terrain.heights_m.max())
    assert field.size == pytest.approx((46.0, 42.0, highest - lowest, BASE_THICKNESS_M))
    assert field.bottom_m == lowest
    model = with_foot(terrain)
    assert (model.hfield_nrow[0], model.hfield_ncol[0]) == terrain.heights_m.shape
    rebuilt = model.hfield_data.reshape(terrain.heights_m.shape) * model.hfield_size[0, 2] + field.bottom_m
    np.testing.assert_allclose(rebuilt, terrain.heights_m, atol=1e-6)


def test_geom_is_named_terrain_and_has_the_friction_given(terrain: Terrain) -> None:
    for ground, kind in ((terrain, mujoco.mjtGeom.mjGEOM_HFIELD), (Terrain.flat(), mujoco.mjtGeom.mjGEOM_PLANE)):
        spec = mujoco.MjSpec()
        add_terrain(spec, ground, friction=(0.7, 0.01, 0.001))
        geom = spec.compile().geom("terrain")
        assert geom.type[0] == kind
        np.testing.assert_array_equal(geom.friction, [0.7, 0.01, 0.001])


def test_level_tiles_without_relief_can_be_stood_on() -> None:
    level = build_terrain(TerrainConfig(columns=("flat",), level_count=1, border_m=1.0))
    model = with_foot(level)
    data = mujoco.MjData(model)
    data.qpos[2] = 0.05
    mujoco.mj_step(model, data, 1000)
    assert data.qpos[2] == pytest.approx(FOOT_RADIUS_M, abs=1e-3)


@pytest.mark.parametrize("kind", ["flat", "rough", "slope_up", "stairs_down", "gaps", "stepping_stones"])
def test_feet_that_strike_fast_come_out_of_the_ground_again(kind: str) -> None:
    """At 4 m/s a step of 5 ms takes a foot in by its diameter; see `terrain_model._push_upwards`."""
    terrain = build_terrain(TerrainConfig(columns=(kind,), level_count=2, border_m=2.0))
    model = with_foot(terrain)
    model.opt.timestep = 0.005
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    for x, y in rng.uniform(-3.5, 3.5, (20, 2)) + terrain.tile_origin_in_world[1, 0, :2]:
        mujoco.mj_resetData(model, data)
        data.qpos[:3] = x, y, float(heights_at(terrain, np.array([x]), np.array([y]))[0]) + 0.15
        data.qvel[2] = -4.0
        mujoco.mj_step(model, data, 200)
        above = data.qpos[2] - heights_at(terrain, data.qpos[:1], data.qpos[1:2])[0]
        assert above > 0.5 * FOOT_RADIUS_M, f"from ({x:.2f}, {y:.2f})"
