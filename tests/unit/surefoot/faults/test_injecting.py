from pathlib import Path

import numpy as np
import pytest

from surefoot.faults.injecting import Injected, another_policy, began_s
from surefoot_policy.runtime import Policy
from surefoot_policy.shipped import policy_file
from surefoot_robots.loader import load_robot
from surefoot_training.simulated.recording import TICK


def ticks():
    """Samples every 2 ms that arrive 1 ms after their stamp; the order was given at 1 s and obeyed at 1.0071 s."""
    made = np.zeros(30, dtype=TICK)
    now_ms = np.arange(30)
    made["now_s"] = 1.0 + 0.001 * now_ms
    made["sample_s"] = 1.0 + 0.002 * ((now_ms - 1) // 2)
    made["is_faulty"] = now_ms >= 7
    return made


def test_a_fault_of_samples_begins_with_the_first_wrong_one_that_the_link_reads():
    assert began_s(Injected(1.0, is_recorded=True, from_sample=0), ticks()) == pytest.approx(1.009)  # measured at 1.008
    assert began_s(Injected(1.0, is_recorded=True, from_sample=1), ticks()) == pytest.approx(1.011)


def test_one_of_the_simulation_begins_when_the_order_is_obeyed():
    assert began_s(Injected(1.0, is_recorded=True), ticks()) == pytest.approx(1.007)


def test_others_begin_when_they_were_done():
    assert began_s(Injected(1.0), ticks()) == 1.0
    assert began_s(Injected(1.0, is_recorded=True, from_sample=0), ticks()[:5]) == 1.0  # it never came into any sample


def test_another_policy_is_sound_and_not_the_same(tmp_path):
    data = policy_file(Path("go2-velocity-flat")).read_bytes()
    file = tmp_path / "policy.onnx"
    file.write_bytes(another_policy(data))
    sha256 = Policy.load(file, load_robot("go2")).contract.sha256
    assert sha256 != Policy.load(policy_file(Path("go2-velocity-flat")), None).contract.sha256
