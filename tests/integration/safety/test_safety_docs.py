"""docs/safety.md: its generated part is what the code gives today, its commands run, its YAML loads."""

import io
import re
import shlex
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot_safety.drawing import markdown
from surefoot_safety.settings_loader import load_settings

PAGE = (Path(__file__).parents[3] / "docs/safety.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0] for line in re.findall(r"^surefoot safety .*$", PAGE, re.MULTILINE)]


def test_the_table_and_the_diagram_are_current():
    (generated,) = re.findall(r"<!-- generated: .* -->\n(.*)\n<!-- end -->", PAGE, re.DOTALL)
    assert generated == markdown(load_settings("go2").rules), "run `surefoot safety table --diagram markdown`"


def test_there_are_commands():
    assert len(COMMANDS) == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(command: str, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))  # nobody types
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out


def test_its_settings_load(tmp_path: Path):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    own = tmp_path / "own.yaml"
    own.write_text(text)
    assert load_settings("go2", own).body.tilt_rad == 0.7
