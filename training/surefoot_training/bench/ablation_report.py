"""An ablation's runs put together: means over seeds, differences to the full estimator, and which of them are noise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from surefoot_training.bench.ablation_figures import Judged, Metric, metric_of
from surefoot_training.bench.ablation_noise import Difference, Spread, difference_of, known, spread_of
from surefoot_training.bench.ablation_plan import REFERENCE, Plan, Run, Variant
from surefoot_training.run.status import count_text

_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """Of one variant."""

    by_seed: tuple[float | None, ...]
    mean: float | None
    lowest: float | None
    highest: float | None
    difference: Difference | None
    """To the reference; None of the reference itself."""


@dataclass(frozen=True, slots=True)
class VariantSummary:
    """All runs of one variant."""

    name: str
    settings: tuple[str, ...]
    policy_steps: tuple[int | None, ...]
    """Seed by seed: when the policy was made that was examined."""
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything there is to say; the same to the bit however often the bench was stopped."""

    task: str
    robot: str
    robots: int
    steps: int
    """Of every run."""
    seeds: int
    begun_from: str | None
    """SHA-256 of the checkpoint that all began with; None began from nothing."""
    evaluation_seed: int
    evaluation_robots: int
    evaluation_s: float
    variants: tuple[VariantSummary, ...]
    spread: dict[str, Spread]
    left: tuple[str, ...]
    """Runs that are not done."""


