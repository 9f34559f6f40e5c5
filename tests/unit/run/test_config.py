import json
from dataclasses import replace

import pytest
import yaml

from surefoot_robots.errors import SurefootError
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.run.config import (
    RunConfig,
    config_from_json,
    config_to_json,
    load_config,
    save_config,
)
from surefoot_training.run.tree import tree_from_plain, tree_to_plain
from surefoot_training.task.tasks import TASKS


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_saved_configuration_is_read_back_the_same(task, tmp_path):
    config = RunConfig(task, minutes=10.0, agent=AgentConfig(actor="cenet"))
    file = tmp_path / "config.yaml"
    save_config(config, file)
    assert load_config(file) == config
    assert load_config(file).sha256 == config.sha256
    assert config_from_json(config_to_json(config)) == config


def test_the_file_shows_every_weight_and_range_by_name(config, tmp_path):
    file = tmp_path / "config.yaml"
    save_config(config, file)
    shown = yaml.safe_load(file.read_text())
    assert shown["task"]["rewards"]["foot_clearance"] == {
        "function": "rewards.foot_clearance_error",
        "weight": -1.0,
        "parameters": {"target_m": 0.08},
    }
    assert shown["task"]["commands"]["vx_mps"] == [-1.0, 1.0]
    assert shown["ppo"]["clip"] == 0.2


def changed(config: RunConfig, path: str, value: object) -> str:
    """The configuration as JSON, one place in it changed."""
    plain = json.loads(config_to_json(config))
    at, *rest = reversed(path.split("."))
    inside = plain
    for key in reversed(rest):
        inside = inside[key]
    inside[at] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sead", 1, "sead is unknown; did you mean seed?"),
        ("ppo.klip", 1, "ppo.klip is unknown; did you mean clip?"),
        ("task.rewards.foot_slip.wait", 1, "task.rewards.foot_slip.wait is unknown"),
        ("task.rewards.foot_clearance.parameters", {"target": 1.0}, "target is unknown"),
        ("task.rewards.foot_slip.function", "rewards.fly", "there is no term function 'rewards.fly'"),
        ("task.rewards.foot_slip.function", "os.system", "there is no term function 'os.system'"),
        ("task.rewards.foot_slip.function", "rewards.namespace", "there is no term function"),
        ("task.rewards.foot_slip", 1, "is not a mapping"),
        ("task.rewards.foot_slip", {"weight": 1.0}, "is missing"),
        ("task.commands.vx_mps", [1.0], "is not valid"),
        ("ppo.epochs", "four", "is not valid"),
        ("ppo", None, "is not a mapping"),
    ],
)
def test_an_edited_configuration_is_refused(config, path, value, message):
    with pytest.raises(SurefootError) as refused:
        config_from_json(changed(config, path, value))
    assert message in refused.value.message


def test_a_missing_field_is_refused_by_a_run_and_defaulted_for_a_policy(config):
    plain = json.loads(config_to_json(config))
    del plain["ppo"]["mirror"]
    with pytest.raises(SurefootError, match=r"ppo\.mirror is missing"):
        config_from_json(json.dumps(plain))
    assert config_from_json(json.dumps(plain), complete=False) == config
    del plain["task"]["rewards"]
    with pytest.raises(SurefootError, match=r"task\.rewards is missing"):
        config_from_json(json.dumps(plain), complete=False)


def test_what_a_policy_was_made_without_it_does_without(config):
    plain = json.loads(config_to_json(config))
    assert config.agent.symmetric
    del plain["agent"]["symmetric"]
    assert config_from_json(json.dumps(plain), complete=False).agent == replace(config.agent, symmetric=False)
    with pytest.raises(SurefootError, match=r"agent\.symmetric is missing"):
        config_from_json(json.dumps(plain))


def test_an_error_names_the_file(config, tmp_path):
    file = tmp_path / "config.yaml"
    save_config(config, file)
    file.write_text(file.read_text().replace("seed: 0", "sead: 0"))
    with pytest.raises(SurefootError, match=r"config\.yaml: sead is unknown"):
        load_config(file)


def test_the_hash_is_of_what_is_learned_with(config):
    same = (config.with_budget(5.0, None), config.with_budget(None, 7), replace(config, save_minutes=9.0))
    assert {other.sha256 for other in same} == {config.sha256}
    others = (replace(config, seed=1), replace(config, threads=2), config.with_settings(["task.rewards.foot_slip=-2"]))
    assert len({config.sha256, *(other.sha256 for other in others)}) == 4


def test_the_order_of_a_table_counts(config):
    swapped = replace(config, task=replace(config.task, rewards=config.task.rewards[::-1]))
    assert swapped.sha256 != config.sha256
    assert tree_from_plain(RunConfig, tree_to_plain(swapped)) == swapped


def test_a_function_from_elsewhere_cannot_be_kept(config):
    alien = replace(config.task.rewards[0], function=lambda base_height_m: base_height_m)
    with pytest.raises(SurefootError, match="cannot keep the term function"):
        config_to_json(replace(config, task=replace(config.task, rewards=(alien,))))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"robots": 10, "processes": 3}, "cannot be shared evenly"),
        ({"steps": None}, "neither a time nor a number of steps"),
        ({"minutes": 1.0}, "both a time and a number of steps"),
        ({"steps": 0}, "steps 0"),
        ({"seed": -1}, "seed -1"),
        ({"threads": 0}, "threads 0"),
    ],
)
def test_a_run_that_cannot_be_is_refused(config, values, message):
    with pytest.raises(SurefootError, match=message):
        replace(config, **values)


def test_progress_is_the_share_of_the_budget_that_is_used(config):
    assert config.progress(elapsed_s=1e9, steps=250) == 0.25
    assert config.progress(elapsed_s=0.0, steps=2000) == 1.0
    in_time = config.with_budget(2.0, None)
    assert in_time.progress(elapsed_s=25.0, steps=10**9) == 0.25
    assert in_time.progress(elapsed_s=101.0, steps=0) == 1.0


def test_of_a_budget_in_time_some_is_kept_for_the_end(config):
    assert [config.with_budget(minutes, None).learning_s for minutes in (1.0, 10.0)] == [48.0, 580.0]
