"""What acts say of what they have seen, without robots."""

import math
from types import SimpleNamespace

import pytest

from surefoot.demo import acts
from surefoot.demo.acts import SHIPPED, Play, Track, heading_and_tilt_rad, identified_told
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import ROOT_VARIABLE, RunLock, folder_of

HALF = math.sqrt(0.5)


class Answers:
    """Children that have been asked, and answer what a test gives them."""

    def __init__(self, found=None):
        self.found, self.asked = found, []

    def answer(self, _name, *words, **_):
        self.asked.append(words)
        return self.found

    def run(self, _name, *words, **_):
        self.asked.append(words)
        return ""


def play(tmp_path, found=None, quick=False, policy=SHIPPED):
    return Play(Answers(found), tmp_path, 0, quick, policy=policy)


def evaluated(falls, mean=0.123):
    return {"episodes": 16, "falls": falls, "speed_error_mps": {"mean": mean}}


def test_it_does_not_learn_for_minutes_beside_a_robot_that_it_will_have_to_leave_alone(tmp_path_factory, monkeypatch):
    root = tmp_path_factory.mktemp("r")  # short: sockets have short paths
    monkeypatch.setenv(ROOT_VARIABLE, str(root))
    lock, learning = RunLock(folder_of("go2")), play(root)
    with pytest.raises(SurefootError, match="go2 is running already"):
        acts.train(learning)
    assert not learning.children.asked
    lock.release()
    acts.train(learning)
    assert learning.children.asked[0][:2] == ("train", "velocity-flat")


def test_a_policy_that_falls_does_not_go_on(tmp_path):
    learned = play(tmp_path, evaluated(3), policy="training")
    assert acts.evaluate(learned) == (
        "16 episodes, 3 falls; off the commanded speed by 0.12 m/s: "
        f"what follows asks for at most 2 falls and 0.25 m/s, so the shipped {SHIPPED} goes on"
    )
    assert learned.policy == SHIPPED
    assert acts.export(learned).startswith("left out")
    assert len(learned.children.asked) == 1
    hopeless = play(tmp_path, evaluated(40, None), policy="training")
    assert acts.evaluate(hopeless).startswith("16 episodes, 40 falls: what follows")
    standing = play(tmp_path, evaluated(0, 0.55), policy="training")
    acts.evaluate(standing)
    assert (hopeless.policy, standing.policy) == (SHIPPED, SHIPPED)
    good = play(tmp_path, evaluated(2, 0.25), policy="training")
    acts.evaluate(good)
    assert good.policy == "training"


def test_what_was_exported_goes_on(tmp_path):
    run = tmp_path / "training"
    run.mkdir()
    (run / "policy.onnx").write_bytes(bytes(1_500_000))
    learned = play(tmp_path, policy=str(run))
    assert "1.5 MB" in acts.export(learned)
    assert learned.policy == str(run / "policy.onnx")


def test_a_policy_that_is_refused_ends_the_story(tmp_path):
    assert acts.verify(play(tmp_path, {"ok": True})).startswith("accepted")
    with pytest.raises(SurefootError, match="is refused"):
        acts.verify(play(tmp_path, {"ok": False, "failures": [{"field": "robot"}]}))


@pytest.mark.parametrize(("quick", "pages"), [(True, ["walk.html"]), (False, ["walk.html", "training.html"])])
def test_there_is_a_page_of_everything(tmp_path, quick, pages):
    acts.report(shown := play(tmp_path, quick=quick))
    assert [page.name for page, _ in shown.pages] == pages


def test_heading_and_tilt():
    assert heading_and_tilt_rad(1.0, 0.0, 0.0, 0.0) == (0.0, 0.0)
    assert heading_and_tilt_rad(HALF, 0.0, 0.0, HALF) == pytest.approx((math.pi / 2, 0.0))
    assert heading_and_tilt_rad(HALF, 0.0, HALF, 0.0)[1] == pytest.approx(math.pi / 2)


def test_a_track_is_as_long_as_the_way_and_turns_beyond_half_a_circle():
    places = [(0.0, 0.0, 0.0), (3.0, 4.0, 2.0), (3.0, 5.0, 4.0)]

    def robot():
        for x, y, yaw in places:
            yield SimpleNamespace(qpos=(x, y, 0.3, math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)))

    seen = robot()
    track = Track(SimpleNamespace())
    for truth in seen:
        track._stage.truth = truth
        track.look()
    assert (track.length_m, track.turned_rad) == pytest.approx((6.0, 4.0))
    assert track.most_tilt_rad == 0.0


def estimate(name, value, verdict="identified"):
    return {"name": name, "value": value, "verdict": verdict}


def test_numbers_are_told_beside_their_truth():
    found = [estimate("friction_nm", 0.2), estimate("friction_nm", 0.3), estimate("action_delay_s", 0.0151)]
    assert identified_told([*found, estimate("armature_kgm2", 0.01, "weak")]) == (
        "3 of 4 numbers identified; friction 0.25 Nm (in truth 0.3 Nm), delay 15.1 ms (in truth 14 ms)"
    )
    assert identified_told([estimate("friction_nm", 0.2, "weak")]).endswith("none of those that are hidden")
