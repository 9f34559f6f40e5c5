"""Logs of walks: written, read, refused; and what a supervisor makes of them."""

import dataclasses
import io
import math
import zipfile

import numpy as np
import pytest
from safe_robot import DT, limits, load_robot_once, pose, tilted

from surefoot_robots.errors import SurefootError
from surefoot_safety import replay_log
from surefoot_safety.replay import WARNING_S, replay
from surefoot_safety.replay_log import WalkLog, load_walk, save_walk

SPEC, LIMITS = load_robot_once("go2"), limits("go2")


def log(rows=100, **bent):
    """Standing still, by a policy of 50 Hz."""
    stamps = 5.0 + DT * np.arange(rows)
    targets = np.tile(pose(), (rows, 1))
    targets[:, 0] += 1e-6 * (np.arange(rows) // 4 % 7)
    rng = np.random.default_rng(0)
    still = np.zeros((rows, 12))
    plain = WalkLog(
        robot="go2",
        robot_hash=LIMITS.robot_hash,
        stamp_s=stamps,
        joint_position_rad=np.tile(pose(), (rows, 1)),
        joint_velocity_radps=still,
        joint_torque_nm=still,
        orientation_wxyz=np.tile([1.0, 0.0, 0.0, 0.0], (rows, 1)),
        angular_velocity_in_base_radps=rng.normal(0.0, 0.01, (rows, 3)),
        acceleration_in_base_mps2=np.tile([0.0, 0.0, 9.81], (rows, 1)),
        velocity_command=np.tile([0.5, 0.0, 0.0], (rows, 1)),
        target_rad=targets,
        target_stamp_s=stamps[np.arange(rows) // 4 * 4],
        kp_nm_per_rad=np.full(12, 25.0),
        kd_nms_per_rad=np.full(12, 0.5),
        trunk_contact_s=math.nan,
    )
    return dataclasses.replace(plain, **bent)


def rolling(rate_radps=4.0, rows=100, after=40, **bent):
    """Tips over to the right from a row on."""
    angle = rate_radps * DT * np.maximum(0, np.arange(rows) - after)
    turn = np.zeros((rows, 3))
    turn[after + 1 :, 0] = rate_radps
    turn[:, 2] = 1e-4 * np.arange(rows)
    return log(
        rows,
        orientation_wxyz=np.array([tilted(one) for one in angle]),
        angular_velocity_in_base_radps=turn,
        **bent,
    )


def test_a_good_walk_is_left_alone():
    found = replay(log(), LIMITS, SPEC)
    assert (found.trip, found.lead_s, found.is_fall, found.kept) == (None, None, False, True)
    assert found.seconds == pytest.approx(99 * DT)


def test_a_fall_is_foreseen_from_its_rate():
    """Tilt + 0.15 s · 4 rad/s > 1.1 rad is at 0.5 rad, 0.125 s on; acted on 0.03 s later."""
    found = replay(rolling(trunk_contact_s=5.0 + DT * 40 + 0.4), LIMITS, SPEC)
    assert found.trip is not None
    assert found.trip.triggers == ("falling",)
    assert found.trip.at_s == pytest.approx(5.0 + DT * 40 + 0.125 + 0.03, abs=2.5 * DT)
    assert found.lead_s == pytest.approx(0.4 - 0.155, abs=2.5 * DT)
    assert found.trip.mode == "stopped"
    assert "tilting at 4.00 rad/s" in found.trip.reason
    assert found.is_fall
    assert found.kept


def test_a_fall_foreseen_too_late_or_not_at_all():
    late = replay(rolling(trunk_contact_s=5.0 + DT * 40 + 0.155 + WARNING_S - 3 * DT), LIMITS, SPEC)
    assert late.lead_s is not None
    assert not late.kept
    missed = replay(log(trunk_contact_s=5.3), LIMITS, SPEC)
    assert (missed.trip, missed.lead_s, missed.kept) == (None, None, False)


def test_a_trip_before_what_makes_the_robot_fall_is_false():
    contact_s = 5.0 + DT * 40 + 0.4
    early = replay(rolling(trunk_contact_s=contact_s, cause_s=contact_s - 0.1), LIMITS, SPEC)
    assert early.lead_s is not None
    assert early.lead_s > WARNING_S
    assert (early.is_early, early.is_false, early.kept) == (True, True, False)
    right = replay(rolling(trunk_contact_s=contact_s, cause_s=5.0 + DT * 40), LIMITS, SPEC)
    assert (right.is_early, right.is_false, right.kept) == (False, False, True)
    at_s = right.trip.at_s
    assert replay(rolling(trunk_contact_s=contact_s, cause_s=at_s), LIMITS, SPEC).kept


def test_a_trip_on_a_good_walk_is_false():
    found = replay(rolling(), LIMITS, SPEC)
    assert found.trip is not None
    assert found.lead_s is None
    assert not found.kept
    assert found.is_false
    assert not replay(log(), LIMITS, SPEC).is_false


def test_a_policy_that_falls_silent():
    stamps = log().target_stamp_s
    found = replay(log(target_stamp_s=np.minimum(stamps, stamps[40])), LIMITS, SPEC)
    assert found.trip is not None
    assert "policy_bad" in found.trip.triggers
    # 60 ms after the sample that its last targets answer.
    assert found.trip.at_s == pytest.approx(stamps[40] + 0.06, abs=1.5 * DT)
    assert found.trip.mode == "fallback"


def test_a_log_of_another_robot_is_refused():
    with pytest.raises(SurefootError, match=r"of another robot \(go2\) than a1"):
        replay(log(), limits("a1"), load_robot_once("a1"))
    few = log(**{name: np.zeros((100, 3)) for name in replay_log._PER_JOINT})
    with pytest.raises(SurefootError, match="another robot"):
        replay(few, LIMITS, SPEC)


def test_a_log_that_begins_on_its_side_is_refused():
    with pytest.raises(SurefootError, match="would not walk from the log's first row: tilted by 1"):
        replay(log(orientation_wxyz=np.tile(tilted(1.2), (100, 1))), LIMITS, SPEC)


def test_written_and_read_again(tmp_path):
    before = rolling(trunk_contact_s=5.25, cause_s=5.125)
    save_walk(tmp_path / "a.npz", before)
    after = load_walk(tmp_path / "a.npz")
    assert (after.robot, after.robot_hash, after.rows, after.is_fall) == ("go2", LIMITS.robot_hash, 100, True)
    for field in dataclasses.fields(WalkLog)[2:]:
        np.testing.assert_allclose(getattr(after, field.name), getattr(before, field.name), atol=1e-6)
    np.testing.assert_array_equal(after.stamp_s, before.stamp_s)
    save_walk(tmp_path / "b.npz", log())
    assert not load_walk(tmp_path / "b.npz").is_fall
    assert math.isnan(load_walk(tmp_path / "b.npz").cause_s)


def members(**changes):
    """The arrays of a file, some of them changed; None leaves one out."""
    target = io.BytesIO()
    whole = log(4)
    arrays = {name: getattr(whole, name) for name in replay_log._NAMES if hasattr(whole, name)}
    arrays = {name: np.array(value) for name, value in arrays.items()}
    arrays |= {"format": np.array(replay_log.FORMAT), "version": np.array(replay_log.VERSION)}
    arrays |= changes
    np.savez(target, **{name: value for name, value in arrays.items() if value is not None})
    return target.getvalue()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stamp_s": None}, "has other members than a log: stamp_s"),
        ({"more": np.zeros(1)}, "has other members than a log: more"),
        ({"format": np.array("other")}, "is 'other', version"),
        ({"version": np.array(1)}, r"version \[1\]: must be 'surefoot-walk', version 2"),
        ({"version": np.array([2])}, "must be 'surefoot-walk', version 2"),
        ({"version": np.array("1")}, "version must be numbers"),
        ({"robot": np.array(3)}, "robot must be one text"),
        ({"robot": np.array(["go2"])}, "robot must be one text"),
        ({"robot": np.array("x" * 201)}, "robot must be one text of at most 200"),
        ({"kp_nm_per_rad": np.array(["a"])}, "kp_nm_per_rad must be numbers"),
        ({"stamp_s": np.zeros((4, 1))}, r"stamp_s has shape \(4, 1\)"),
        ({"stamp_s": np.zeros(0)}, r"stamp_s has shape \(0,\)"),
        ({"stamp_s": np.array([1.0, 2.0, 2.0, 3.0])}, "grow from row to row"),
        ({"stamp_s": np.array([1.0, 2.0, math.nan, 3.0])}, "must be finite"),
        ({"stamp_s": np.array([1.0, 2.0, 3.0, math.inf])}, "must be finite"),
        ({"kp_nm_per_rad": np.zeros((2, 2))}, r"kp_nm_per_rad has shape \(2, 2\): must be \(0,\)"),
        ({"kp_nm_per_rad": np.zeros(3)}, r"kd_nms_per_rad has shape \(12,\): must be \(3,\)"),
        ({"joint_torque_nm": np.zeros((4, 11))}, r"joint_torque_nm has shape \(4, 11\): must be \(4, 12\)"),
        ({"orientation_wxyz": np.zeros((3, 4))}, r"orientation_wxyz has shape \(3, 4\): must be \(4, 4\)"),
        ({"trunk_contact_s": np.zeros(1)}, r"trunk_contact_s has shape \(1,\): must be \(\)"),
        ({"cause_s": np.zeros(1)}, r"cause_s has shape \(1,\): must be \(\)"),
        ({"cause_s": None}, "has other members than a log: cause_s"),
        ({"cause_s": np.array("1")}, "cause_s must be numbers"),
        ({"target_rad": np.zeros((4, 12), dtype=complex)}, "target_rad holds complex128"),
        ({"target_rad": np.zeros((4, 12), order="F")}, "does not fill its"),
    ],
)
def test_what_is_no_log_is_refused(changes, said, tmp_path):
    (tmp_path / "a.npz").write_bytes(members(**changes))
    with pytest.raises(SurefootError, match=said):
        load_walk(tmp_path / "a.npz")


