"""What `surefoot train` makes of a command line, before anything is trained."""

import pytest

from surefoot.cli import main
from surefoot_robots.errors import SurefootError
from surefoot_training.run.config import RunConfig, load_config, save_config
from surefoot_training.task.tasks import TASKS


def said(capsys, *words: str) -> tuple[int, str]:
    status = main(["train", *words])
    return status, capsys.readouterr().err


def shown(capsys, *words: str) -> dict[str, str]:
    assert main(["train", "velocity-flat", "--show", *words]) == 0
    return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_defaults(capsys):
    settings = shown(capsys)
    assert settings["minutes"] == "10.0"
    assert settings["steps"] == "none"
    assert (settings["robot"], settings["robots"], settings["seed"]) == ("go2", "256", "0")


@pytest.mark.parametrize(
    ("processors", "words", "expected"),
    [
        (1, (), (1, 1)),
        (2, (), (2, 1)),
        (3, (), (2, 1)),  # 256 robots cannot be shared by three
        (16, (), (4, 4)),  # 64 robots each are few enough
        (2, ("--robots", "127"), (1, 2)),
        (2, ("--robots", "65"), (1, 2)),
        (4, ("--robots", "192"), (3, 1)),
        (2, ("--processes", "1"), (1, 2)),
        (2, ("--processes", "4"), (4, 1)),
        (2, ("--threads", "2"), (2, 2)),
    ],
)
def test_a_process_per_processor(capsys, monkeypatch, processors, words, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)))
    settings = shown(capsys, *words)
    assert (int(settings["processes"]), int(settings["threads"])) == expected


def test_what_is_typed_is_what_is_trained_with(capsys):
    settings = shown(
        capsys, "--robot", "a1", "--robots", "64", "--seed", "3", "--threads", "2", "--steps", "5e6",
        "--set", "ppo.clip=0.1", "agent.hidden=64,64", "--set", "task.rewards.foot_slip=-0.2",
    )  # fmt: skip
    assert (settings["robot"], settings["robots"], settings["seed"], settings["threads"]) == ("a1", "64", "3", "2")
    assert (settings["steps"], settings["minutes"]) == ("5000000", "none")
    assert (settings["ppo.clip"], settings["agent.hidden"]) == ("0.1", "64,64")
    assert settings["task.rewards.foot_slip"] == "-0.2"


def test_under_torchrun_processors_and_robots_are_shared(capsys, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)))
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    settings = shown(capsys)
    assert (settings["processes"], settings["threads"]) == ("4", "3")
    assert shown(capsys, "--processes", "4") == settings
    status, text = said(capsys, "velocity-flat", "--processes", "2")
    assert (status, "--processes 2, but there are 4" in text) == (2, True)
    status, text = said(capsys, "velocity-flat", "--robots", "6")
    assert status == 2
    assert "6 robots cannot be shared evenly by 4 processes" in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "there is no TASK to learn\nhint: tasks: velocity-flat"),
        (["velocity-flt"], "did you mean velocity-flat?"),
        (["velocity-flat", "--minutes", "1", "--steps", "1"], "--minutes and --steps are two budgets"),
        (["velocity-flat", "--steps", "1.5"], "1.5 is not a whole number"),
        (["velocity-flat", "--steps", "many"], "many"),
        (["velocity-flat", "--minutes", "0"], "minutes 0.0"),
        (["velocity-flat", "--minutes", "nan"], "minutes nan"),
        (["velocity-flat", "--robots", "0"], "robots 0"),
        (["velocity-flat", "--robot", "spot"], "spot"),
        (["velocity-flat", "--set", "ppo.klip=1"], "did you mean ppo.clip?"),
        (["velocity-flat", "--processes", "3"], "256 robots cannot be shared evenly by 3 processes"),
        (["velocity-flat", "--processes", "0"], "0"),
        (["--resume", "--out", "nowhere", "--processes", "2"], "--processes goes with a new run"),
        (["--resume"], "--resume does not say with which run"),
        (["--resume", "--out", "nowhere"], "there is no run in nowhere"),
        (["--resume", "--out", "nowhere", "--seed", "1"], "--seed goes with a new run"),
        (["--resume", "--out", "nowhere", "--set", "ppo.clip=1"], "--set goes with a new run"),
    ],
)
def test_what_makes_no_run_is_refused(capsys, tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    status, printed = said(capsys, *words)
    assert status == 2
    assert text in printed
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_another_task_is_not_resumed(capsys, tmp_path):
    save_config(RunConfig(TASKS["velocity-flat"], steps=1), tmp_path / "config.yaml")
    status, printed = said(capsys, "velocity-rough", "--resume", "--out", str(tmp_path))
    assert status == 2
    assert "learns velocity-flat, not velocity-rough" in printed


def test_a_run_of_several_processes_is_not_resumed_by_a_team_of_another_size(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    save_config(RunConfig(TASKS["velocity-flat"], steps=1, processes=2), tmp_path / "config.yaml")
    before = (tmp_path / "config.yaml").read_bytes()
    status, printed = said(capsys, "--resume", "--out", str(tmp_path), "--steps", "5")
    assert status == 2
    assert "start that many with torchrun" in printed
    assert (tmp_path / "config.yaml").read_bytes() == before


def test_a_new_run_that_is_refused_leaves_no_folder(capsys, tmp_path):
    words = ["--robots", "1", "--steps", "100", "--set", "ppo.steps=1", "agent.actor=mlp"]
    status, printed = said(capsys, "velocity-flat", "--out", str(tmp_path / "run"), *words)
    assert status == 2
    assert "4 minibatches of 1 samples" in printed
    assert list(tmp_path.iterdir()) == []


def test_the_help_says_what_it_runs_on(capsys):
    assert main(["train", "--help"]) == 0
    assert "on the CPU: a GPU is not used" in " ".join(capsys.readouterr().out.split())


def test_an_edited_run_is_not_resumed(tmp_path):
    file = tmp_path / "config.yaml"
    save_config(RunConfig(TASKS["velocity-flat"], steps=1), file)
    file.write_text(file.read_text().replace("epochs: 4", "epoch: 4"))
    with pytest.raises(SurefootError, match="epoch is unknown"):
        load_config(file)
    assert main(["train", "--resume", "--out", str(tmp_path)]) == 2
