import logging

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.run.folder import RunFolder


def test_a_run_begins_in_a_new_or_empty_folder(config, tmp_path):
    folder = RunFolder(tmp_path / "deep" / "run")
    with folder.locked():
        folder.check_is_free()
        folder.keep(config)
        assert folder.load() == config


def test_a_run_is_not_begun_over_another(config, tmp_path):
    folder = RunFolder(tmp_path)
    folder.keep(config)
    with pytest.raises(SurefootError, match="there is a run") as refused:
        folder.check_is_free()
    assert f"surefoot train --resume --out {tmp_path}" in refused.value.hint


def test_a_run_is_not_begun_among_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(SurefootError, match=r"is not empty: it has thesis\.txt"):
        RunFolder(tmp_path).check_is_free()


def test_where_there_is_no_run_none_goes_on(tmp_path):
    with pytest.raises(SurefootError, match="there is no run"):
        RunFolder(tmp_path).load()


def test_a_new_budget_is_kept(config, tmp_path):
    folder = RunFolder(tmp_path)
    for kept in (config, config.with_budget(None, 5000), config.with_budget(3.0, None)):
        folder.keep(kept)
        assert folder.load() == kept


def test_what_is_the_same_is_not_written_again(config, tmp_path):
    folder = RunFolder(tmp_path)
    folder.keep(config)
    before = folder.config.stat()
    folder.keep(config)
    assert folder.config.stat() == before


def test_a_run_that_is_refused_before_it_begins_leaves_no_folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(SurefootError, match="does not fit"), folder.locked():
        raise SurefootError("does not fit")
    assert not folder.path.exists()


def test_a_folder_that_was_there_or_has_something_in_it_stays(config, tmp_path):
    there, used = RunFolder(tmp_path / "there"), RunFolder(tmp_path / "used")
    there.path.mkdir()
    with there.locked():
        pass
    with used.locked():
        used.keep(config)
    assert there.path.is_dir()
    assert used.load() == config


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
