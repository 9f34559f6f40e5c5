import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from real_processes import is_running, wait_for

from surefoot.faults.injecting import BUTTON, OTHER_KEY, Injected, another_policy, began_s, forged, inject, told_of
from surefoot.faults.kinds import Load
from surefoot_policy.runtime import Policy
from surefoot_policy.shipped import policy_file
from surefoot_robots.loader import load_robot
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel, answer_to, check_in_message, parse_challenge
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


def test_a_forged_release_lacks_the_key_and_nothing_else():
    key = b"k" * 32
    estop, button = EStop(key), EstopEndpoint(BUTTON, key)
    estop.configure([Endpoint(BUTTON, 0.5, 3.5)], motors_on=False)
    challenge = estop.check_in(button.check_in(EstopLevel.RELEASED), 1.0).message
    assert estop.check_in(forged(challenge, key), 1.1).reason == "signed with another key"
    answer = answer_to(parse_challenge(challenge, BUTTON, key))
    assert forged(challenge, key)[:-32] == check_in_message(BUTTON, EstopLevel.RELEASED, answer, key)[:-32]
    assert estop.check_in(check_in_message(BUTTON, EstopLevel.RELEASED, answer, key), 1.1).accepted
    assert forged(b"", key) == EstopEndpoint(BUTTON, OTHER_KEY).check_in(EstopLevel.RELEASED)


def test_how_often_a_flood_came_is_told():
    assert told_of({"at_s": 1.0, "count": 5000, "seconds": 2.5}) == "5000 messages in 2.5 s, 2000 a second"
    assert told_of({"at_s": 1.0, "count": 125, "seconds": 2.5}) == told_of({"at_s": 1.0}) == ""


def test_what_keeps_cores_busy_ends_with_whoever_started_it():
    """Another process starts it, and is killed."""
    words = "import os, random; from surefoot.faults.injecting import inject; from surefoot.faults.table import Load\n"
    words += "inject(None, Load(1), None, random.Random(0)); print(os.getpid(), flush=True); input()"
    starter = subprocess.Popen([sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = int(starter.stdout.readline())
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == os.cpu_count()
    starter.kill()
    starter.communicate()
    for child in children:
        wait_for(lambda child=child: not is_running(child), "its end")


def test_busy_cores_are_let_go_of():
    injected = inject(None, Load(1), None, random.Random(0))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    injected.undo()
    left = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert len(children) - len(left) == os.cpu_count()
