"""`surefoot task`: nothing that defines a task is hidden."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import mujoco
import pytest

from surefoot import cli
from surefoot.commands.task_fields import value_text
from surefoot.commands.task_sections import SECTIONS, sections
from surefoot_training.task import rewards
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.settings import SettingRow, is_left_out, rows
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terms import ObservationTerm, RewardTerm

EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["task", *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def section_of(page: str, name: str) -> str:
    """The part of the page below this heading."""
    found = re.search(rf"^{name.upper()}: (.*?)(?=^[A-Z_]+: |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def line_of(text: str, name: str) -> str:
    """The row of a table that starts with this name."""
    found = re.search(rf"^{re.escape(name)} .*$", text, re.MULTILINE)
    assert found, f"no row for {name}"
    return found[0]


def configurations(config: Any) -> Iterator[tuple[str, Any]]:
    """Every dataclass of numbers in a task, by the path of fields that leads to it."""
    for declared in fields(config):
        value = getattr(config, declared.name)
        if is_dataclass(value):
            yield declared.name, value
            yield from ((f"{declared.name}.{path}", inner) for path, inner in configurations(value))


def test_list_names_every_task_with_its_sizes(capsys):
    header, *lines = printed(capsys, "list").splitlines()
    assert header.split() == ["name", "robot", "observation", "privileged", "summary", "terrain"]
    assert [line.split()[:3] for line in lines] == [
        ["velocity-flat", "go2", "33"],  # 3 + 3 + 3 + 12 + 12, the contract's terms without a height scan
        ["velocity-rough", "go2", "33"],
    ]
    assert lines[1].endswith("stairs_up, stairs_down, obstacles")


def test_list_as_json(capsys):
    flat, rough = json.loads(printed(capsys, "list", "--json"))["tasks"]
    assert (flat["name"], flat["terrain_kinds"], flat["terrain_levels"]) == ("velocity-flat", ["flat"], 1)
    assert (rough["name"], rough["robot"], rough["summary"]) == ("velocity-rough", "go2", ROUGH.summary)
    assert rough["privileged_size"] == flat["privileged_size"] + 187  # the height scan
    assert len(rough["terrain_kinds"]) == 7


@EVERY_TASK
def test_every_field_of_every_configuration_is_on_the_page(task: TaskConfig, capsys):
    page = printed(capsys, task.name)
    seen = set()
    for path, config in configurations(task):
        heading, _, inside = path.partition(".")
        text = section_of(page, {"scan": "height_scan", "physics": "simulation"}.get(heading, heading))
        prefix = {"physics": "physics."}.get(heading, f"{inside}." if inside else "")
        for declared in fields(config):
            value = getattr(config, declared.name)
            if not (is_dataclass(value) or is_left_out(declared, value)):
                line_of(text, prefix + declared.name)
        seen.add(path)
    always = {"physics", "commands", "gait", "sensors", "sensors.scan", "pushes", "randomization", "curriculum"}
    assert seen == always | ({"terrain", "scan"} if task is ROUGH else set())


@EVERY_TASK
def test_every_setting_has_its_range_distribution_meaning_and_source(task: TaskConfig, capsys):
    page = printed(capsys, task.name)
    explained = 0
    for path, config in configurations(task):
        heading, _, inside = path.partition(".")
        for row in rows(config):
            line = line_of(section_of(page, heading), f"{inside}.{row.name}" if inside else row.name)
            cells = re.split(r"\s{2,}", line)
            assert cells[1:] == [value_text(row), row.distribution, row.meaning, row.source]
            explained += 1
    assert explained > 70


def test_ranges_are_written_with_their_unit(capsys):
    page = printed(capsys, "velocity-rough")
    assert re.search(r"^base_mass_added_kg +-1 to 3 kg +uniform +payload on the trunk +the plan", page, re.MULTILINE)
    assert re.search(r"^initial_yaw_rad +-3.142 to 3.142 rad +uniform ", page, re.MULTILINE)
    assert re.search(r"^foot_friction +0.4 to 1.2 +uniform ", page, re.MULTILINE)
    assert re.search(r"^payload_change_share +0.3 +fixed ", page, re.MULTILINE)
    assert re.search(r"^scan.period_s +0.1 to 0.1 s +uniform ", page, re.MULTILINE)
    assert re.search(r"^step_height_m +0.02 to 0.14 m +Stairs: height", page, re.MULTILINE)
    assert re.search(r"^slope_rad +0.04363 to 0.4363 rad +Slopes: angle", page, re.MULTILINE)
    assert value_text(SettingRow("x", 0.0, 1.5, "×", "uniform", "", "")) == "0 to 1.5 ×"


@EVERY_TASK
def test_every_reward_has_its_weight_its_parameters_and_its_formula(task: TaskConfig, capsys):
    text = section_of(printed(capsys, task.name), "rewards")
    for term in task.rewards:
        line = line_of(text, term.name)
        assert float(line.split()[1]) == pytest.approx(term.weight, rel=1e-5)
        for name, value in term.parameters.items():
            assert f"{name} {value:g}" in line
        assert line.endswith((term.function.__doc__ or "").partition("\n")[0])


def test_parameters_that_the_table_leaves_alone_are_shown_too(capsys):
    page = printed(capsys, "velocity-flat")
    assert re.search(r" -10  soft_share 0.9 +Σ", line_of(page, "joint_limits"))
    assert "  duty_factor 0.5, transition_share 0.1  Share" in line_of(page, "gait_clock_contact")
    assert "  target_m 0.08  " in line_of(page, "foot_clearance")


@pytest.mark.parametrize(("section", "tag"), [("rewards", r"(?:^|[,;] | and )(\w+)"), ("terrain", r"\b\d\b")])
def test_every_short_name_of_a_source_is_spelled_out(section: str, tag: str, capsys):
    text = section_of(printed(capsys, "velocity-rough"), section)
    explained = re.findall(r"^\[(\w+)\] \S", text, re.MULTILINE)
    tables = re.sub(r"^\[.*", "", text, flags=re.MULTILINE)
    used = {name for inside in re.findall(r"\[([^\]]+)\]", tables) for name in re.findall(tag, inside)}
    assert sorted(used) == sorted(explained)
    assert len(used) > 3


def test_observation_terms_are_those_of_the_contract_in_its_order(capsys):
    text = section_of(printed(capsys, "velocity-rough"), "observation")
    assert [re.split(r"\s{2,}", line)[:4] for line in text.splitlines() if re.match(r"\w+ +\d", line)] == [
        ["angular_velocity_in_base", "3", "0 to 2", "rad/s"],
        ["gravity_in_base", "3", "3 to 5", "unit vector"],
        ["velocity_command", "3", "6 to 8", "m/s, m/s, rad/s"],
        ["joint_position", "12", "9 to 20", "rad"],
        ["joint_velocity", "12", "21 to 32", "rad/s"],
    ]
    assert "[N" not in text  # the sizes are in a column of their own


@EVERY_TASK
def test_privileged_terms_and_where_they_are(task: TaskConfig, capsys):
    text = section_of(printed(capsys, task.name), "privileged")
    start = 0
    for term in task.privileged:
        at = f"{start} to {start + term.size - 1}" if term.size > 1 else str(start)
        assert re.split(r"\s{2,}", line_of(text, term.name))[1:4] == [str(term.size), at, term.unit]
        start += term.size
    assert f" {start} numbers" in text


def test_terminations_say_fall_or_time_out(capsys):
    text = section_of(printed(capsys, "velocity-rough"), "terminations")
    assert re.match(r"trunk_contact +fall +The trunk touches", line_of(text, "trunk_contact"))
    assert re.match(r"tilt +fall +limit_rad 1.309 \(75°\) +The trunk leans", line_of(text, "tilt"))
    assert re.match(r"time_out +time-out +limit_s 20 +The episode", line_of(text, "time_out"))


def test_terrain_kinds_from_easiest_to_hardest(capsys):
    text = section_of(printed(capsys, "velocity-rough"), "terrain")
    assert re.match(r"stairs_up +33% +stairs up .* step_height_m +0.02 +0.14$", line_of(text, "stairs_up"))
    assert re.match(r"slope_down +8% +downhill .* slope_deg +2.5 +25$", line_of(text, "slope_down"))
    assert re.search(r"^flat +8% +level ground$", text, re.MULTILINE)
    assert section_of(printed(capsys, "velocity-flat"), "terrain").strip() == "An endless plane."


def test_simulation_says_how_steps_relate(capsys):
    text = section_of(printed(capsys, "velocity-flat"), "simulation")
    assert "50 times a second, with 4 physics steps in between" in " ".join(text.split())
    assert re.match(r"control_dt_s +0.02 s ", line_of(text, "control_dt_s"))
    assert re.match(r"action_scale_rad +0.25 rad \(14.3°\) ", line_of(text, "action_scale_rad"))
    assert re.match(r"physics.solver +newton ", line_of(text, "physics.solver"))


def test_the_scan_errors_are_said_to_be_idle_only_where_they_are(capsys):
    assert "`scan.…` is not used" in " ".join(printed(capsys, "velocity-rough", "--only", "sensors").split())
    sees = replace(ROUGH, observation=(*ROUGH.observation, *ROUGH.privileged[-1:]))
    assert sees.observation[-1].name == "height_scan"
    (section,) = sections(sees, ["sensors"])
    assert "not used" not in section.about
    (section,) = sections(sees, ["height_scan"])
    assert section.about.endswith("here the policy sees them.")


def test_json_has_every_number_in_full(capsys):
    told = json.loads(printed(capsys, "velocity-rough", "--json"))
    assert list(SECTIONS) == [key for key in told if key in SECTIONS]
    assert {row["name"]: row["weight_per_s"] for row in told["rewards"]} == {
        term.name: term.weight for term in ROUGH.rewards
    }
    by_name = {row["name"]: row for row in told["randomization"]}
    for row in rows(ROUGH.randomization):
        assert by_name[row.name] == {name: getattr(row, name) for name in SettingRow.__slots__}
    assert {row["name"]: row["low"] for row in told["sensors"]}["encoder_step_rad"] == ROUGH.sensors.encoder_step_rad
    assert [(row["term"], row["size"], row["start"]) for row in told["observation"]][3:] == [
        ("joint_position", 12, 9),
        ("joint_velocity", 12, 21),
    ]
    tilt = next(row for row in told["terminations"] if row["name"] == "tilt")
    assert (tilt["ends_as"], tilt["parameters"]["limit_rad"]) == ("fall", ROUGH.terminations[1].parameters["limit_rad"])
    assert ROUGH.terrain is not None
    assert told["terrain"]["config"]["columns"] == list(ROUGH.terrain.columns)
    assert told["terrain"]["config"]["slope_rad"] == list(ROUGH.terrain.slope_rad)
    stairs = next(kind for kind in told["terrain"]["kinds"] if kind["kind"] == "stairs_down")
    assert (stairs["share"], stairs["hardest"]["step_height_m"]) == (pytest.approx(3 / 12), pytest.approx(0.14))
    assert (told["height_scan"]["points"], told["height_scan"]["shape"]) == (187, [17, 11])
    assert told["simulation"]["physics"]["timestep_s"] == 0.005
    assert (told["simulation"]["physics_steps_per_control_step"], told["episode_s"]) == (4, 20.0)


def test_json_of_a_plane_has_no_terrain(capsys):
    told = json.loads(printed(capsys, "velocity-flat", "--json"))
    assert told["terrain"] is told["height_scan"] is None


def test_only_some_sections_in_the_order_of_the_page(capsys):
    page = printed(capsys, "velocity-rough", "--only", "randomization, rewards")
    assert re.findall(r"^([A-Z_]+): ", page, re.MULTILINE) == ["REWARDS", "RANDOMIZATION"]
    assert page.startswith("REWARDS")
    told = json.loads(printed(capsys, "velocity-rough", "--only", "gait", "--json"))
    assert [key for key in told if key in SECTIONS] == ["gait"]


def test_without_only_the_page_starts_with_an_overview(capsys):
    page = printed(capsys, "velocity-rough")
    assert page.startswith("task ")
    assert re.findall(r"^([A-Z_]+): ", page, re.MULTILINE) == [name.upper() for name in SECTIONS]
    assert re.search(r"^episode +up to 20 s; falls: trunk_contact, tilt; ", page, re.MULTILINE)
    assert re.search(r"; time-outs: time_out, off_terrain$", page, re.MULTILINE)
    assert re.search(r"^randomized +28 ranges", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "said", "way_out"),
    [
        (["velocity-ruogh"], "there is no task 'velocity-ruogh'; did you mean velocity-rough?", "tasks: velocity-flat"),
        (["swim"], "there is no task 'swim'", "tasks: velocity-flat, velocity-rough"),
        (
            ["velocity-flat", "--only", "rewads"],
            "no section 'rewads'; did you mean rewards?",
            "sections: observation, ",
        ),
        (["velocity-flat", "--only", ""], "no section ''", "sections: observation, "),
        (["velocity-flat", "--png", "x.png"], "`surefoot task NAME` takes no --png", "see `surefoot task --help`"),
        (["velocity-flat", "folder"], "takes no DUMP", "see `surefoot task --help`"),
        (["list", "--only", "rewards"], "`surefoot task list` takes no --only", "see `surefoot task --help`"),
        (["replay"], "`surefoot task replay` needs a dump", "see `surefoot task --help`"),
        ([], "the following arguments are required: list | NAME | replay", "see `surefoot task --help`"),
    ],
)
def test_wrong_usage_says_the_way_out(words: list[str], said: str, way_out: str, capsys):
    assert cli.main(["task", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert way_out in told.err


def test_nothing_is_compiled_to_show_a_task(capsys, monkeypatch):
    monkeypatch.setattr(mujoco.MjSpec, "compile", lambda *_: pytest.fail("compiled a model"))
    assert "REWARDS" in printed(capsys, "velocity-rough")


def test_a_term_of_ones_own_is_shown_like_ours():
    own = replace(
        FLAT,
        rewards=(RewardTerm("calm", rewards.joint_velocity_squared, -0.125),),
        observation=(ObservationTerm("height", lambda base_height_m: base_height_m[:, None], 1, "m"),),
    )
    (seen, shown) = sections(own, ["rewards", "observation"])
    assert shown.tables[0].rows == [("calm", -0.125, "", "Σ q̇² [rl_lab].")]
    assert seen.tables[0].rows == [("height", 1, "0", "m", "")]
    assert list(shown.cited) == ["rl_lab"]
