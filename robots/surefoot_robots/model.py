"""From a `RobotSpec` to a MuJoCo model: primitives, motors, sensors; everything by name.

Names (`L` is FL, FR, RL or RR; `J` is a joint's name, which is also its actuator's):

| what | names |
|-|-|
| bodies | the trunk's link name, `L_hip`, `L_thigh`, `L_calf` (the foot belongs to the calf) |
| geoms | as in the robot's file: `trunk`, `head`, `L_thigh`, `L_calf`; `L_foot`; `ground` |
| sites | the IMU's name, `L_foot` |
| keyframes | the names of the poses |
| sensors of the base | `gyro`, `accelerometer`, `orientation` (wxyz), all at the IMU |
| sensors of joints | `J_position`, `J_velocity` |
| sensors of contact | `L_foot_contact` [found, fx, fy, fz]: ground force on the foot in the world frame; |
| | `trunk_contact`, `L_thigh_contact`, `L_calf_contact`, `self_collision` [number of contacts] |

The ground is whatever belongs to the world body: the plane made here, or geoms that the caller adds to it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

import mujoco

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertial, Vector3
from surefoot_robots.shapes import Box, Capsule, Shape
from surefoot_robots.spec import Joint, Leg, RobotSpec

Integrator = Literal["euler", "implicitfast", "implicit", "rk4"]
Solver = Literal["newton", "cg", "pgs"]
Cone = Literal["pyramidal", "elliptic"]
SelfCollision = Literal["none", "legs", "all"]

INTEGRATORS: dict[Integrator, mujoco.mjtIntegrator] = {
    "euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "implicit": mujoco.mjtIntegrator.mjINT_IMPLICIT,
    "rk4": mujoco.mjtIntegrator.mjINT_RK4,
}
SOLVERS: dict[Solver, mujoco.mjtSolver] = {
    "newton": mujoco.mjtSolver.mjSOL_NEWTON,
    "cg": mujoco.mjtSolver.mjSOL_CG,
    "pgs": mujoco.mjtSolver.mjSOL_PGS,
}
CONES: dict[Cone, mujoco.mjtCone] = {
    "pyramidal": mujoco.mjtCone.mjCONE_PYRAMIDAL,
    "elliptic": mujoco.mjtCone.mjCONE_ELLIPTIC,
}

GROUND_BIT = 1
"""Collision bit of the ground; MuJoCo gives it to any geom that does not ask for another."""
NOMINAL_VOLTAGE_V = 24.0
"""MuJoCo describes a motor by voltage; it cancels out of everything visible at the joint."""
DELAY_SLACK = 0.01
"""Share of a time step by which a delay may miss a whole number of steps."""
KP_INDEX, KD_INDEX = 4, 6
"""Where `actuator_gainprm` of a `dcmotor` keeps the controller's gains."""


FOOT_SOLREF = (0.015, 1.0)
"""Time constant, s, and damping ratio of a foot's contact; MuJoCo's default is 0.02. Stiffer feet sink in less, and on
height fields a step takes 10 % (0.015) or 20 % (0.01) less time; but at 0.01, steps of 5 ms err more than allowed."""


@dataclass(frozen=True, slots=True)
class PhysicsOptions:
    """How MuJoCo steps. The defaults are the fastest of those that stay within a stated error of `fine_reference`.

    `surefoot bench sim --settings` measures that and prints the table: 5 ms steps with MuJoCo's default friction cone
    let a standing robot's feet creep apart by as much as it may err in all; elliptic cones with stiffer friction cost
    some 5 % and do not.
    """

    timestep_s: float = 0.005
    """One physics step; PD control and torque limits run at this rate."""
    integrator: Integrator = "implicitfast"
    """From accelerations to velocities; `implicitfast` keeps damping stable at long steps."""
    solver: Solver = "newton"
    """Of the contact and friction forces."""
    iterations: int = 50
    """Of the constraint solver, at most. A trotting Go2 takes 2 (median) to 10; a tight bound saves nothing and, where
    stiff friction needs more, leaves forces that make robots jump."""
    line_search_iterations: int = 50
    """Per iteration of the solver, at most."""
    tolerance: float = 1e-6
    """Improvement below which the solver stops early."""
    cone: Cone = "elliptic"
    """Shape of the friction cone."""
    friction_to_normal_impedance: float = 10.0
    """MuJoCo's impratio: how much stiffer friction is than the contact's normal; above 1 reduces slip."""
    foot_contact_dimensions: Literal[1, 3, 4, 6] = 3
    """1 no friction, 3 sliding, 4 with torsion, 6 with rolling."""

    def __post_init__(self) -> None:
        if not 0.0 < self.timestep_s < math.inf:
            raise SurefootError(f"timestep_s {self.timestep_s} is not valid: must be finite and above 0")
        # MuJoCo takes any number here and says nothing: with no iterations, contacts have no forces.
        for name in ("iterations", "line_search_iterations"):
            count = getattr(self, name)
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise SurefootError(f"{name} {count!r} is not valid: must be a whole number of at least 1")
        if not 0.0 <= self.tolerance < math.inf:
            raise SurefootError(f"tolerance {self.tolerance} is not valid: must be finite and at least 0")
        if not 0.0 < self.friction_to_normal_impedance < math.inf:
            raise SurefootError(
                f"friction_to_normal_impedance {self.friction_to_normal_impedance} is not valid: "
                "must be finite and above 0"
            )
        _require("integrator", self.integrator, INTEGRATORS)
        _require("solver", self.solver, SOLVERS)
        _require("cone", self.cone, CONES)
        _require("foot_contact_dimensions", self.foot_contact_dimensions, (1, 3, 4, 6))


