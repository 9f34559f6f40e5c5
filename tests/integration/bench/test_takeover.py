"""Takeovers, manoeuvres and trips on a few robots: what is measured is what happens; the commands around it."""

import argparse
import dataclasses
import json

import numpy as np
import pytest

from surefoot.cli import main
from surefoot.commands import bench_takeover, bench_trips
from surefoot_robots.loader import load_robot
from surefoot_safety.command import CommandKind, JointCommand, JointTarget
from surefoot_safety.gaits import gaits_of
from surefoot_safety.limits import limits_of
from surefoot_safety.mode import Request
from surefoot_safety.pose_gait import PoseGait
from surefoot_safety.replay import Replay, Trip
from surefoot_safety.settings_loader import load_settings
from surefoot_training.bench import takeover, takeover_manoeuvres, trips
from surefoot_training.bench.takeover import Case, Failure
from surefoot_training.bench.takeover_figures import Seen
from surefoot_training.bench.takeover_manoeuvres import MANOEUVRES, Manoeuvre, Mode
from surefoot_training.bench.takeover_rig import Rig
from surefoot_training.evaluate.candidate import find_candidate, judging_task
from surefoot_training.sim.simulator import Placement

GO2 = load_robot("go2")
POLICY = find_candidate("go2-velocity-flat")
TASK = judging_task(POLICY)


def standing(rig):
    joints = np.tile(GO2.default_joint_position_rad, (rig.robots, 1))
    height = np.tile([0.0, 0.0, GO2.standing_height_m], (rig.robots, 1))
    rig.place(Placement(height, np.tile([1.0, 0.0, 0.0, 0.0], (rig.robots, 1)), joints))


def law(**bent):
    still = (0.0,) * 12
    pose = tuple(GO2.default_joint_position_rad.tolist())
    plain = JointTarget(pose, still, still, (60.0,) * 12, (2.0,) * 12)
    return JointCommand("", 0, 0.0, CommandKind.TRACK, dataclasses.replace(plain, **bent))


def test_motors_get_gains_with_the_delay_that_targets_have():
    rig = Rig(TASK, GO2, 8, seed=0)
    standing(rig)
    before = rig.simulator.get_parameters(np.arange(8))
    ticks = np.ceil(before["action_delay_s"] / 0.005 - 1e-6).astype(int)
    assert len(set(ticks)) > 1
    for robot in range(8):
        rig.motors.obey(robot, law())
    changed_at = np.full(8, -1)
    for tick in range(12):
        rig.step()
        kp = rig.simulator.get_parameters(np.arange(8))["kp_nm_per_rad"]
        new = (changed_at < 0) & (kp != before["kp_nm_per_rad"]).all(axis=1)
        changed_at[new] = tick
    np.testing.assert_array_equal(changed_at, ticks)
    # Each motor is off by what it was off by before.
    np.testing.assert_allclose(kp / 60.0, before["kp_nm_per_rad"] / GO2.kp_nm_per_rad)


def test_torque_and_speed_of_a_command_are_part_of_the_position():
    rig = Rig(TASK, GO2, 1, seed=0)
    standing(rig)
    rig.motors.obey(0, law(torque_nm=(6.0,) * 12, velocity_radps=(3.0,) * 12))
    # (6 + 2 · 3) Nm by 60 Nm/rad.
    np.testing.assert_allclose(rig.motors.send()[0], GO2.default_joint_position_rad + 0.2)
    rig.motors.obey(0, law(kp_nm_per_rad=(0.0,) * 12, torque_nm=(6.0,) * 12))
    np.testing.assert_allclose(rig.motors.send()[0], rig.simulator.state().joint_position[0])


@pytest.mark.parametrize(
    ("bent", "found"),
    [
        ({}, False),
        ({"position_rad": (9.0,) * 12}, True),
        ({"torque_nm": (0.0,) * 11 + (200.0,)}, True),
        ({"kp_nm_per_rad": (101.0,) * 12}, True),
        ({"kd_nms_per_rad": (8.1,) * 12}, True),
        ({"torque_nm": (float("nan"),) * 12}, True),
    ],
)
def test_commands_beyond_limits_are_noticed(bent, found):
    rig = Rig(TASK, GO2, 1, seed=0)
    standing(rig)
    rig.motors.obey(0, law(**bent))
    joints = GO2.default_joint_position_rad[None]
    assert rig.motors.excess(np.array([0]), joints, np.zeros((1, 12)))[0] == found


