import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_robots.yamlfile import read_mapping
from surefoot_training.learn.ppo import PPOConfig
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.run.config import RunConfig, config_from_json, config_to_json, load_config, save_config, to_yaml
from surefoot_training.run.overrides import current_settings
from surefoot_training.run.values import from_plain, from_text, to_plain, to_text
from surefoot_training.task.tasks import TASKS

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CHOICE = Literal["clip", "kl", "adaptive_kl"]
WORDS = st.text(st.characters(codec="ascii", categories=("Ll", "Lu", "Nd"), include_characters="_-"), min_size=1)
# Files of ours may have no other characters.
PRINTABLE = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1)

VALUES = st.one_of(
    st.tuples(st.just(float), NUMBERS),
    st.tuples(st.just(int), st.integers()),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(str), WORDS),
    st.tuples(st.just(CHOICE), st.sampled_from(["clip", "kl", "adaptive_kl"])),
    st.tuples(st.just(tuple[float, float]), st.tuples(NUMBERS, NUMBERS)),
    st.tuples(st.just(tuple[int, ...]), st.lists(st.integers()).map(tuple)),
    st.tuples(st.just(tuple[str, ...]), st.lists(WORDS).map(tuple)),
    st.tuples(st.just(float | None), st.none() | NUMBERS),
)

POSITIVE = st.floats(1e-6, 1e6)
CONFIGS = st.builds(
    lambda task, weights, **values: RunConfig(
        replace(task, rewards=tuple(replace(t, weight=w) for t, w in zip(task.rewards, weights, strict=False))),
        **values,
    ),
    st.sampled_from(list(TASKS.values())),
    st.lists(NUMBERS, min_size=21, max_size=21),
    robots=st.integers(1, 10**6),
    seed=st.integers(0, 2**40),
    steps=st.integers(1, 10**12),
    save_minutes=POSITIVE,
    agent=st.builds(
        AgentConfig,
        actor=st.sampled_from(["mlp", "history", "gru", "cenet"]),
        hidden=st.lists(st.integers(1, 1000), min_size=1).map(tuple),
    ),
    ppo=st.builds(PPOConfig, clip=POSITIVE, learning_rate=POSITIVE, surrogate=st.sampled_from(["clip", "kl"])),
)


@given(VALUES)
def test_a_value_survives_its_text(pair):
    annotation, value = pair
    assert from_text(annotation, to_text(value), "key") == value


@given(VALUES)
def test_a_value_survives_json(pair):
    annotation, value = pair
    assert from_plain(annotation, json.loads(json.dumps(to_plain(annotation, value))), "key") == value


@given(st.dictionaries(PRINTABLE, st.none() | st.booleans() | st.integers() | NUMBERS | PRINTABLE | st.just("")))
def test_plain_data_survives_our_yaml_whatever_it_looks_like(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data.yaml")
        file.write_text(to_yaml(data), encoding="utf-8")
        assert read_mapping(file) == data


@settings(max_examples=20)  # a configuration has 200 settings
@given(CONFIGS)
def test_a_configuration_survives_its_file_and_its_line(config):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.yaml")
        save_config(config, file)
        assert load_config(file) == config
    assert config_from_json(config_to_json(config)) == config


@settings(max_examples=20)
@given(CONFIGS)
def test_every_setting_that_is_shown_can_be_typed(config):
    plain = RunConfig(replace(TASKS[config.task.name], rewards=config.task.rewards), steps=1)
    typed = [f"{path}={text}" for path, text in current_settings(config)]
    assert plain.with_settings(typed) == config
