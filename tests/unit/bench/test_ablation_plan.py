"""What an ablation compares, as typed and as its folder keeps it; what does not compare is refused."""

from dataclasses import replace

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.bench.ablation_plan import (
    ESTIMATORS,
    Plan,
    Run,
    Variant,
    check_common_settings,
    estimator_variant,
    load_plan,
    parse_variant,
    save_plan,
)
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.config import RunConfig
from surefoot_training.task.tasks import TASKS

BASE = RunConfig(TASKS["velocity-flat"], robots=8, steps=1000)


def plan_of(*variants: str, base: RunConfig = BASE, seeds: int = 2) -> Plan:
    each = (parse_variant(text) if ":" in text else estimator_variant(text) for text in variants)
    return Plan(base, tuple(each), seeds, Protocol(), ("tracking",))


def test_the_estimators_are_the_agents_own() -> None:
    assert ESTIMATORS == ("none", "velocity", "no_adaboot", "full", "oracle")
    plan = plan_of(*ESTIMATORS)
    for name in ESTIMATORS:
        assert plan.config(Run(name, 1)) == replace(BASE.with_settings([f"agent.estimator={name}"]), seed=1)


def test_one_seed_goes_over_all_variants_before_the_next() -> None:
    assert [run.name for run in plan_of("none", "full").runs()] == [
        "none-seed0", "full-seed0", "none-seed1", "full-seed1"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("lopsided:agent.symmetric=false", ("agent.symmetric=false",)),
        ("b:agent.history=10,ppo.clip=0.1", ("agent.history=10", "ppo.clip=0.1")),
        ("wide:agent.hidden=512,256,agent.history=10", ("agent.hidden=512,256", "agent.history=10")),
    ],
)
def test_further_variants_are_full_with_other_settings(text: str, settings: tuple[str, ...]) -> None:
    variant = parse_variant(text)
    assert variant == Variant(text.partition(":")[0], ("agent.estimator=full", *settings))
    none = BASE.with_settings(["agent.estimator=none"])
    plan = Plan(none, (estimator_variant("full"), variant), 1, Protocol(), ("tracking",))
    assert plan.config(Run(variant.name, 0)) == BASE.with_settings(settings)


@pytest.mark.parametrize("text", ["lopsided", "lopsided:", ":a=b", "../x:a=b", "a b:c=d", "x:,a=b"])
def test_what_is_no_variant_is_refused(text: str) -> None:
    with pytest.raises(SurefootError, match="is no variant") as refused:
        parse_variant(text)
    assert "NAME:key=value" in str(refused.value.hint)


def test_an_unknown_estimator_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        SurefootError, match="no variant 'no_adabot' of the estimator; did you mean no_adaboot"
    ) as error:
        estimator_variant("no_adabot")
    assert error.value.hint == "variants: none, velocity, no_adaboot, full, oracle"


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        (["none", "oracle"], "full is not among the variants none, oracle"),
        (["full", "full"], "two variants are called full"),
        (["full", "same:agent.history=5"], "variants full and same learn with the same settings"),
        (["full", "x:agent.symetric=false"], r"variant x: there is no setting agent.symetric; did you mean"),
        (["full", "x:agent.history=0"], "variant x: agent: history 0"),
        (["full", "x:steps=2000"], "steps=2000 is not for variants"),
        (["full", "x:robots=4"], "robots=4 is not for variants"),
    ],
)
def test_what_does_not_compare_is_refused(variants: list[str], message: str) -> None:
    with pytest.raises(SurefootError, match=message):
        plan_of(*variants)


def test_an_actor_without_estimator_is_compared_only_as_one() -> None:
    with pytest.raises(SurefootError, match=r"agent\.actor=gru has no estimator: none would be no variant"):
        plan_of("none", "full", base=BASE.with_settings(["agent.actor=gru"]))
    assert plan_of("full", "gru:agent.actor=gru").config(Run("gru", 0)).agent.actor == "gru"


def test_budgets_are_in_steps() -> None:
    with pytest.raises(SurefootError, match="no budget in time"):
        plan_of("full", base=replace(BASE, steps=None, minutes=1.0))


def test_common_settings_leave_the_estimator_alone() -> None:
    check_common_settings(["agent.history=10", "save_minutes=5"])
    with pytest.raises(SurefootError, match="the variants set it"):
        check_common_settings(["agent.estimator=none"])
    with pytest.raises(SurefootError, match="seed=3 is not for variants"):
        check_common_settings(["seed=3"])


def test_a_plan_comes_back_as_it_was(tmp_path) -> None:
    plan = plan_of("none", "full", "wide:agent.hidden=512,256", base=BASE.with_settings(["ppo.clip=0.15"]))
    plan = replace(plan, protocol=Protocol().of_size(3), axes=("tracking", "terrain"))
    save_plan(plan, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == plan


@pytest.mark.parametrize("text", ["seeds: 2\n", "seeds: 2\nbase: {}\nvariants: {}\nprotocol: {}\naxes: []\n"])
def test_a_plan_that_is_none_is_refused(tmp_path, text: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    with pytest.raises(SurefootError, match=str(file)):
        load_plan(file)


def test_seeds_may_only_be_added() -> None:
    plan = plan_of("none", "full")
    assert plan.with_seeds(3).runs() == [*plan.runs(), Run("none", 2), Run("full", 2)]
    with pytest.raises(SurefootError, match="has 2 seeds, not 1"):
        plan.with_seeds(1)