@dataclass(frozen=True, slots=True)
class Table:
    """For terminals and for Markdown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summarize(plan: Plan, results: Mapping[Run, Judged]) -> Summary:
    """Of the runs that are done."""
    keys = list(dict.fromkeys(key for judged in results.values() for key in judged.figures))
    by_seed = {(variant.name, key): _by_seed(plan, results, variant, key) for variant in plan.variants for key in keys}
    spread = {key: spread_of(by_seed[variant.name, key] for variant in plan.variants) for key in keys}

    def figure(variant: Variant, key: str) -> Figure:
        values, reference = by_seed[variant.name, key], by_seed[REFERENCE, key]
        told = known(values)
        return Figure(
            by_seed=values,
            mean=statistics.fmean(told) if told else None,
            lowest=min(told, default=None),
            highest=max(told, default=None),
            difference=None if variant.name == REFERENCE else difference_of(values, reference, spread[key]),
        )

    assert plan.base.steps is not None
    return Summary(
        task=plan.base.task.name,
        robot=plan.base.robot,
        robots=plan.base.robots,
        steps=plan.base.steps,
        seeds=plan.seeds,
        begun_from=plan.base.begun_from,
        evaluation_seed=plan.protocol.seed,
        evaluation_robots=plan.protocol.tracking_robots,
        evaluation_s=plan.protocol.tracking_s,
        variants=tuple(
            VariantSummary(
                name=variant.name,
                settings=variant.settings,
                policy_steps=tuple(
                    results[run].policy_steps if run in results else None for run in _runs_of(plan, variant)
                ),
                figures={key: figure(variant, key) for key in keys},
            )
            for variant in plan.variants
        ),
        spread=spread,
        left=tuple(run.name for run in plan.runs() if run not in results),
    )


def _runs_of(plan: Plan, variant: Variant) -> list[Run]:
    return [Run(variant.name, seed) for seed in range(plan.seeds)]


def _by_seed(plan: Plan, results: Mapping[Run, Judged], variant: Variant, key: str) -> tuple[float | None, ...]:
    return tuple(results[run].figures.get(key) if run in results else None for run in _runs_of(plan, variant))


# Tables


def tables(summary: Summary) -> list[Table]:
    """Means and differences of the main figures; then of each kind of terrain, where there was some."""
    groups: dict[str, list[Metric]] = {}
    for metric in map(metric_of, summary.spread):
        group, by_kind, _ = metric.key.partition("/")
        groups.setdefault(f"{metric_of(group).title}: " if by_kind else "", []).append(metric)
    found = []
    for about, metrics in groups.items():
        found += [_means(about, summary, metrics), _differences(about, summary, metrics)]
    return found


def _means(about: str, summary: Summary, metrics: Sequence[Metric]) -> Table:
    def cell(metric: Metric, variant: VariantSummary) -> str:
        figure = variant.figures[metric.key]
        if figure.mean is None or figure.lowest is None or figure.highest is None:
            return _NOTHING
        return f"{metric.text(figure.mean)} ({metric.text(figure.lowest)} to {metric.text(figure.highest)})"

    def deviation(metric: Metric) -> str:
        value = summary.spread[metric.key].deviation
        return _NOTHING if value is None else metric.text(value)

    table = _table(f"{about}mean over seeds (lowest to highest)", summary.variants, metrics, cell)
    spread = ("spread between seeds", *(deviation(metric) for metric in metrics))
    return Table(table.title, table.columns, (*table.rows, spread))


def _differences(about: str, summary: Summary, metrics: Sequence[Metric]) -> Table:
    def cell(metric: Metric, variant: VariantSummary) -> str:
        difference = variant.figures[metric.key].difference
        if difference is None:
            return _NOTHING
        text = metric.text(difference.mean, "+")
        if difference.twice_error is None:
            return text
        return f"{text} ± {metric.text(difference.twice_error)}{' noise' if difference.is_noise else ''}"

    others = [variant for variant in summary.variants if variant.name != REFERENCE]
    title = f"{about}difference to {REFERENCE}, mean over pairs of the same seed ± twice its standard error"
    return _table(title, others, metrics, cell)


def _table(
    title: str,
    variants: Sequence[VariantSummary],
    metrics: Sequence[Metric],
    cell: Callable[[Metric, VariantSummary], str],
) -> Table:
    return Table(
        title=title[0].upper() + title[1:],
        columns=("variant", *(metric.title for metric in metrics)),
        rows=tuple((variant.name, *(cell(metric, variant) for metric in metrics)) for variant in variants),
    )


def footer(summary: Summary) -> list[str]:
    """How the figures were made, and what is noise: a paragraph each."""
    begun = "from nothing" if summary.begun_from is None else f"from checkpoint {summary.begun_from[:12]}"
    runs = len(summary.variants) * summary.seeds
    seeds = "seed 0" if summary.seeds == 1 else f"seeds 0 to {summary.seeds - 1}"
    setting = (
        f"{runs} runs of {count_text(summary.steps)} steps each: {summary.robot} on {summary.task}, {summary.robots} "
        f"robots, {begun}, {seeds}. Of each run its best policy by the running score of "
        f"training, examined as by `surefoot evaluate` (seed {summary.evaluation_seed}): tracking, "
        f"{summary.evaluation_robots} robots for {summary.evaluation_s:g} s, falls counted over all of them."
    )
    if any(variant.name == "oracle" for variant in summary.variants):
        setting += " `oracle` is told its true velocity, which no robot knows: an upper bound."
    paragraphs = [
        setting,
        *_about_terrain(summary),
        _about_noise(summary),
    ]
    further = [variant for variant in summary.variants if len(variant.settings) > 1]
    if further:
        said = "; ".join(f"{variant.name}: {' '.join(variant.settings[1:])}" for variant in further)
        paragraphs.append(f"Further variants are {REFERENCE} with other settings. {said}.")
    if summary.left:
        paragraphs.append(f"**Not finished.** Still to come: {', '.join(summary.left)}.")
    return paragraphs


def _about_terrain(summary: Summary) -> list[str]:
    if "success" not in summary.spread:
        return []
    text = "Success: got over 20 m of what the bar names, mean over its cells."
    if "level" in summary.spread:
        text += " Level reached: of the robots in training, mean at its end; who solves the highest draws a new one."
    return [text]


def _about_noise(summary: Summary) -> str:
    degrees = max((spread.degrees_of_freedom for spread in summary.spread.values()), default=0)
    if not degrees:
        return "What is noise cannot be said: it takes at least two runs that differ in nothing but their seed."
    return (
        "What is noise: s, the spread between seeds, is the standard deviation of runs of one variant around its mean, "
        f"pooled over all variants: √(Σ (x − mean)² / Σ (seeds − 1)), with {degrees} degrees of freedom at most. "
        "Twice the standard error of a difference of means over n seeds each is 2 s √(2/n); a difference no larger "
        "than that is marked as noise."
    )


def to_markdown(summary: Summary) -> str:
    """`table.md`."""
    parts = [f"# Ablation: {summary.robot} on {summary.task}"]
    for table in tables(summary):
        lines = [_line(table.columns), _line(["-"] * len(table.columns)), *map(_line, table.rows)]
        parts += [f"**{table.title}**", "\n".join(lines)]
    return "\n\n".join([*parts, *footer(summary)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
