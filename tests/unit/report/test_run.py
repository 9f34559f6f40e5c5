"""The page of a training run."""

import json

import pytest

from surefoot.cli import main
from surefoot.report.run_report import run_page
from surefoot_robots.errors import SurefootError

ENTRY = {
    "steps": 8192,
    "elapsed_s": 3725.0,
    "episode/speed_error_mps": 0.25,
    "curriculum/level_mean": None,
    "reward/step": 0.1,
}


def run(tmp_path, *entries):
    (tmp_path / "progress.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (tmp_path / "config.yaml").write_text("task: <velocity-flat>\n")
    return tmp_path


def test_a_run_that_was_judged(tmp_path, capsys):
    run(tmp_path, ENTRY, ENTRY | {"steps": 2_500_000})
    lane = {"lane": {"kind": "stairs_up", "level": 6}, "robots": 150, "success_share": 0.9, "fell": 15}
    told = {"falls": 2, "speed_error_mps": {"mean": 0.08, "p95": None}, "terrain": [lane], "robot": "go2"}
    (tmp_path / "evaluation.json").write_text(json.dumps(told))
    assert main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "2.50 M control steps in 1 h 02 min" in page
    assert "<b>0.250 m/s</b>" in page
    assert "level of terrain" not in page
    assert '<td>speed error mps, mean</td><td class="n">0.08</td>' in page
    assert '<td>stairs_up</td><td class="n">6</td><td class="n">150</td><td class="n">90</td>' in page
    assert "task: &lt;velocity-flat&gt;" in page
    assert "There is no provenance.yaml." in page


def test_one_that_was_not(tmp_path):
    assert "Not judged yet: surefoot evaluate" in run_page(run(tmp_path, ENTRY))


@pytest.mark.parametrize("line", ["", "{", "[]", '{"steps": "x", "elapsed_s": 1}', '{"elapsed_s": 1}'])
def test_what_is_no_run(tmp_path, line):
    with pytest.raises(SurefootError, match="is no run's folder"):
        run_page(tmp_path)
    (tmp_path / "progress.jsonl").write_text(f"{line}\n" if line else "")
    with pytest.raises(SurefootError, match=r"progress\.jsonl"):
        run_page(tmp_path)


def test_an_evaluation_that_is_none(tmp_path):
    run(tmp_path, ENTRY)
    (tmp_path / "evaluation.json").write_text('{"terrain": [{}]}')
    with pytest.raises(SurefootError, match="is no evaluation: KeyError"):
        run_page(tmp_path)


def test_a_page_goes_where_it_is_told_to(tmp_path):
    run(tmp_path, ENTRY)
    assert main(["report", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "nowhere" / "page.html")]) == 2
    assert not (tmp_path / "nowhere").exists()
