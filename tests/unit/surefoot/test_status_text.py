import argparse
import json
import math
from dataclasses import replace

import pytest

from surefoot.operating import View, running_folder
from surefoot.output import to_json
from surefoot.status_text import quantiles, status_json, status_line, status_rows
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import LoopRecord, StatusRecord, bits_of
from surefoot_safety.command import CommandKind
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode
from surefoot_safety.process.histogram import CLASSES, Histogram
from surefoot_safety.table import Trigger

STATUS = StatusRecord(
    robot="go2",
    mode=Mode.STOPPED,
    in_mode_s=3.4,
    raised=bits_of([Trigger.TILT]),
    active=0,
    latched=bits_of([Trigger.TILT]),
    reasons="tilt: tilted by 1.2 rad",
    refusals="walk is refused in stopped",
    command=CommandKind.DAMP,
    clamped=False,
    velocity=(0.1, 0.0, -0.2),
    state_sequence=7,
    state_age_s=0.002,
    target_age_s=math.inf,
    velocity_age_s=0.1,
    battery_voltage_v=31.26,
    hottest_motor_c=44.4,
    estop=EstopLevel.SETTLE_THEN_DAMP,
    estop_reasons="operator is silent for 0.60 s",
    settling=False,
)
LOOP = LoopRecord(77, 1000.0, 500, 3, 1, 2000.0, (0,) * CLASSES, 0.0, (0,) * CLASSES, 1.5, "no SCHED_FIFO", "")


def view(status=STATUS, link=LOOP, supervisor=LOOP):
    def received(record):
        return None if record is None else Received(record, 1, 1.0, 1)

    return View(received(status), received(link), received(supervisor), 1.0)


def test_one_line():
    assert status_line(view()) == (
        "go2 stopped for 3 s (damp) · tilt: tilted by 1.2 rad · e-stop: operator is silent for 0.60 s · 31.3 V, 44 °C"
        " · late ticks 3 + 3"
    )
    assert status_line(view(link=None)).endswith("· link: not running")
    assert "link: no command has come" in status_line(view(link=replace(LOOP, note="no command has come")))
    assert status_line(view(None)) == "supervisor: not running; link: running"
    assert status_line(view(None, None)) == "supervisor: not running"


def test_a_table():
    rows = status_rows(view(link=replace(LOOP, note="no command has come")))
    told = dict(rows)
    assert told["mode"] == "stopped, for 3.4 s"
    assert told["because"] == "tilt: tilted by 1.2 rad"
    assert told["ages"] == "sample 2 ms, targets none, velocity 100 ms"
    assert told["link says"] == "no command has come"
    assert told["link"].startswith("process 77, 1000 Hz: 500 ticks, 3 late, 1 lost")
    assert told["real time"] == "no SCHED_FIFO"
    plain = replace(STATUS, battery_voltage_v=math.nan, hottest_motor_c=math.nan, estop_reasons="")
    assert dict(status_rows(view(plain)))["e-stop"] == "released"
    assert "power" not in dict(status_rows(view(plain)))
    assert status_rows(view(None, None, None)) == [
        (name, "not running") for name in ("supervisor", "link", "supervisor")
    ]


def test_json():
    told = json.loads(json.dumps(to_json(status_json(view()))))
    assert (told["mode"], told["latched"], told["active"]) == ("stopped", ["tilt"], [])
    assert told["velocity"] == {"vx_mps": 0.1, "vy_mps": 0.0, "yaw_rate_radps": -0.2}
    assert told["target_age_s"] is None
    assert told["estop"] == "settle_then_damp"
    assert told["link"]["overruns"] == 3
    loops = dict.fromkeys(("link", "supervisor_loop", "robot_node", "policy_node"))
    assert status_json(view(None, None, None)) == {"running": False, **loops}


def test_quantiles_are_not_above_the_longest():
    counted = Histogram()
    for _ in range(100):
        counted.add(1000.0)
    assert quantiles(counted.counts, counted.longest_us) == dict.fromkeys(("p50", "p99", "p999", "max"), 1000.0)


def place(root, robot=None):
    return argparse.Namespace(run_dir=root, robot=robot)


def test_the_robot_that_is_meant(tmp_path):
    with pytest.raises(SurefootError, match="none is"):
        running_folder(place(tmp_path / "nothing"))
    (tmp_path / "go2").mkdir()
    assert running_folder(place(tmp_path)) == tmp_path / "go2"
    (tmp_path / "a1").mkdir()
    with pytest.raises(SurefootError, match="several are: a1, go2") as caught:
        running_folder(place(tmp_path))
    assert "--robot" in caught.value.hint
    assert running_folder(place(tmp_path, "a1")) == tmp_path / "a1"
    with pytest.raises(SurefootError, match="go1 is not running"):
        running_folder(place(tmp_path, "go1"))
