"""The workspace as colcon and `ros2 launch` see it."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
import yaml
from real_processes import LONGEST_S

from surefoot.commands import up
from surefoot_bringup.words import ARGUMENTS, up_words
from surefoot_description.generate import FOLDER, urdf_texts

SOURCE = Path(__file__).parents[3] / "ros2_ws/src"
EMAIL = re.compile(r"[-a-zA-Z0-9_%+]+(\.[-a-zA-Z0-9_%+]+)*@[-a-zA-Z0-9%]+(\.[-a-zA-Z0-9%]+)*\.[a-zA-Z]{2,}")
"""What catkin_pkg takes for one (ros-infrastructure/catkin_pkg: package.py)."""
ROBOTS = ("a1", "go1", "go2")
PACKAGES = ("surefoot_bringup", "surefoot_control", "surefoot_description")


def test_urdf_files_are_what_the_specs_say():
    assert {path.stem: path.read_text() for path in FOLDER.glob("*.urdf")} == urdf_texts()


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_are_whole(name):
    """An invalid package.xml silently makes a package a plain Python one."""
    package = ElementTree.parse(SOURCE / name / "package.xml").getroot()
    assert package.get("format") == "3"
    assert package.findtext("name") == name
    assert package.findtext("export/build_type") == "ament_python"
    assert all(package.findtext(tag) for tag in ("version", "description", "maintainer", "license"))
    assert EMAIL.fullmatch(package.find("maintainer").get("email"))
    assert (SOURCE / name / "resource" / name).is_file()
    assert (SOURCE / name / name / "__init__.py").is_file()


def colcon(*words, cwd):
    """As in a workspace of its own; its output."""
    program = Path(sys.executable).with_name("colcon")
    if not program.exists():
        pytest.skip("needs colcon: pip install colcon-common-extensions")
    words = [program, "--log-base", "log", *words, "--base-paths", SOURCE]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=True, timeout=LONGEST_S).stdout


def test_colcon_recognizes_them(tmp_path):
    found = {line.split()[0]: line.split()[-1] for line in colcon("list", cwd=tmp_path).splitlines()}
    assert found == dict.fromkeys(PACKAGES, "(ros.ament_python)")


def test_colcon_builds_them(tmp_path):
    """With what a ROS installation looks for: marker, package.xml, launch file, configuration, URDF."""
    colcon("build", cwd=tmp_path)
    for name in PACKAGES:
        share = tmp_path / "install" / name / "share"
        assert (share / "ament_index/resource_index/packages" / name).is_file()
        assert (share / name / "package.xml").is_file()
        assert list((tmp_path / "install" / name / "lib").rglob(f"{name}/__init__.py"))
    installed = tmp_path / "install"
    assert (installed / "surefoot_bringup/share/surefoot_bringup/launch/robot.launch.py").is_file()
    for robot in ROBOTS:
        assert (installed / f"surefoot_bringup/share/surefoot_bringup/config/{robot}.yaml").is_file()
        assert (installed / f"surefoot_description/share/surefoot_description/urdf/{robot}.urdf").is_file()


def test_launch_arguments_are_words_that_up_understands():
    given = {one.name: one.default for one in ARGUMENTS} | {"policy": "p.onnx", "record": "r.mcap", "run_dir": "/r"}
    words = up_words(given, "/config/go2.yaml")
    assert words[:4] == [sys.executable, "-m", "surefoot", "up"]
    from surefoot.cli import Parser

    parser = Parser()
    up.add_arguments(parser)
    arguments = parser.parse_args(words[4:])
    assert (arguments.robot, arguments.driver, arguments.ros) == ("go2", "sim", True)
    assert (arguments.policy, arguments.record, arguments.run_dir) == (Path("p.onnx"), Path("r.mcap"), Path("/r"))
    assert arguments.ros_parameters == Path("/config/go2.yaml")
    assert arguments.settings is None


def test_the_launch_file_starts_that_and_nothing_else(monkeypatch, tmp_path):
    """With stand-ins for `launch`, which no wheel has."""
    started = []

    def module(name, **contents):
        made = ModuleType(name)
        for key, value in contents.items():
            setattr(made, key, value)
        monkeypatch.setitem(sys.modules, name, made)

    class Configuration:
        def __init__(self, name):
            self.name = name

        def perform(self, context):
            return context[self.name]

    module("ament_index_python")
    module("ament_index_python.packages", get_package_share_directory=lambda _name: str(SOURCE / "surefoot_bringup"))
    module("launch", LaunchContext=dict, LaunchDescription=list)
    module(
        "launch.actions",
        DeclareLaunchArgument=lambda name, default_value, description: (name, default_value),
        ExecuteProcess=lambda **how: started.append(how),
        OpaqueFunction=lambda function: function,
        Shutdown=lambda: "shutdown",
    )
    module("launch.substitutions", LaunchConfiguration=Configuration)
    spec = importlib.util.spec_from_file_location("robot_launch", SOURCE / "surefoot_bringup/launch/robot.launch.py")
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)
    *arguments, start = launch.generate_launch_description()
    start(dict(arguments))
    (how,) = started
    assert how["cmd"] == up_words(dict(arguments), str(SOURCE / "surefoot_bringup/config/go2.yaml"))
    assert float(how["sigterm_timeout"]) > 12.0  # as long as `up` may wait for one process
    assert how["on_exit"] == "shutdown"


@pytest.mark.parametrize("robot", ["a1", "go1", "go2"])
def test_parameter_files_name_parameters_that_nodes_declare(robot):
    control = SOURCE / "surefoot_control/surefoot_control"
    found = yaml.safe_load((SOURCE / f"surefoot_bringup/config/{robot}.yaml").read_text())
    for node, file in (("robot", "robot_node"), ("policy", "policy_node"), ("record", "record_node")):
        calls = [one for one in ast.walk(ast.parse((control / f"{file}.py").read_text())) if isinstance(one, ast.Call)]
        names = {call.args[1].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "declared"}
        assert set(found[f"/surefoot/{node}"]["ros__parameters"]) == names
