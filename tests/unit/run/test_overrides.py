import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.run.config import RunConfig
from surefoot_training.task.tasks import TASKS


def weight(config: RunConfig, name: str) -> float:
    return next(term.weight for term in config.task.rewards if term.name == name)


def test_a_plain_field_changes_and_nothing_else(config):
    changed = config.with_settings(["ppo.clip=0.1"])
    assert changed.ppo.clip == 0.1
    assert changed.with_settings(["ppo.clip=0.2"]) == config


def test_a_name_in_a_table_is_its_weight_and_below_it_are_its_parameters(config):
    changed = config.with_settings(
        [
            "task.rewards.linear_progress=2",
            "task.rewards.foot_clearance.target_m=0.1",
            "task.rewards.foot_slip.weight=-1",
        ]
    )
    assert weight(changed, "linear_progress") == 2.0
    assert weight(changed, "foot_slip") == -1.0
    (clearance,) = [term for term in changed.task.rewards if term.name == "foot_clearance"]
    assert clearance.parameters == {"target_m": 0.1}
    assert clearance.weight == weight(config, "foot_clearance")
    assert [term.name for term in changed.task.rewards] == [term.name for term in config.task.rewards]


def test_weight_and_parameter_of_one_term_together(config):
    changed = config.with_settings(["task.rewards.foot_clearance=-3", "task.rewards.foot_clearance.target_m=0.1"])
    (clearance,) = [term for term in changed.task.rewards if term.name == "foot_clearance"]
    assert (clearance.weight, clearance.parameters) == (-3.0, {"target_m": 0.1})


def test_a_termination_has_parameters(config):
    assert config.with_settings(["task.terminations.time_out.limit_s=10"]).task.episode_s == 10.0


def test_values_that_must_fit_each_other_change_together():
    rough = RunConfig(TASKS["velocity-rough"], steps=1000)
    with pytest.raises(SurefootError, match="levels"):
        rough.with_settings(["task.terrain.level_count=4"])
    changed = rough.with_settings(
        ["task.terrain.level_count=4", "task.curriculum.levels=4", "task.curriculum.initial_level_max=2"]
    )
    assert changed.task.terrain is not None
    assert changed.task.terrain.level_count == 4


def test_a_part_that_may_be_absent_can_be_taken_away():
    rough = RunConfig(TASKS["velocity-rough"], steps=1000)
    settings = ["task.terrain=none", "task.curriculum.levels=1", "task.curriculum.initial_level_max=0"]
    assert rough.with_settings(settings).task.terrain is None


def test_of_two_values_for_one_key_the_last_counts(config):
    assert config.with_settings(["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("setting", "message", "hint"),
    [
        ("ppo.clipp=1", "there is no setting ppo.clipp; did you mean ppo.clip?", "valid in ppo: steps, epochs"),
        ("linear_progress=2", "did you mean task.rewards.linear_progress?", "valid: task, robot"),
        ("task.rewards.linear_progres=2", "did you mean task.rewards.linear_progress?", "valid in task.rewards: "),
        (
            "task.rewards.foot_clearance.target=1",
            "did you mean task.rewards.foot_clearance.target_m?",
            "valid in task.rewards.foot_clearance: weight, target_m",
        ),
        ("task.name=mine", "there is no setting task.name", "valid in task: observation"),
        ("ppo.clip=wide", "ppo.clip: 'wide' is not valid", "ppo.clip is a finite number"),
        ("ppo.clip=-1", "ppo: clip -1.0", "give a number from"),
        ("agent.actor=dreamer", "'dreamer' is not valid", "agent.actor is one of mlp, history, gru, cenet"),
        ("task.commands.vx_mps=1", "'1' is not valid", "2 values separated by commas"),
        ("task.commands.vx_mps=1,-1", "has its highest value first", "vx_mps is (lowest, highest) in m/s"),
        ("ppo=3", "ppo=3 sets a group of settings", "parts of ppo: steps"),
        ("task.rewards=1", "sets a group of settings", "parts of task.rewards: linear_velocity_tracking"),
        ("task.terminations.time_out=3", "it has no weight", "parts of task.terminations.time_out: limit_s"),
        ("task.terrain.cell_m=1", "task.terrain is none", "this task has none"),
        ("seed.a=1", "seed is 0, without parts", "set seed itself"),
        ("fast", "'fast' sets nothing", "write key=value"),
        ("=1", "'=1' sets nothing", "write key=value"),
        ("robot=go3", "go3", "go2"),
        ("robots=0", "robots 0", "at least 1"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(config, setting, message, hint):
    with pytest.raises(SurefootError) as refused:
        config.with_settings([setting])
    assert message in refused.value.message
    assert hint in f"{refused.value.message} {refused.value.hint}"


def test_a_whole_and_its_parts_at_once_are_a_contradiction():
    rough = RunConfig(TASKS["velocity-rough"], steps=1000)
    with pytest.raises(SurefootError, match="both as a whole and in parts"):
        rough.with_settings(["task.terrain=none", "task.terrain.cell_m=0.1"])