def test_a_slope_is_a_gravity_that_leans():
    rig = Rig(TASK, GO2, 2, seed=0)
    standing(rig)
    before = np.linalg.norm(rig.simulator.get_parameters(np.arange(2))["gravity_mps2"], axis=1)
    rig.lean(0.1, np.array([0.0, np.pi / 2]))
    gravity = rig.simulator.get_parameters(np.arange(2))["gravity_mps2"]
    np.testing.assert_allclose(np.linalg.norm(gravity, axis=1), before)
    # Uphill ahead pulls back; uphill to the left pulls to the right.
    np.testing.assert_allclose(
        gravity / before[:, None], [[-np.sin(0.1), 0, -np.cos(0.1)], [0, -np.sin(0.1), -np.cos(0.1)]], atol=1e-12
    )


@pytest.mark.parametrize("failure", list(Failure))
def test_a_takeover(failure):
    case = Case("a case", 0.5, around=True, push_n=20.0, failure=failure, watch_s=1.0)
    result = takeover.measure(TASK, GO2, POLICY.make, gaits_of, case, trials=3, seed=4)
    assert result.trials + result.fell_before + result.tripped_before == 3
    assert result.limit_excesses == 0
    assert 0 <= result.falls <= result.trials
    if failure is Failure.SILENT:
        again = takeover.measure(TASK, GO2, POLICY.make, gaits_of, case, trials=3, seed=4)
        assert again == result


def test_who_does_nothing_falls():
    """Gaits that fold the legs in mid-walk: the bench must see that."""
    fold = lambda robot: dataclasses.replace(gaits_of(robot), fallback=gaits_of(robot).sit)  # noqa: E731
    case = Case("folding", 1.0, watch_s=2.0)
    assert takeover.measure(TASK, GO2, POLICY.make, fold, case, trials=3, seed=4).falls > 0


def crouching(robot):
    """Gaits that end with bent legs, the trunk off the ground."""
    pose = tuple((0.3 * robot.default_joint_position_rad + 0.7 * robot.pose_rad("lying")).tolist())
    kp, kd = tuple(robot.kp_nm_per_rad.tolist()), tuple(robot.kd_nms_per_rad.tolist())
    crouch = lambda: PoseGait(pose, kp, kd, 0.3)  # noqa: E731
    return dataclasses.replace(gaits_of(robot), stand_up=crouch(), stand=crouch(), fallback=crouch())


def test_who_crouches_at_the_end_has_fallen():
    case = Case("crouching", 0.3, watch_s=3.0)
    result = takeover.measure(TASK, GO2, POLICY.make, crouching, case, trials=3, seed=4)
    assert (result.falls, result.standing) == (3, 0)
    assert takeover_manoeuvres.measure(TASK, GO2, crouching, MANOEUVRES[0], trials=2, seed=1).done == 0


def test_who_crouches_sits_like_a_dog_or_leans_does_not_stand():
    default, lying = GO2.default_joint_position_rad, GO2.pose_rad("lying")
    dog = np.where(np.arange(12) < 6, default, lying)
    rig = Rig(TASK, GO2, 4, seed=3)
    pose = np.stack([default, lying, dog, np.where(np.arange(12) % 6 < 3, lying, default)])
    height = np.tile([0.0, 0.0, GO2.standing_height_m], (4, 1))
    rig.place(Placement(height, np.tile([1.0, 0.0, 0.0, 0.0], (4, 1)), pose))
    rig.motors.track(np.arange(4), pose, np.full(12, 60.0), np.full(12, 2.4))
    for _ in range(300):
        rig.step()
    np.testing.assert_array_equal(rig.stands, [True, False, False, False])
    np.testing.assert_array_equal(rig.lies[:3], [False, True, False])


def test_an_operators_stop_ends_flat_on_the_ground():
    stop = dataclasses.replace(takeover.STOPS[0], watch_s=3.0)
    result = takeover.measure(TASK, GO2, POLICY.make, gaits_of, stop, trials=3, seed=4)
    assert (result.trials, result.falls, result.standing, result.stopped) == (3, 0, 0, 3)
    # A robot that stays up has not obeyed.
    up = lambda robot: dataclasses.replace(gaits_of(robot), sit=gaits_of(robot).stand)  # noqa: E731
    assert takeover.measure(TASK, GO2, POLICY.make, up, stop, trials=2, seed=4).falls == 2


def seen(robots, tripped):
    nobody = np.zeros(robots, dtype=bool)
    zero = np.zeros(robots)
    first = np.arange(robots) < tripped
    why = (frozenset(),) * robots
    return Seen(first, nobody, nobody, nobody, nobody, why, zero, zero, zero, 0, 0, 0)


def test_others_take_the_place_of_robots_that_left():
    asked = []

    def simulated(robots, seed, _):
        asked.append((robots, seed))
        return seen(robots, tripped=2 if len(asked) == 1 else 1 if len(asked) == 2 else 0)

    parts = takeover.enough(simulated, 10, seed=7)
    assert [robots for robots, _ in asked] == [10, 2, 1]
    assert len({seed for _, seed in asked}) == 3
    assert takeover.figures("a", 1.0, parts).trials == 10
    assert takeover.figures("a", 1.0, parts).tripped_before == 3


