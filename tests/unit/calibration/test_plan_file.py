"""Plans as files: read as they were written, refused where they are none."""

import numpy as np
import pytest
from joint_logs import GO2

from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.plan_file import read_plan, write_plan
from surefoot_calibration.log.gains import parse_gains
from surefoot_robots.errors import SurefootError

PLAN = make_plan(GO2, PlanOptions(seconds=5.0), random_phases(np.random.default_rng(0)))


@pytest.fixture
def path(tmp_path):
    write_plan(tmp_path / "plan.csv", PLAN, parse_gains("30,0.7", GO2.joint_names), GO2)
    return tmp_path / "plan.csv"


def test_what_is_written_is_read(path):
    plan, gains = read_plan(path, GO2)
    np.testing.assert_array_equal(plan.stamp_s, PLAN.stamp_s)
    np.testing.assert_array_equal(plan.target_rad, PLAN.target_rad)
    np.testing.assert_array_equal(gains.kp_nm_per_rad, np.full(12, 30.0))
    np.testing.assert_array_equal(gains.kd_nms_per_rad, np.full(12, 0.7))


def header(lines):
    lines[0] = lines[0].replace("kd.RR_calf_joint", "kd.tail")


def nan(lines):
    lines[3] = "nan" + lines[3][lines[3].index(",") :]


def uneven(lines):
    del lines[500]


def slow(lines):
    lines[1:] = lines[1::10]


def short(lines):
    del lines[200:]


def other_gains(lines):
    lines[-1] = lines[-1].rpartition(",")[0] + ",0.8"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (header, r"plan\.csv: 1 columns are missing, kd\.RR_calf_joint among them"),
        (nan, "row 2 of the plan is not made of finite numbers"),
        (uneven, "its targets are not evenly spaced: 0.01 s behind row 498"),
        (slow, r"its targets are 0.05 s apart: must be 0.001 to 0.02"),
        (short, "is 0.99 s long: must be 1 to 600"),
        (other_gains, r"kd\.RR_calf_joint changes from 0.7 to 0.8"),
    ],
)
def test_what_is_no_plan(path, change, message):
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(SurefootError, match=message):
        read_plan(path, GO2)
