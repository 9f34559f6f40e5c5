import subprocess
from datetime import UTC, datetime

import yaml

from surefoot_training.run.provenance import git_state, record_session

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def git(folder, *words):
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_every_session_adds_an_entry(config, tmp_path):
    file = tmp_path / "provenance.yaml"
    record_session(file, config, iteration=0, now=NOW)
    record_session(file, config.with_budget(5.0, None), iteration=7, now=NOW)
    first, second = yaml.safe_load(file.read_text())["sessions"]
    assert (first["from_iteration"], first["steps"], first["minutes"]) == (0, 1000, None)
    assert (second["from_iteration"], second["steps"], second["minutes"]) == (7, None, 5.0)
    assert first["started"] == "2030-01-02T03:04:05+00:00"
    assert first["config_sha256"] == second["config_sha256"] == config.sha256
    assert set(first["packages"]) == {"surefoot", "torch", "mujoco", "numpy"}


def test_going_on_with_other_code_is_said(config, tmp_path, caplog):
    file = tmp_path / "provenance.yaml"
    record_session(file, config, iteration=0, now=NOW)
    record_session(file, config, iteration=1, now=NOW)
    assert caplog.text == ""
    torch = yaml.safe_load(file.read_text())["sessions"][0]["packages"]["torch"]
    file.write_text(file.read_text().replace(torch, "1.0.0"))
    record_session(file, config, iteration=2, now=NOW)
    assert "packages was" in caplog.text
    assert "it may learn otherwise" in caplog.text


def test_revision_and_whether_files_differ_from_it(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "code.py").write_text("1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "-m", "begin")
    clean = {"git_revision": git(tmp_path, "rev-parse", "HEAD"), "git_dirty": False}
    assert git_state(tmp_path) == clean
    (tmp_path / "code.py").write_text("2\n")
    assert git_state(tmp_path) == clean | {"git_dirty": True}


def test_a_package_inside_somebody_elses_repository_has_no_revision(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "theirs.py").write_text("1\n")
    git(tmp_path, "add", "theirs.py")
    git(tmp_path, "commit", "--quiet", "-m", "begin")
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "ours.py").write_text("1\n")
    assert git_state(installed) == {"git_revision": None, "git_dirty": None}