def fine_reference() -> PhysicsOptions:
    """Slow and accurate: what the training options are measured against.

    An impratio of 300 moves a standing, trotting or pushed Go2 by less than 0.2 mm in height from what 100 gives.
    """
    return PhysicsOptions(
        timestep_s=0.0005,
        iterations=100,
        line_search_iterations=50,
        tolerance=1e-12,
        cone="elliptic",
        friction_to_normal_impedance=100.0,
    )


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What goes into the model."""

    physics: PhysicsOptions = field(default_factory=PhysicsOptions)
    base: Literal["free", "fixed"] = "free"
    ground: Literal["plane", "none"] = "plane"
    """`none` leaves the ground to the caller."""
    self_collision: SelfCollision = "all"
    """`legs`: between different legs; `all`: with the trunk as well."""
    sensors: bool = True
    action_delay_s: float | None = None
    """Delay of all actuators, rounded up to whole time steps; None takes the robot's, 0 means none.

    MuJoCo's history of controls starts with zeros; `mj_initCtrlHistory` fills it.
    """
    max_action_delay_s: float = 0.0
    """Room for longer delays, set later through `actuator_delay`: see `delay_on_grid_s`."""

    def __post_init__(self) -> None:
        _require("base", self.base, ("free", "fixed"))
        _require("ground", self.ground, ("plane", "none"))
        _require("self_collision", self.self_collision, ("none", "legs", "all"))


def _require(name: str, value: object, valid: Collection[object]) -> None:
    if value not in valid:
        raise SurefootError(f"{name} {value!r} is not valid: one of {', '.join(map(str, valid))}")


def build_model(spec: RobotSpec, options: ModelOptions | None = None) -> mujoco.MjSpec:
    """The robot as an editable model; add terrain to its world body if wanted, then `compile()`."""
    options = options or ModelOptions()
    model = mujoco.MjSpec()
    model.modelname = spec.name
    _set_physics(model, options.physics)
    if options.ground == "plane":
        model.worldbody.add_geom(name="ground", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.0, 0.0, 1.0])
    _add_robot(model, spec, options)
    for joint in spec.joints:
        _add_actuator(model, joint, options, spec.action_delay_s)
    if options.sensors:
        _add_sensors(model, spec)
    _add_poses(model, spec, options)
    return model


def _set_physics(model: mujoco.MjSpec, physics: PhysicsOptions) -> None:
    model.compiler.degree = False
    option = model.option
    option.timestep = physics.timestep_s
    option.integrator = INTEGRATORS[physics.integrator]
    option.solver = SOLVERS[physics.solver]
    option.cone = CONES[physics.cone]
    option.iterations = physics.iterations
    option.ls_iterations = physics.line_search_iterations
    option.tolerance = physics.tolerance
    option.impratio = physics.friction_to_normal_impedance


def _add_robot(model: mujoco.MjSpec, spec: RobotSpec, options: ModelOptions) -> None:
    height_m = spec.standing_height_m
    trunk = _add_body(model.worldbody, spec.trunk.name, (0.0, 0.0, height_m), spec.trunk.inertial)
    if options.base == "free":
        trunk.add_freejoint(name="base")
    bits = _CollisionBits(options.self_collision)
    for shape in spec.trunk.shapes:
        _add_shape(trunk, shape, bits.of_trunk())
    trunk.add_site(
        name=spec.imu.name, pos=spec.imu.position_in_base_m, quat=_quaternion(spec.imu.orientation_in_base_rpy_rad)
    )
    for index, leg in enumerate(spec.legs):
        _add_leg(trunk, leg, bits.of_leg(index), spec.foot_friction, options.physics)


def _add_leg(
    trunk: mujoco.MjsBody, leg: Leg, bits: dict[str, int], foot_friction: float, physics: PhysicsOptions
) -> None:
    parent = trunk
    inertials = (leg.links[0].inertial, leg.links[1].inertial, leg.calf_with_foot)
    for joint, link, inertial in zip(leg.joints, leg.links, inertials, strict=True):
        parent = _add_body(parent, link.name, joint.position_in_parent_m, inertial)
        _add_joint(parent, joint)
        for shape in link.shapes:
            _add_shape(parent, shape, bits)
    foot = leg.foot
    parent.add_geom(
        name=foot.name,
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        pos=foot.position_in_calf_m,
        size=[foot.radius_m, 0.0, 0.0],
        condim=physics.foot_contact_dimensions,
        # Torsional and rolling friction are MuJoCo's defaults; they count with more than three contact dimensions.
        friction=[foot_friction, 0.005, 0.0001],
        # With the higher priority the foot's friction and stiffness hold, whatever it stands on.
        priority=1,
        solref=FOOT_SOLREF,
        **bits,
    )
    parent.add_site(name=foot.name, pos=foot.position_in_calf_m, size=[foot.radius_m, 0.0, 0.0], group=4)


def _add_body(parent: mujoco.MjsBody, name: str, position_m: Vector3, inertial: Inertial) -> mujoco.MjsBody:
    i = inertial.inertia_kgm2
    return parent.add_body(
        name=name,
        pos=position_m,
        explicitinertial=True,
        mass=inertial.mass_kg,
        ipos=inertial.com_m,
        fullinertia=[i.xx, i.yy, i.zz, i.xy, i.xz, i.yz],
    )


def _add_joint(body: mujoco.MjsBody, joint: Joint) -> None:
    body.add_joint(
        name=joint.name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=joint.axis_in_parent,
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        range=[joint.lower_rad, joint.upper_rad],
        armature=joint.motor.armature_kgm2,
        damping=[joint.motor.damping_nms_per_rad, 0.0, 0.0],
        frictionloss=joint.motor.friction_nm,
    )


def _add_shape(body: mujoco.MjsBody, shape: Shape, bits: dict[str, int]) -> None:
    if isinstance(shape, Box):
        body.add_geom(
            name=shape.name, type=mujoco.mjtGeom.mjGEOM_BOX, pos=shape.position_m, size=shape.half_size_m, **bits
        )
    elif isinstance(shape, Capsule):
        body.add_geom(
            name=shape.name,
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[*shape.start_m, *shape.end_m],
            size=[shape.radius_m, 0.0, 0.0],
            **bits,
        )


@dataclass(frozen=True, slots=True)
class _CollisionBits:
    """Two geoms collide where the `contype` of one meets the `conaffinity` of the other.

    Everything answers to the ground. Each leg has a bit of its own, to which the other legs answer, and with `all` the
    trunk too. A leg never meets itself: its links are joined, and its limits keep the foot off the thigh.
    """

    self_collision: SelfCollision

    def of_trunk(self) -> dict[str, int]:
        legs = sum(_leg_bit(i) for i in range(4)) if self.self_collision == "all" else 0
        return {"contype": 0, "conaffinity": GROUND_BIT | legs}

    def of_leg(self, index: int) -> dict[str, int]:
        if self.self_collision == "none":
            return {"contype": 0, "conaffinity": GROUND_BIT}
        others = sum(_leg_bit(i) for i in range(4) if i != index)
        return {"contype": _leg_bit(index), "conaffinity": GROUND_BIT | others}


def _leg_bit(index: int) -> int:
    return GROUND_BIT << (1 + index)


def _add_actuator(model: mujoco.MjSpec, joint: Joint, options: ModelOptions, delay_of_robot_s: float) -> None:
    """A position servo: PD torque, held within the peak torque and within the torque-speed line.

    MuJoCo's `dcmotor` with a controller delivers the commanded torque exactly until the voltage it takes, back-EMF
    included, meets the supply's; that limit is the line from the stall torque to the no-load speed. Faster than that,
    the line goes on below zero: the back-EMF brakes.
    """
    motor = joint.motor
    actuator = model.add_actuator(name=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT, target=joint.name)
    actuator.set_to_dcmotor(
        motorconst=[0.0, 0.0],
        resistance=0.0,
        nominal=[NOMINAL_VOLTAGE_V, motor.stall_torque_nm, motor.no_load_speed_radps],
        saturation=[motor.torque_limit_nm, 0.0, 0.0],
        controller=[motor.kp_nm_per_rad, 0.0, motor.kd_nms_per_rad, 0.0, 0.0, NOMINAL_VOLTAGE_V],
        ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_POS),
    )
    delay_s = delay_of_robot_s if options.action_delay_s is None else options.action_delay_s
    timestep_s = options.physics.timestep_s
    actuator.nsample = max(_whole_steps(longest_s, timestep_s) for longest_s in (delay_s, options.max_action_delay_s))
    actuator.delay = delay_on_grid_s(delay_s, timestep_s)


def delay_on_grid_s(delay_s: float, timestep_s: float) -> float:
    """The value for `actuator_delay` that delays controls by `delay_s`, rounded up to whole time steps, every time.

    MuJoCo takes the newest sample that is at least `actuator_delay` old by its clock, a running sum of time steps. With
    a whole number of steps that sum's rounding would decide between two samples, differently from step to step; a
    little less than a whole number always means the same one.
    """
    steps = _whole_steps(delay_s, timestep_s)
    return (steps - DELAY_SLACK) * timestep_s if steps else 0.0


def _whole_steps(delay_s: float, timestep_s: float) -> int:
    if not 0.0 <= delay_s < math.inf:
        raise SurefootError(f"action delay {delay_s} s is not valid: must be finite and at least 0")
    return math.ceil(delay_s / timestep_s - DELAY_SLACK)


def _add_sensors(model: mujoco.MjSpec, spec: RobotSpec) -> None:
    for name, kind in (
        ("gyro", mujoco.mjtSensor.mjSENS_GYRO),
        ("accelerometer", mujoco.mjtSensor.mjSENS_ACCELEROMETER),
        ("orientation", mujoco.mjtSensor.mjSENS_FRAMEQUAT),
    ):
        model.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=spec.imu.name)
    for suffix, kind in (
        ("position", mujoco.mjtSensor.mjSENS_JOINTPOS),
        ("velocity", mujoco.mjtSensor.mjSENS_JOINTVEL),
    ):
        for joint in spec.joint_names:
            model.add_sensor(name=f"{joint}_{suffix}", type=kind, objtype=mujoco.mjtObj.mjOBJ_JOINT, objname=joint)
    add_contact_sensors(model, spec)


def add_contact_sensors(model: mujoco.MjSpec, spec: RobotSpec) -> None:
    """Sensors of contact with the ground and with itself; see the module's table of names."""
    body, geom, tree = mujoco.mjtObj.mjOBJ_BODY, mujoco.mjtObj.mjOBJ_GEOM, mujoco.mjtObj.mjOBJ_XBODY
    found = 1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND)
    force = 1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE)
    any_contact, net_force = 0, 3  # MuJoCo's `reduce`: none, netforce
    contact = mujoco.mjtSensor.mjSENS_CONTACT
    for foot in spec.foot_names:
        # The force acts on the second of the two, the foot.
        model.add_sensor(
            name=f"{foot}_contact",
            type=contact,
            objtype=body,
            objname="world",
            reftype=geom,
            refname=foot,
            intprm=[found | force, net_force, 1],
        )
    for objtype, name, sensor in _flagged(spec):
        model.add_sensor(
            name=sensor,
            type=contact,
            objtype=body,
            objname="world",
            reftype=objtype,
            refname=name,
            intprm=[found, any_contact, 1],
        )
    model.add_sensor(
        name="self_collision",
        type=contact,
        objtype=tree,
        objname=spec.trunk.name,
        reftype=tree,
        refname=spec.trunk.name,
        intprm=[found, any_contact, 1],
    )