def test_the_search_for_others_ends():
    parts = takeover.enough(lambda robots, _seed, _report: seen(robots, tripped=robots), 10, seed=7)
    assert sum(len(part.tripped) for part in parts) == 20


TAKEOVER = {"row": "a", "kind": "takeover", "fallback": "trot", "speed_mps": 1.0, "trials": 200, "falls": 10}
TAKEOVER |= {"tripped_before": 4, "limit_excesses": 0}
MANOEUVRE = {"row": "b", "kind": "manoeuvre", "trials": 200, "done": 190, "limit_excesses": 0}


@pytest.mark.parametrize(
    ("row", "bent", "kept"),
    [
        (TAKEOVER, {}, True),
        (TAKEOVER, {"falls": 11}, False),
        (TAKEOVER, {"tripped_before": 5}, False),
        (TAKEOVER, {"trials": 199, "falls": 0}, False),
        (TAKEOVER, {"trials": 1, "falls": 0, "tripped_before": 199}, False),
        (TAKEOVER, {"speed_mps": 0.5, "falls": 2}, True),
        (TAKEOVER, {"speed_mps": 0.5, "falls": 3}, False),
        (TAKEOVER, {"kind": "stop", "fallback": "sit", "speed_mps": 0.5, "falls": 10}, True),
        (TAKEOVER, {"kind": "stop", "fallback": "sit", "speed_mps": 0.5, "falls": 11}, False),
        (MANOEUVRE, {}, True),
        (MANOEUVRE, {"done": 189}, False),
        (MANOEUVRE, {"done": 0}, False),
    ],
)
def test_the_bars_of_bench_takeover(row, bent, kept):
    told = bench_takeover._result({"x": {**row, **bent}}, argparse.Namespace(policy="p", trials=200, seed=1))
    assert told["kept"] == {row["row"]: kept, "limits": True}


def test_every_manoeuvre_and_stop_has_a_row():
    words = argparse.Namespace(policy="go2-velocity-flat", trials=2, seed=1)
    names = bench_takeover._jobs(words).keys()
    assert {"operator's stop at 0.5 m/s", "operator's stop at 1 m/s", "stand up", "sit down"} <= names


def test_bench_takeover_without_a_row(capsys):
    assert main(["bench", "takeover", "--only", "zzz"]) == 2
    told = capsys.readouterr().err
    assert "no row has 'zzz' in its name" in told
    assert "stand up" in told


def test_a_robot_stands_up():
    result = takeover_manoeuvres.measure(TASK, GO2, gaits_of, MANOEUVRES[0], trials=2, seed=1)
    assert (result.done, result.falls, result.limit_excesses) == (2, 0, 0)


def test_a_robot_that_is_asked_for_nothing_does_nothing():
    lazy = Manoeuvre("lie", "lying", ((0.1, Request.ARM),), 1.0, Mode.STANDING)
    assert takeover_manoeuvres.measure(TASK, GO2, gaits_of, lazy, trials=2, seed=1).done == 0


def test_walks_and_falls_are_told_apart(monkeypatch):
    monkeypatch.setattr(trips, "WALK_S", 3.5)
    monkeypatch.setattr(trips, "TROUBLE_S", (1.5, 1.6))
    limits = limits_of(GO2, load_settings("go2"))
    for trouble in (trips.Trouble.NONE, trips.Trouble.NOISE):
        recorded = trips.record(TASK, GO2, POLICY.make, trouble, robots=3, seed=2)
        assert recorded.logs
        assert all(log.is_fall == (trouble is trips.Trouble.NOISE) for log in recorded.logs)
        for log in recorded.logs if trouble is trips.Trouble.NOISE else ():
            assert 1.5 <= log.cause_s < 1.6 < log.trunk_contact_s
        seen = []
        found = trips.judge(recorded, limits, GO2, seen.append)
        assert (found.logs, len(seen)) == (len(recorded.logs), len(recorded.logs))
        assert found.kept + found.missed <= found.logs


GOOD = Replay(8.0, False, None, None)
WRONG = Replay(8.0, False, Trip(4.0, ("tilt",), "", "stopped"), None)
FORESEEN = Replay(5.0, True, Trip(4.0, ("tilt",), "", "stopped"), 0.5)
MISSED = Replay(5.0, True, None, None)
EARLY = Replay(8.0, True, Trip(1.2, ("falling",), "", "stopped"), 4.0, is_early=True)
ALL_WELL = {trouble: [FORESEEN] * 10 for trouble in trips.Trouble} | {trips.Trouble.NONE: [GOOD] * 10}


