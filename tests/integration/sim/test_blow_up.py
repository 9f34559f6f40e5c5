"""A simulation that blows up is found and kept; the others go on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.sim.blow_up import load_dump, replay
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import Placement
from surefoot_training.task.terrain import Terrain

GO2 = load_robot("go2")
STANCE = GO2.default_joint_position_rad


def simulator(dump_folder: Path | None = None) -> MujocoBatch:
    return MujocoBatch(GO2, Terrain.flat(), 4, threads=1, dump_folder=dump_folder)


def moves(steps: int) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [np.tile(STANCE, (4, 1)) + rng.normal(0.0, 0.2, (4, 12)) for _ in range(steps)]


def blow_up(sim: MujocoBatch, robot: int) -> None:
    """A kick that no robot survives."""
    kick = np.zeros((4, 3))
    kick[robot] = 1e6
    sim.push(kick)


def stand_again(sim: MujocoBatch, ids: np.ndarray) -> None:
    n = len(ids)
    sim.reset(
        ids,
        Placement(
            np.tile([0.0, 0.0, GO2.standing_height_m], (n, 1)), np.tile([1.0, 0, 0, 0], (n, 1)), np.tile(STANCE, (n, 1))
        ),
    )


def test_only_the_blown_up_robot_is_flagged_and_the_others_are_untouched() -> None:
    calm, wild = simulator(), simulator()
    for step, target in enumerate(moves(40)):
        if step == 20:
            blow_up(wild, 2)
        calm.step(target)
        wild.step(target)
        if step == 20:
            np.testing.assert_array_equal(wild.failed(), [False, False, True, False])
            stand_again(wild, np.flatnonzero(wild.failed()))
            assert not wild.failed().any()
    others = [0, 1, 3]
    np.testing.assert_array_equal(calm.state().joint_position[others], wild.state().joint_position[others])
    assert np.isfinite(wild.state().joint_position).all()
    assert (calm.blow_ups, wild.blow_ups) == (0, 1)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_target_that_is_not_finite_fails_that_robot(poison: float) -> None:
    sim = simulator()
    target = np.tile(STANCE, (4, 1))
    target[1, 3] = poison
    sim.step(target)
    np.testing.assert_array_equal(sim.failed(), [False, True, False, False])
    assert np.isfinite(sim.state().joint_position).all()


@pytest.mark.parametrize("steps_before", [3, 24, 25, 26, 60])
def test_a_dump_replays_the_last_moments_to_the_bit(tmp_path: Path, steps_before: int) -> None:
    sim = simulator(tmp_path)
    sim.set_parameters(np.arange(4), {"foot_friction": np.array([0.3, 0.5, 0.7, 0.9])})
    stand_again(sim, np.arange(4))
    seen = []
    for step, target in enumerate(moves(steps_before)):
        sim.set_base_force(np.full((4, 3), 5.0 * (step % 7)))
        sim.step(target)
        seen.append(sim.batch.bind("qpos")[1].copy())
    blow_up(sim, 1)
    sim.step(np.tile(STANCE, (4, 1)))
    seen.append(sim.batch.bind("qpos")[1].copy())
    (dump,) = tmp_path.iterdir()
    positions = replay(load_dump(dump))[1:]
    assert min(25, steps_before + 1) <= len(positions) <= 50
    np.testing.assert_array_equal(positions, seen[-len(positions) :])


def test_only_the_first_few_blow_ups_are_written(tmp_path: Path) -> None:
    sim = simulator(tmp_path)
    for _ in range(4):
        kick = np.full((4, 3), 1e6)
        sim.push(kick)
        sim.step(np.tile(STANCE, (4, 1)))
        stand_again(sim, np.arange(4))
    assert sim.blow_ups == 16
    assert len(list(tmp_path.iterdir())) == 5


def test_a_folder_that_is_no_dump_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SurefootError, match="no blow-up dump"):
        load_dump(tmp_path)
    sim = simulator(tmp_path / "dumps")
    blow_up(sim, 0)
    sim.step(np.tile(STANCE, (4, 1)))
    (dump,) = (tmp_path / "dumps").iterdir()
    about = json.loads((dump / "about.json").read_text())
    (dump / "about.json").write_text(json.dumps(about | {"mujoco": "3.0.0"}))
    with pytest.raises(SurefootError, match=r"written by mujoco 3\.0\.0"):
        load_dump(dump)
    (dump / "about.json").write_text("{")
    with pytest.raises(SurefootError, match="no blow-up dump"):
        load_dump(dump)
    (dump / "about.json").write_text(json.dumps(about))
    for name in ("model.mjb", "moments.npz"):
        whole = (dump / name).read_bytes()
        (dump / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SurefootError, match="no blow-up dump"):
            load_dump(dump)
        (dump / name).write_bytes(whole)
    load_dump(dump)


def dumped(folder: Path) -> Path:
    """A dump as the simulator writes it."""
    sim = simulator(folder)
    blow_up(sim, 0)
    sim.step(np.tile(STANCE, (4, 1)))
    (dump,) = folder.iterdir()
    return dump


def with_about(**changes: object) -> Callable[[Path], object]:
    def change(dump: Path) -> None:
        about = json.loads((dump / "about.json").read_text())
        (dump / "about.json").write_text(json.dumps(about | changes))

    return change


def with_moments(**changes: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], object]:
    def change(dump: Path) -> None:
        with np.load(dump / "moments.npz") as moments:
            parts = dict(moments)
        np.savez(dump / "moments.npz", **parts | {name: alter(parts[name]) for name, alter in changes.items()})

    return change


def with_model(xml: str) -> Callable[[Path], object]:
    def change(dump: Path) -> None:
        mujoco.mj_saveModel(mujoco.MjModel.from_xml_string(xml), str(dump / "model.mjb"))

    return change


def without_time(dump: Path) -> None:
    model = mujoco.MjModel.from_binary_path(str(dump / "model.mjb"))
    model.opt.timestep = 0.0
    mujoco.mj_saveModel(model, str(dump / "model.mjb"))


BALL = "<geom size='0.1'/>"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (with_about(physics_steps_per_control_step=10**9), "control_step 1000000000 must be within 1 to 1000"),
        (with_about(physics_steps_per_control_step=1e30), "must be within 1 to 1000"),
        (with_about(physics_steps_per_control_step=float("inf")), "infinity"),
        (with_about(physics_steps_per_control_step=0), "must be within 1 to 1000"),
        (with_about(physics_steps_per_control_step=-3), "must be within 1 to 1000"),
        (with_about(first_step=-5), "first_step -5 must be at least 0"),
        (with_about(note="x" * 20_000), "about.json has more than 10000 bytes"),
        (lambda dump: (dump / "about.json").write_text("[" * 9_000), "no blow-up dump"),
        (lambda dump: (dump / "model.mjb").write_bytes((dump / "model.mjb").read_bytes()[:5000]), "no blow-up dump"),
        (with_model(f"<mujoco><worldbody><body><freejoint/>{BALL}</body></worldbody></mujoco>"), "no robot"),
        (with_model(f"<mujoco><worldbody>{BALL}</worldbody></mujoco>"), "its model is no robot"),
        (without_time, "its model steps 0 s"),
        (with_moments(controls=lambda array: array[:, :5]), "do not fit its model"),
        (with_moments(controls=lambda array: array[:0]), "do not fit its model"),
        (with_moments(controls=lambda _: np.array(3.0)), "do not fit its model"),
        (with_moments(controls=lambda array: array.astype(str)), "not all of floating-point numbers"),
        (
            with_moments(
                controls=lambda array: np.resize(array, (51, 12)),
                base_forces_in_world_n=lambda array: np.resize(array, (51, 3)),
                velocity_kicks_in_world_mps=lambda array: np.resize(array, (51, 3)),
            ),
            "do not fit its model",
        ),
    ],
)
def test_a_damaged_or_made_up_dump_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], complaint: str
) -> None:
    dump = dumped(tmp_path / "dumps")
    monkeypatch.chdir(tmp_path)
    mujoco.set_mju_user_warning(None)  # as in a process that has simulated nothing yet
    change(dump)
    with pytest.raises(SurefootError, match="no blow-up dump") as caught:
        load_dump(dump)
    assert complaint in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["dumps"], "the engine wrote a log"