def _flagged(spec: RobotSpec) -> Iterator[tuple[mujoco.mjtObj, str, str]]:
    """What has a flag for touching the ground: type, name, sensor's name. Of a calf its shapes, not the foot."""
    yield mujoco.mjtObj.mjOBJ_BODY, spec.trunk.name, "trunk_contact"
    for leg in spec.legs:
        yield mujoco.mjtObj.mjOBJ_BODY, leg.links[1].name, f"{leg.links[1].name}_contact"
        for shape in leg.links[2].shapes:
            yield mujoco.mjtObj.mjOBJ_GEOM, shape.name, f"{shape.name}_contact"


def _add_poses(model: mujoco.MjSpec, spec: RobotSpec, options: ModelOptions) -> None:
    for name, pose in spec.poses.items():
        base = [0.0, 0.0, spec.pose_height_m(name), 1.0, 0.0, 0.0, 0.0] if options.base == "free" else []
        model.add_key(name=name, qpos=[*base, *pose], ctrl=list(pose))


def _quaternion(rpy_rad: Vector3) -> tuple[float, float, float, float]:
    """Roll, pitch, yaw about fixed axes, as in URDF, to wxyz."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle / 2.0), math.sin(angle / 2.0)) for angle in rpy_rad)
    return (
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    )
