"""A robot of one's own file, with settings beside it: started, asked and refused, and no part of the package."""

import json
import subprocess
import sys

import pytest
from real_processes import LONGEST_S, PLAIN_GAITS, surefoot, wait_for

from surefoot.cli import main
from surefoot.operating import Operator
from surefoot_robots.loader import robot_file
from surefoot_safety.channel.place import folder_of
from surefoot_safety.settings_loader import FOLDER


@pytest.fixture
def robot(tmp_path_factory):
    """The file; sockets have short paths."""
    folder = tmp_path_factory.mktemp("r")
    file = folder / "rex.yaml"
    file.write_text(robot_file("go2").read_text().replace("name: go2\n", "name: rex\n", 1))
    (folder / "rex.safety.yaml").write_text(
        (FOLDER / "go2.yaml").read_text().replace("robot: go2\n", "robot: rex\n", 1)
    )
    return file


def test_its_processes_run_under_the_name_that_is_in_it(robot):
    root = robot.parent
    command = [sys.executable, "-m", "surefoot", "up", "--driver", "pretend", "--robot", "rex.yaml", "--run-dir", "run"]
    command += ["--gaits", PLAIN_GAITS, "--priority", "0", "--seconds", "900"]
    with (root / "up.log").open("w+") as log:
        up = subprocess.Popen(command, cwd=root, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            with Operator(folder_of("rex", root / "run")) as operator:
                wait_for(
                    lambda: (s := operator.look().status) and s.record.state_age_s < 0.1,
                    f"samples: {(root / 'up.log').read_text()}",
                )
            status, told = surefoot("status", "--robot", str(robot), root=root)
            assert (status, told["robot"]) == (0, "rex")
            status, told = surefoot("status", "--robot", "rex", root=root)
            assert (status, told["mode"]) == (0, "off")
        finally:
            up.terminate()
            assert up.wait(LONGEST_S) == 0
    assert not (root / "run").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.with_name("rex.safety.yaml").unlink(), "there are no safety settings for robot 'rex'"),
        (lambda file: spoilt(file, "rex.safety.yaml", "robot: rex", "robot: ant"), "robot is 'ant': must be 'rex'"),
        (lambda file: spoilt(file, "rex.safety.yaml", "kp_limit_nm_per_rad: {value: 100.0", LOW), "stand with"),
        (lambda file: spoilt(file, "rex.yaml", "name: rex", "name: my rex"), "robot name 'my rex' is not valid"),
    ],
)
def test_what_is_wrong_with_it_is_said_before_anything_is_started(robot, spoil, said, capsys):
    spoil(robot)
    run = robot.parent / "run"
    assert main(["up", "--driver", "pretend", "--robot", str(robot), "--run-dir", str(run)]) == 2
    assert said in capsys.readouterr().err
    assert not run.exists()


LOW = "kp_limit_nm_per_rad: {value: 45.0"


def spoilt(file, name, before, after):
    text = file.with_name(name).read_text()
    assert before in text
    file.with_name(name).write_text(text.replace(before, after, 1))


def test_what_stops_it_can_be_read_and_tried(robot, capsys):
    assert main(["safety", "numbers", "--robot", str(robot), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["robot"] == "rex"
    assert main(["safety", "try", "--robot", str(robot), "--json", "--do", "arm, stand, wait 3"]) == 0
    assert json.loads(capsys.readouterr().out)["mode"] == "standing"
