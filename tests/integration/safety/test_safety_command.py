"""`surefoot safety` and `surefoot bench safety` as a user runs them."""

import io
import json
import subprocess
import sys

import pytest

from surefoot.cli import main
from surefoot_safety.table import TABLE


def run(*words, capsys):
    status = main(["safety", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_table(capsys):
    status, out, _ = run("table", capsys=capsys)
    assert status == 0
    assert out.startswith("What stops go2, and why\n")
    assert all(f"\n{row.trigger.value} " in out for row in TABLE)


def test_the_table_as_json(capsys):
    _, out, _ = run("table", "--json", "--robot", "a1", capsys=capsys)
    told = json.loads(out)
    assert told["robot"] == "a1"
    assert len(told["triggers"]) == len(TABLE)
    assert {
        "trigger": "tilt",
        "cause": "tilted too far",
        "watched_in": "on feet",
        "action": "damp",
        "severity": 5,
        "delay_s": 0.05,
        "clears": "by reset",
    } in told["triggers"]


@pytest.mark.parametrize(
    ("kind", "begins"), [("mermaid", "stateDiagram-v2"), ("dot", "digraph"), ("markdown", "| tri")]
)
def test_drawings(kind, begins, capsys):
    _, plain, _ = run("table", "--diagram", kind, capsys=capsys)
    assert plain.startswith(begins)
    _, out, _ = run("--json", "table", "--diagram", kind, capsys=capsys)
    assert json.loads(out)[kind] == plain.rstrip("\n")


def test_numbers(capsys):
    _, out, _ = run("numbers", capsys=capsys)
    assert "body.tilt_rad" in out
    _, out, _ = run("numbers", "--json", "--robot", "go1", capsys=capsys)
    told = json.loads(out)
    assert len(told["numbers"]) == 62
    assert all(number["source"] for number in told["numbers"])


def test_settings_of_ones_own(tmp_path, capsys):
    own = tmp_path / "own.yaml"
    own.write_text("robot: go2\nbody:\n  tilt_rad: {value: 1.2, source: assumption, note: a test}\n")
    status, out, err = run("numbers", "--settings", str(own), capsys=capsys)
    assert (status, out) == (2, "")
    assert "at most the shipped 1: a release configuration may only tighten" in err
    status, out, _ = run("numbers", "--settings", str(own), "--no-release", "--json", capsys=capsys)
    assert status == 0
    assert {"number": "body.tilt_rad", "value": 1.2}.items() <= json.loads(out)["numbers"][10].items()


def test_a_script(capsys):
    _, out, _ = run("try", "--do", "arm, stand, wait 3, walk, policy_silent, wait 6, damp", capsys=capsys)
    changes = [line.split("s  ")[1] for line in out.splitlines() if "→" in line]
    assert changes == [
        "off → damped (damp)",
        "damped → standing_up (track)",
        "standing_up → standing (track)",
        "standing → walking (track)",
        "walking → fallback (track)",
        "fallback → standing (track)",
        "standing → stopped (damp)",
    ]
    assert "latched: operator_damp (the operator asked for damp)" in out
    assert "brought about: policy_silent" in out


def test_what_a_mode_does_not_watch_is_not_over(capsys):
    script = "arm, stand, wait 3, walk, policy_silent, wait 1"
    _, out, _ = run("try", "--do", script, capsys=capsys)
    assert "policy_silent: " in out
    assert "→ fallback" in out
    assert "is over" not in out
    _, out, _ = run("try", "--do", f"{script}, policy_silent, wait 1", capsys=capsys)
    assert out.count("policy_silent is over") == 1


def test_the_fallback_is_over_after_the_patience_that_the_hint_asks_for(capsys):
    _, out, _ = run("try", "--do", "arm, stand, wait 3, walk, policy_silent, wait 6", capsys=capsys)
    assert "fallback_over: in fallback since" in out


def test_a_script_as_json(capsys):
    _, out, _ = run("try", "--json", "--do", "arm, wait", capsys=capsys)
    told = json.loads(out)
    assert (told["mode"], told["command"], told["latched"]) == ("damped", "damp", {})
    assert told["events"] == [{"now_s": 0.005, "text": "off → damped (damp)"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["try", "--do", "wlak"], "'wlak' is neither a request nor a trigger: did you mean 'walk'?"),
        (["try", "--do", "xyzzy"], "'xyzzy' is neither a request nor a trigger\n"),
        (["try", "--do", "fallback_over"], "fallback_over has no cause that could be brought about: it is time alone"),
        (["try", "--do", "fallback_over"], "hint: lead the robot into a fallback that nobody asked for"),
        (["try", "--do", "wait 0"], "'wait 0': seconds must be above 0 and at most 3600"),
        (["try", "--do", "wait long"], "'wait long': seconds must be above 0"),
        (["try", "--json"], "`surefoot safety try --json` needs --do"),
        (["table", "--robot", "spot"], "robot 'spot' is unknown: one of a1, go1, go2"),
    ],
)
def test_mistakes(words, said, capsys):
    status, out, err = run(*words, capsys=capsys)
    assert (status, out) == (2, "")
    assert said in err


def test_a_conversation(capsys, monkeypatch):
    lines = "arm\n\nwlak\nhelp\nstatus\ntilt\nwait 1\nstand\nquit\nnever read\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    status, out, _ = run("try", capsys=capsys)
    assert status == 0
    assert "off → damped (damp)" in out
    assert "did you mean 'walk'? hint: known: arm, " in out
    assert out.count("requests  arm disarm stand") == 2
    assert "stand is refused: tilt (tilted by 1.05 rad > 1 rad)" in out
    assert "never read" not in out


def test_a_prompt_for_those_who_type(capsys, monkeypatch):
    class Typed(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Typed("arm\n"))
    _, out, _ = run("try", capsys=capsys)
    assert "off> " in out
    assert "damped> " in out


def test_a_key(tmp_path, capsys):
    path = tmp_path / "estop.key"
    status, out, _ = run("key", str(path), capsys=capsys)
    assert status == 0
    assert out.startswith(f"{path}: a new key.")
    assert path.stat().st_mode & 0o077 == 0
    status, _, err = run("key", str(path), capsys=capsys)
    assert status == 2
    assert "File exists" in err


def test_the_bench(capsys):
    status = main(["bench", "safety", "--ticks", "50", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert set(told["tick_us"]) == {"standing", "walking", "stopped"}
    assert set(told["tick_us"]["walking"]) == {"p50", "p99", "p999"}
    assert status == (0 if told["kept"] else 1)
    main(["bench", "safety", "--ticks", "50"])
    assert "50 ticks each" in capsys.readouterr().out


def test_it_needs_neither_torch_nor_mujoco_nor_onnx():
    code = (
        "import sys; from surefoot.cli import main; main(['safety', 'try', '--do', 'arm, stand, wait 3']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'mujoco', 'onnx', 'onnxruntime'}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"
