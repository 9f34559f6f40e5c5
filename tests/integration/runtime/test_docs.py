"""What docs/runtime.md shows is as it says."""

import re
import shlex
from pathlib import Path

from surefoot.cli import COMMANDS, main
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.channels import RECORDS
from surefoot_training.simulated.config import load_world
from surefoot_training.simulated.driver import TRUTH

TEXT = (Path(__file__).parents[3] / "docs" / "runtime.md").read_text(encoding="utf-8")


def test_the_world_that_is_shown_can_be_read(tmp_path):
    (shown,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    file = tmp_path / "world.yaml"
    file.write_text(shown)
    world = load_world(file, load_robot("go2"))
    assert (world.seed, world.ground.kind, world.truth.base_mass_kg) == (3, "slope", 8.0)


def test_every_channel_is_listed():
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", TEXT, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == {*RECORDS, TRUTH}


def test_the_commands_that_are_shown_take_their_arguments(capsys):
    shown = re.findall(r"^surefoot (.*?)(?: +#.*)?$", TEXT, re.MULTILINE)
    assert len(shown) == 15
    for line in shown:
        words = shlex.split(line)
        assert words[0] in {command.name for command in COMMANDS}
        assert main([*words, "--help"]) == 0
    capsys.readouterr()
