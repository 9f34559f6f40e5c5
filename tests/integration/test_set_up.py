"""`tools/set-up` on machines that lack something: it says what in one line, and counts nothing half-made as done."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Machine:
    """A checkout in a folder with a space in its name, and a PATH with only what a test puts there."""

    def __init__(self, home: Path) -> None:
        self.checkout = home / "my checkout"
        self.programs = home / "bin"
        (self.checkout / "tools").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy(ROOT / "tools/set-up", self.checkout / "tools")
        for tool in ("cat", "mkdir", "chmod", "cp"):
            (self.programs / tool).symlink_to(Path(shutil.which(tool) or f"/bin/{tool}"))

    def install(self, name: str, script: str) -> Path:
        """Put a program there; its text is what a real one would do, in sh."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "tools/set-up", "dev"],
            cwd=self.checkout,
            env={"PATH": str(self.programs), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def interpreter(version: str, *, venv: bool = True, pip: str = "exit 0") -> str:
    """A stand-in for python3 that answers what set-up asks and makes environments that hold itself."""
    major, minor = version.split(".")
    return f"""
case "$*" in
  *'print('*) echo {version} ;;
  *'sys.version_info <'*) [ {major} -gt 3 ] || [ {minor} -ge 11 ] ;;
  *'import ensurepip'*) {"exit 0" if venv else "exit 1"} ;;
  '-m venv --clear .venv') mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  '-m pip --version') ;;
  '-m pip install'*) echo "asked: $*"; echo "PYTHONPATH=$PYTHONPATH VIRTUAL_ENV=$VIRTUAL_ENV"; {pip} ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac"""


def test_no_python_at_all(machine: Machine):
    ended = machine.set_up()
    assert ended.returncode == 1
    assert ended.stderr == (
        "surefoot: needs Python 3.11 or newer with its venv module; there is no python3"
        " (install it, or name one: make test PYTHON=/path/to/python3)\n"
    )


def test_a_python_that_is_too_old(machine: Machine):
    machine.install("python3", interpreter("3.9"))
    ended = machine.set_up()
    assert ended.returncode == 1
    assert "needs Python 3.11 or newer with its venv module; python3 is version 3.9 (" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_python_without_venv_names_the_package(machine: Machine):
    machine.install("python3", interpreter("3.12", venv=False))
    ended = machine.set_up()
    assert ended.returncode == 1
    assert "python3 lacks the venv module: apt install python3.12-venv" in ended.stderr


def test_an_old_and_a_broken_python_are_passed_over_for_a_good_one(machine: Machine):
    machine.install("python3", interpreter("3.9"))
    machine.install("python3.11", "echo 'this version is not chosen' >&2; exit 127")
    machine.install("python3.12", interpreter("3.12"))
    ended = machine.set_up()
    assert ended.returncode == 0, ended.stderr
    assert "making .venv with" in ended.stdout
    assert "bin/python3.12\n" in ended.stdout


def test_a_named_python_is_taken_and_no_other(machine: Machine):
    machine.install("python3", interpreter("3.12"))
    old = machine.install("mine", interpreter("3.10"))
    ended = machine.set_up(PYTHON=str(old))
    assert ended.returncode == 1
    assert f"{old} is version 3.10" in ended.stderr
    missing = machine.set_up(PYTHON="/no/such/python")
    assert missing.returncode == 1
    assert "/no/such/python is no program" in missing.stderr


def test_it_installs_the_extra_and_ignores_the_active_environment(machine: Machine):
    machine.install("python3", interpreter("3.11"))
    ended = machine.set_up(VIRTUAL_ENV="/home/someone/venv", PYTHONPATH="/opt/ros/lib")
    assert ended.returncode == 0, ended.stderr
    assert "asked: -m pip install --quiet --editable .[dev]\nPYTHONPATH= VIRTUAL_ENV=\n" in ended.stdout


def test_the_second_time_the_environment_is_kept(machine: Machine):
    machine.install("python3", interpreter("3.11"))
    assert "making .venv" in machine.set_up().stdout
    assert "making .venv" not in machine.set_up().stdout


def test_an_environment_that_moved_with_the_checkout_is_made_anew(machine: Machine):
    machine.install("python3", interpreter("3.11"))
    machine.set_up()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("elsewhere"))
    assert "making .venv" in machine.set_up().stdout


def test_a_failed_installation_says_so_last(machine: Machine):
    machine.install("python3", interpreter("3.11", pip="echo 'ERROR: no route to host' >&2; exit 1"))
    ended = machine.set_up()
    assert ended.returncode == 1
    shown, last = ended.stderr.splitlines()
    assert shown == "ERROR: no route to host"
    assert last.startswith("surefoot: the installation failed (above). Without a network it cannot go on")
    assert not (machine.checkout / ".venv/.dev").exists()


@pytest.mark.parametrize(
    ("pip_says", "way_out"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full: 3 GB are needed"),
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "There is no way to the package index"),
        ("error: command 'gcc' failed: No such file or directory", "no compiler is there to build it"),
        ("ERROR: No matching distribution found for ros-rclpy==7.1.6", "not there for this Python and machine"),
        # What fails for want of a network ends in this, too.
        ("Network is unreachable; No matching distribution found for numpy", "There is no way to the package index"),
    ],
)
def test_what_failed_tells_the_way_out(machine: Machine, pip_says: str, way_out: str):
    machine.install("python3", interpreter("3.11", pip=f'echo "{pip_says}" >&2; exit 1'))
    ended = machine.set_up()
    assert ended.returncode == 1
    shown, last = ended.stderr.splitlines()
    assert shown == pip_says
    assert way_out in last
    assert last.endswith("Then run make again")


def test_warnings_of_an_installation_that_worked_are_kept_out_of_the_way(machine: Machine):
    machine.install("python3", interpreter("3.11", pip="echo 'WARNING: slow mirror' >&2; exit 0"))
    ended = machine.set_up()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (machine.checkout / ".venv/pip-warnings.log").read_text() == "WARNING: slow mirror\n"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_sets_up_once_and_again_when_the_requirements_change(machine: Machine):
    machine.install("python3", interpreter("3.11"))
    for tool in ("make", "sh", "touch"):
        (machine.programs / tool).symlink_to(Path(shutil.which(tool) or f"/bin/{tool}"))
    shutil.copy(ROOT / "Makefile", machine.checkout)
    requirements = machine.checkout / "pyproject.toml"
    requirements.write_text("")

    def make() -> str:
        return subprocess.run(
            ["make", "set-up"],
            cwd=machine.checkout,
            env={"PATH": str(machine.programs)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    assert "installing surefoot[dev]" in make()
    assert "installing" not in make()
    later_s = (machine.checkout / ".venv/.dev").stat().st_mtime + 10
    os.utime(requirements, (later_s, later_s))
    assert "installing surefoot[dev]" in make()
