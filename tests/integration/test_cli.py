"""The `surefoot` command as a user runs it: a process of its own, judged by what it prints and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "numpy",
    "yaml",
    "rich",
    "mujoco",
    "torch",
    "gymnasium",
    "matplotlib",
    "surefoot_training",
    "surefoot.commands",
)


def run(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


def surefoot(*words: str, **options) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "surefoot", *words, **options)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", code)


def test_the_installed_command_and_the_module_are_the_same():
    installed = run(str(Path(sys.executable).with_name("surefoot")), "--help")
    assert installed.returncode == 0
    assert installed.stderr == ""
    assert installed.stdout == surefoot("--help").stdout


@pytest.mark.parametrize("words", [["--help"], ["--version"], [], ["wakl"]])
def test_help_version_and_mistakes_import_nothing_heavy(words: list[str]):
    code = f"""
import json, sys
from surefoot.cli import main
main({words!r})
print(json.dumps(sorted(sys.modules)))
"""
    loaded = json.loads(python(code).stdout.splitlines()[-1])
    assert "surefoot.cli" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert surefoot("--version").stdout == f"surefoot {version('surefoot')}\n"


def test_an_unknown_command_ends_with_status_two():
    ended = surefoot("frobnicate")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: there is no command 'frobnicate'")
    assert "Traceback" not in ended.stderr


def test_output_into_a_full_disk_is_one_line():
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "surefoot", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )
    assert ended.returncode == 2
    assert ended.stderr == "error: No space left on device\nhint: free some space, or choose another place\n"


def test_a_reader_that_leaves_early_is_no_error():
    talk = command_that('for _ in range(100_000): print("line")')  # more than a pipe holds
    ended = run("bash", "-c", '"$0" -c "$1" | head -n 1; echo ${PIPESTATUS[0]}', sys.executable, talk)
    assert ended.stderr == ""
    assert ended.stdout == "line\n141\n"


def test_a_pipe_of_our_own_that_breaks_is_reported():
    ended = python(command_that("import os; reader, writer = os.pipe(); os.close(reader); os.write(writer, b'x')"))
    assert ended.returncode == 2
    assert ended.stderr == "error: Broken pipe\n"


def test_ctrl_c_ends_with_one_line():
    wait = command_that("import signal; print('waiting', flush=True); signal.pause()")
    with subprocess.Popen(
        [sys.executable, "-c", wait], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "interrupted\n"


def test_a_missing_extra_names_what_to_install():
    ended = python(command_that("sys.modules['torch'] = None; import torch"))
    assert ended.returncode == 2
    assert ended.stderr == "error: this needs torch, which is not installed\nhint: pip install 'surefoot[train]'\n"


def command_that(does: str) -> str:
    """A program that runs `surefoot` with one command, which does this."""
    return f"""
import sys, types
from surefoot import cli

def run(arguments):
    {does}
    return 0

module = types.ModuleType("example")
module.add_arguments, module.run = lambda parser: None, run
sys.modules["example"] = module
cli.COMMANDS = (cli.Command("example", "example", "an example"),)
sys.exit(cli.main(["example"]))
"""
