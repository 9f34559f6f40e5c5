"""Pictures of simulated robots on their terrain, drawn off screen with MuJoCo's renderer.

The batch's own model has no lights or colours; a second model with the same joints is compiled for drawing and takes
over the robots' poses. Needs OpenGL without a screen, through EGL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.model import ModelOptions, build_model
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.terrain_model import TERRAIN_GEOM, add_terrain
from surefoot_training.task.terrain import Terrain

_BODY, _LIMB, _FOOT = (0.16, 0.18, 0.21, 1.0), (0.75, 0.77, 0.80, 1.0), (0.90, 0.42, 0.14, 1.0)
_GROUND = (0.62, 0.60, 0.54, 1.0)
_MOST_GEOMS = 20_000
_TILE_M = 1.0  # of the plane's chequers, which show how far a robot gets


class _Window(Protocol):
    def make_current(self) -> None: ...

    def free(self) -> None: ...


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera looks from."""

    look_at: tuple[float, float, float]  # m, world
    distance_m: float
    azimuth_deg: float = 135.0  # of the direction of view; 90 looks along +y
    elevation_deg: float = -25.0
    width_px: int = 640
    height_px: int = 360


@dataclass(frozen=True, slots=True)
class Arrow:
    """Something drawn into the picture: a velocity, say."""

    start_in_world: tuple[float, float, float]  # m
    end_in_world: tuple[float, float, float]  # m
    rgba: tuple[float, float, float, float]
    width_m: float = 0.02


class Portrait:
    """Draws robots of one kind on one terrain."""

    def __init__(self, robot: RobotSpec, terrain: Terrain, view: View) -> None:
        """Compile the model and open the renderer; `view` fixes the size of all pictures."""
        self._model = _compile(robot, terrain, view)
        self._data = mujoco.MjData(self._model)
        self._window = _open_gl(view)
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(self._model, _MOST_GEOMS)

    def draw(self, qpos: np.ndarray, view: View, arrows: Sequence[Arrow] = ()) -> np.ndarray:
        """Robots in poses qpos [n, 7 + J] -> picture [height, width, 3] uint8."""
        option, pert, everything = mujoco.MjvOption(), mujoco.MjvPerturb(), int(mujoco.mjtCatBit.mjCAT_ALL)
        self._pose(qpos[0])
        mujoco.mjv_updateScene(self._model, self._data, option, pert, _camera(view), everything, self._scene)
        moving = int(mujoco.mjtCatBit.mjCAT_DYNAMIC)
        for pose in qpos[1:]:
            self._pose(pose)
            mujoco.mjv_addGeoms(self._model, self._data, option, pert, moving, self._scene)
        for arrow in arrows:
            self._add(arrow)
        picture = np.empty((view.height_px, view.width_px, 3), dtype=np.uint8)
        frame = mujoco.MjrRect(0, 0, view.width_px, view.height_px)
        mujoco.mjr_render(frame, self._scene, self._context)
        mujoco.mjr_readPixels(picture, None, frame, self._context)
        return np.flipud(picture)

    def _add(self, arrow: Arrow) -> None:
        scene, kind = self._scene, mujoco.mjtGeom.mjGEOM_ARROW
        start, end = (np.array(point, dtype=np.float64) for point in (arrow.start_in_world, arrow.end_in_world))
        if scene.ngeom >= scene.maxgeom or np.allclose(start, end):
            return
        geom = scene.geoms[scene.ngeom]
        rgba = np.array(arrow.rgba, dtype=np.float32)
        mujoco.mjv_initGeom(geom, kind, np.zeros(3), np.zeros(3), np.eye(3).flatten(), rgba)
        mujoco.mjv_connector(geom, kind, arrow.width_m, start, end)
        scene.ngeom += 1

    def close(self) -> None:
        """Free what the graphics library holds."""
        self._context.free()
        self._window.free()

    def _pose(self, qpos: np.ndarray) -> None:
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)


def _camera(view: View) -> mujoco.MjvCamera:
    camera = mujoco.MjvCamera()
    camera.lookat[:] = view.look_at
    camera.distance, camera.azimuth, camera.elevation = view.distance_m, view.azimuth_deg, view.elevation_deg
    return camera


def _open_gl(view: View) -> _Window:
    """An OpenGL context without a window.

    MuJoCo's own `Renderer` takes the library named in MUJOCO_GL when mujoco is first imported, long before anybody
    knows that a picture is wanted, and a screen where it names none.
    """
    try:
        from mujoco.egl import GLContext

        window: _Window = GLContext(view.width_px, view.height_px)
        window.make_current()
    except Exception as error:  # whatever kind of error the library at hand raises
        raise SurefootError(
            f"no picture without OpenGL: {error}", hint="install EGL, on Debian: libegl1 libgl1-mesa-dri"
        ) from error
    return window


def _compile(robot: RobotSpec, terrain: Terrain, view: View) -> mujoco.MjModel:
    spec = build_model(robot, ModelOptions(ground="none", sensors=False))
    add_terrain(spec, terrain)
    _add_surroundings(spec)
    for geom in spec.geoms:
        foot = geom.name in robot.foot_names
        trunk = geom.parent.name == robot.trunk.name
        geom.rgba = _GROUND if geom.name == TERRAIN_GEOM else _FOOT if foot else _BODY if trunk else _LIMB
    if terrain.is_plane:
        _add_chequers(spec)
    visual = spec.visual
    visual.global_.offwidth, visual.global_.offheight = view.width_px, view.height_px
    visual.quality.shadowsize, visual.quality.offsamples = 4096, 4
    visual.headlight.ambient, visual.headlight.diffuse = [0.35, 0.35, 0.37], [0.25, 0.25, 0.25]
    visual.headlight.specular = [0.0, 0.0, 0.0]
    visual.map.zfar = 200.0
    return spec.compile()


def _add_chequers(spec: mujoco.MjSpec) -> None:
    """On a plane of one colour nobody can see whether a robot moves."""
    name, dark = "chequers", [0.9 * share for share in _GROUND[:3]]
    spec.add_texture(
        name=name,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=list(_GROUND[:3]),
        rgb2=dark,
        width=256,
        height=256,
    )
    # One texture holds two chequers a side.
    material = spec.add_material(name=name, texrepeat=[0.5 / _TILE_M, 0.5 / _TILE_M], texuniform=True)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    ground = spec.geom(TERRAIN_GEOM)
    ground.material, ground.rgba = name, [1.0, 1.0, 1.0, 1.0]


def _add_surroundings(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.72, 0.80, 0.88],
        rgb2=[0.96, 0.97, 0.98],
        width=256,
        height=1536,
    )
    spec.worldbody.add_light(
        name="sun",
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        dir=[-0.45, 0.35, -0.82],
        diffuse=[0.65, 0.63, 0.58],
        specular=[0.1, 0.1, 0.1],
        castshadow=True,
    )
