"""The pages of identification: every part is there, and figures are those of what was found."""

import dataclasses
from html.parser import HTMLParser

import numpy as np
import pytest
from joint_logs import GO2, Motion

from surefoot.report.calibration_report import calibration_page
from surefoot.report.comparison_report import comparison_page
from surefoot.report.gallery import gallery
from surefoot.report.parameter_pictures import leg_correlations, ties
from surefoot.report.played_pictures import SHOWN_S, _furthest, joint_pictures
from surefoot_calibration.air.compare import judged
from surefoot_calibration.air.identify import HeldOut, Identification
from surefoot_calibration.air.parameters import UNITS
from surefoot_calibration.air.play import Played
from surefoot_calibration.air.verdicts import ADVICE, Estimate, names_of
from surefoot_calibration.log.read import read_log

NAMES = names_of(GO2)
VERDICTS = ("identified", "weak", "not_identifiable")


class Tags(HTMLParser):
    """Whether every tag is closed where it should be, and what the page loads."""

    EMPTY = frozenset({"meta", "img", "br", "path", "use", "rect", "image"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.sources: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        self.sources += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag


def looked_through(page):
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "<script" not in page
    assert [source for source in tags.sources if not source.startswith(("#", "data:"))] == []
    return tags


def estimate(place, verdict):
    name, joint = NAMES[place]
    settled = verdict == "identified"
    tied_to = "" if settled else "motor_strength of FL_hip_joint"
    advice = "" if settled else ADVICE[name]
    return Estimate(name, joint, 1.0 + place, 0.5 + place, 2.0 + place, UNITS[name], verdict, place, tied_to, advice)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    motion = Motion(seconds=9.0)
    motion.t[900:] += 0.15
    return read_log(motion.write_csv(tmp_path_factory.mktemp("log") / "a<b>.csv"), GO2)


def both(log, peak_row=1200):
    """Before is off by 10 mrad, but by 50 at one place; after by 1."""
    rows = np.concatenate([np.arange(0, 400), np.arange(1000, 1400)])
    measured = log.position_rad[rows]
    before = measured + 0.01
    before[np.abs(rows - peak_row) < 10] += 0.04
    windows = (rows >= 1000).astype(np.intp)
    target = log.target_rad[rows]
    return Played(log.origin, GO2.joint_names, log.stamp_s[rows], windows, target, measured, before, measured + 0.001)


@pytest.fixture(scope="module")
def found(log):
    correlation = np.eye(61)
    correlation[0, 48] = correlation[48, 0] = -0.97
    held_out = HeldOut(GO2.joint_names, (0.0123,) * 12, (0.001,) * 12)
    estimates = tuple(estimate(place, VERDICTS[place % 3] if place < 12 else "identified") for place in range(61))
    return Identification(estimates, held_out, (0.0005,) * 12, 800, 80, correlation, (both(log),))


def test_the_page_of_a_fit(found, log):
    page = calibration_page(
        GO2, found, [log], {"robot": "go2", "logs": [{"sha256": "abc"}], "parameters": "of no use here"}
    )
    tags = looked_through(page)
    # Twelve joints, four legs of errors, five kinds and the delay, four legs of correlations, the log's steps.
    assert tags.count["svg"] == 12 + 4 + 6 + 4 + 1
    assert "<b>12.30 mrad</b>" in page
    assert "<b>1.00 mrad</b>" in page
    for tile in ("<b>53 of 61</b><span>identified", "<b>4 of 61</b><span>weak", "<b>10 %</b>"):
        assert tile in page
    assert (
        "<b>armature</b> of FL thigh, FR thigh, RL thigh, RR thigh (weak, not told apart from motor strength)" in page
    )
    assert ADVICE["armature_kgm2"] in page
    assert '<td>armature of FL hip</td><td>motor strength of FL hip</td><td class="n">-0.97</td>' in page
    assert "a&lt;b&gt;.csv" in page
    assert "a<b>" not in page
    assert "30 samples; gaps: 1 (155 ms at 4.50 s)" in page
    assert "sha256: abc" in page
    assert "of no use here" not in page


def test_one_without_anything_left_to_settle_or_to_show(found, log):
    settled = tuple(estimate(place, "identified") for place in range(61))
    plain = dataclasses.replace(found, estimates=settled, correlation=np.zeros((0, 0)), played=())
    page = calibration_page(GO2, plain, [log], {})
    assert looked_through(page).count["svg"] == 6 + 1
    assert "Nothing: every parameter is identified." in page


def test_the_page_of_a_comparison(log):
    page = comparison_page(GO2, log, "<c>.yaml", judged(both(log)))
    assert looked_through(page).count["svg"] == 12 + 4
    assert "&lt;c&gt;.yaml on a&lt;b&gt;.csv" in page
    assert "<td>RR_calf_joint</td>" in page


@pytest.mark.parametrize("peak_row", [60, 1200, 1395])
def test_pictures_show_where_it_is_furthest_off(log, peak_row):
    place = _furthest([both(log, 700), both(log, peak_row)], 3)
    times = place.both.stamp_s[place.rows]
    assert times[-1] - times[0] == pytest.approx(SHOWN_S, abs=0.011)
    assert log.stamp_s[peak_row] in times
    assert len(set(place.both.window_of[place.rows])) == 1


def test_a_joints_picture_says_its_errors(log):
    pictures = list(joint_pictures([both(log, 700)]))
    assert len(pictures) == 12
    assert "FL_hip_joint: 10.00 → 1.00 mrad" in pictures[0]


def test_ties_are_the_strongest_first(found):
    (first, second, value), (_, _, other) = ties(NAMES, found.correlation, 2)
    assert (first, second, value, other) == ("armature of FL hip", "motor strength of FL hip", -0.97, 0.0)
    assert len(list(leg_correlations(NAMES, found.correlation))) == 4


def test_pictures_go_beside_one_another():
    found = gallery(["<svg/>", "<svg/>"], 20)
    assert found.count("<div>") == 2
    assert "minmax(min(20rem,100%),1fr)" in found