@pytest.mark.parametrize(
    ("bent", "said"),
    [
        ({}, []),
        ({trips.Trouble.SLIP: [FORESEEN] * 9 + [MISSED]}, []),
        ({trips.Trouble.NONE: [GOOD] * 9 + [WRONG]}, ["good walks: 1 false trips, none is allowed"]),
        ({trips.Trouble.NONE: [GOOD] * 9}, ["good walks: 9 of 100 robots, at least 10 are needed"]),
        ({trips.Trouble.SLIP: [FORESEEN] * 9}, ["falls by slip: 9 of 100 robots, at least 10 are needed"]),
        (
            {trips.Trouble.PUSH: [FORESEEN] * 200, trips.Trouble.SLIP: [MISSED] * 20},
            ["falls by slip: 0 of 20 foreseen, 90 % must be"],
        ),
        ({trips.Trouble.PUSH: [FORESEEN] * 99 + [EARLY]}, ["falls by push: 1 false trips, none is allowed"]),
    ],
)
def test_the_bars_of_bench_trips(bent, said, capsys):
    outcomes = [trips.outcome(trips.Recorded(kind, 100, ()), them) for kind, them in (ALL_WELL | bent).items()]
    words = argparse.Namespace(policy="p", robots=100, seed=1, level=None, json=True)
    status = bench_trips._report(outcomes, words)
    told = json.loads(capsys.readouterr().out)
    assert (told["missed_bars"], told["kept"], status) == (said, not said, 1 if said else 0)


def test_bench_trips_without_a_log(capsys):
    outcomes = [trips.outcome(trips.Recorded(kind, 100, ()), []) for kind in trips.Trouble]
    words = argparse.Namespace(policy="p", robots=100, seed=1, level=None, json=False)
    assert bench_trips._report(outcomes, words) == 1
    assert "missed: good walks: 0 of 100 robots" in capsys.readouterr().out


def test_a_trip_before_the_trouble_is_no_lead():
    found = trips.outcome(trips.Recorded(trips.Trouble.PUSH, 100, ()), [EARLY] * 3)
    assert (found.kept, found.false_trips, found.lead_s["p50"]) == (0, 3, 0.0)


def test_bench_takeover_keeps_and_resumes(tmp_path, capsys):
    out = tmp_path / "takeover.json"
    words = ["bench", "takeover", "--trials", "2", "--only", "tick: sit", "--out", str(out)]
    main([*words, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(out.read_text())
    assert [row["row"] for row in told["rows"]] == ["tick: sit"]
    assert told["kept"].keys() == {"tick: sit", "limits"}
    main([*words, "--resume"])
    assert json.loads(out.read_text()) == told  # to the last digit: not measured again
    assert "sit" in capsys.readouterr().out
    assert main(["bench", "takeover", "--trials", "3", "--out", str(out), "--resume"]) == 2
    assert "2 trials" in capsys.readouterr().err
    out.write_text(json.dumps({**told, "rules": 1}))
    assert main([*words, "--resume"]) == 2
    assert "judged by other rules" in capsys.readouterr().err
    out.write_text("[]")
    assert main([*words, "--resume"]) == 2
    assert "holds no results to go on from" in capsys.readouterr().err


def test_bench_trips_and_safety_replay(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(trips, "WALK_S", 3.0)
    monkeypatch.setattr(trips, "TROUBLE_S", (1.5, 1.6))
    folder = tmp_path / "logs"
    monkeypatch.setattr(trips, "LEAST_LOGS", 0)
    kept = main(["bench", "trips", "--robots", "2", "--logs", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "first trip by" in told
    assert kept == ("missed:" not in told)
    files = sorted(folder.glob("*.npz"))
    assert files
    status = main(["safety", "replay", str(folder), "--json"])
    again = json.loads(capsys.readouterr().out)
    assert f"{again['false_trips']} false trips; {again['falls_foreseen']} of {again['falls']} falls" in told
    assert status == (0 if all(log["kept"] for log in again["logs"]) else 1)
    main(["safety", "replay", str(files[0])])
    assert "good walks" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["safety", "replay", str(tmp_path / "empty")]) == 2
    assert "there are no logs" in capsys.readouterr().err


def test_bench_trips_as_json(capsys, monkeypatch):
    monkeypatch.setattr(trips, "WALK_S", 1.5)
    main(["bench", "trips", "--robots", "1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [row["trouble"] for row in told["rows"]] == [trouble.value for trouble in trips.Trouble]
    assert (told["falls"], told["falls_foreseen"], told["level"]) == (0, 0, None)  # trouble would begin later
