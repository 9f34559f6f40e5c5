import logging

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.run.folder import RunFolder


def test_a_run_begins_in_a_new_or_empty_folder(config, tmp_path):
    folder = RunFolder(tmp_path / "deep" / "run")
    with folder.locked():
        folder.begin(config)
        assert folder.reopen(None, None) == config


def test_a_run_is_not_begun_over_another(config, tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(config)
    with pytest.raises(SurefootError, match="there is a run") as refused:
        folder.begin(config)
    assert f"surefoot train --resume --out {tmp_path}" in refused.value.hint


def test_a_run_is_not_begun_among_other_files(config, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(SurefootError, match=r"is not empty: it has thesis\.txt"):
        RunFolder(tmp_path).begin(config)


def test_where_there_is_no_run_none_goes_on(tmp_path):
    with pytest.raises(SurefootError, match="there is no run"):
        RunFolder(tmp_path).reopen(None, None)


def test_a_new_budget_is_kept(config, tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(config)
    assert folder.reopen(None, 5000).steps == 5000
    assert folder.reopen(None, None).steps == 5000
    assert folder.reopen(3.0, None).minutes == 3.0
    assert folder.reopen(None, None).steps is None


def test_two_cannot_write_one_run(tmp_path):
    folder = RunFolder(tmp_path)
    match = r"another process is training in .*: process \d+"
    with folder.locked(), pytest.raises(SurefootError, match=match), RunFolder(tmp_path).locked():
        pass
    with RunFolder(tmp_path).locked():
        pass


def test_the_log_is_written_only_while_it_is_open(tmp_path):
    folder = RunFolder(tmp_path)
    logger = logging.getLogger("surefoot_training.somewhere")
    with folder.logged():
        logger.info("walks")
    logger.info("is over")
    (line,) = folder.log.read_text().splitlines()
    assert line.endswith("INFO walks")