def archived(name, content, tmp_path, **options):
    """A whole log but for the bytes of one member."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(io.BytesIO(members())) as whole, zipfile.ZipFile(path, "w", **options) as changed:
        for info in whole.infolist():
            changed.writestr(info.filename, content if info.filename == f"{name}.npy" else whole.read(info.filename))
    return path


def header(text, version=b"\x01\x00"):
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a log"),
        (b"no array at all", "is not a log"),
        (header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (4,)}", b"\x02\x00"), "version"),
        (header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,)}"), "does not fill its"),
        (header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), "does not fill its"),
        (header(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "holds object"),
        (header(b"__import__('os').getcwd()"), "is not a log"),
        (header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (4,)"), "is not a log"),
    ],
)
def test_members_that_are_not_what_they_say(content, said, tmp_path):
    with pytest.raises(SurefootError, match=said):
        load_walk(archived("stamp_s", content, tmp_path))


def test_nothing_is_unpacked_beyond_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(replay_log, "MOST_BYTES", 1000)
    path = archived("target_rad", bytes(10_000_000), tmp_path, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(SurefootError, match=r"would unpack to \d+ bytes, more than 1000"):
        load_walk(path)


def test_the_same_member_twice(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(members())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("stamp_s.npy", b"")
    with pytest.raises(SurefootError, match="some twice"):
        load_walk(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(SurefootError, match="cannot be read: No such file"):
        load_walk(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(SurefootError, match="is not a log"):
        load_walk(tmp_path / "text.npz")
    whole = members()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SurefootError, match="is not a log"):
        load_walk(tmp_path / "cut.npz")
