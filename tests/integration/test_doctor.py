"""`surefoot doctor` on this machine, and beside robots."""

import json

from surefoot.cli import main
from surefoot.commands import doctor
from surefoot.doctor import robots
from surefoot.doctor.finding import Health
from surefoot_safety.channel.place import RunLock, make_folder


def test_this_machine(capsys):
    """Wherever the tests run, what they need is there."""
    status = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert {"python", "packages", "memory", "timer", "network", "runs", "policies"} <= {
        finding["topic"] for finding in told["findings"]
    }
    bad = [finding for finding in told["findings"] if finding["health"] == "BAD"]
    assert (status, bad) == (int(not told["ok"]), [])


def test_it_says_what_to_do(capsys, monkeypatch):
    monkeypatch.setattr(doctor.network, "look", lambda _: 1 / 0)
    for module in (doctor.installation, doctor.machine, doctor.ros, doctor.robots):
        monkeypatch.setattr(module, "look", lambda *_: [])
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "looking failed: ZeroDivisionError" in said
    assert "To mend:" in said


def test_robots_that_run_and_those_that_crashed(tmp_path):
    assert [finding.health for finding in robots.runs_found(tmp_path / "none")] == [Health.GOOD]
    for name in ("go2", "a1"):
        make_folder(tmp_path / name)
    lock = RunLock(tmp_path / "go2")
    crashed, running = robots.runs_found(tmp_path)
    assert "left behind by a crash" in crashed.what
    assert running.what == "go2 is running"
    lock.release()
