"""The console's process beside a robot's real processes, its pages played by a WebSocket client."""

import http.client
import json
import signal

import pytest
from console_page import STILL, Console, open_socket
from real_processes import Stack, wait_for
from websockets.exceptions import ConnectionClosed, InvalidStatus

from surefoot.cli import main
from surefoot_safety.mode import Mode

PRETEND = ("--driver", "pretend", "--console")
AHEAD = (1.0, 0.0, 0.0)


def drives(page):
    """Crawls ahead, by the operator's hand."""
    page.drive(AHEAD, [0.5, 0.0, 0.0])


def test_a_robot_is_driven_stopped_and_reset(shared, pages):
    stack, console = shared
    page = pages(console)
    drives(page)
    assert page.welcome["robot"]["title"] == "Unitree Go2"
    assert len(page.frame["pose"]["joints"]) == 12
    assert page.frame["pose"]["position"][2] > 0.2
    assert page.frame["loops"]["link"]["rate_hz"] == 1000.0
    assert page.frame["estop"]["waited_for"]
    page.hold = STILL
    page.until(lambda frame: frame["commanded"] == list(STILL), "zero velocity")
    drives(page)
    page.say(kind="stop", request="stop")
    page.until(lambda frame: frame["mode"] == "stopped" and frame["estop"]["pressed"], "the stop")
    assert page.frame["held"] == list(STILL)  # though the page still holds it
    triggers = {reason["trigger"] for reason in page.frame["reasons"]}
    assert {"operator_stop", "estop_settle"} <= triggers
    wait_for(lambda: page.heard("STOP by page"), "who stopped it")
    page.hold = STILL
    page.to("damped")
    assert not page.frame["estop"]["pressed"]
    page.say(kind="stop", request="damp")
    page.until(lambda frame: frame["mode"] == "stopped" and frame["motors"] == "damp", "damping")
    assert stack.mode() is Mode.STOPPED


@pytest.mark.parametrize("how", ["closed", "asleep"])
def test_a_page_that_is_gone_is_zero_velocity_and_silence_that_stops(shared, pages, how):
    stack, console = shared
    page = pages(console)
    drives(page)
    if how == "closed":
        page.close()
    else:  # connected, and it answers nothing
        page.answers = False
    wait_for(lambda: stack.view().status.record.velocity == STILL, "zero velocity")
    wait_for(lambda: "console is silent" in stack.view().status.record.estop_reasons, "silence")
    wait_for(lambda: stack.mode() is Mode.STOPPED, f"the stop: {stack.said}")
    again = pages(console)
    again.say(kind="take")
    again.to("damped")


@pytest.mark.slow
def test_whatever_becomes_of_the_console_the_robot_is_stopped_by_its_silence(beside, pages):
    stack, first = beside(*PRETEND)
    drives(pages(first))
    first.process.terminate()
    assert first.process.wait(60.0) == 0
    wait_for(lambda: "console is silent" in stack.view().status.record.estop_reasons, "silence")
    wait_for(lambda: stack.mode() is Mode.STOPPED, f"the stop: {stack.said}")
    assert not (stack.folder / "target.channel").exists()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        console = Console(stack.root)
        try:
            page = pages(console)
            drives(page)
            console.process.send_signal(number)
            wait_for(lambda: "console is silent" in stack.view().status.record.estop_reasons, "silence")
            wait_for(lambda: stack.mode() is Mode.STOPPED, f"the stop: {stack.said}")
            assert stack.view().status.record.velocity == STILL
        finally:
            console.close()


def test_a_run_that_does_not_wait_for_the_page_is_stopped_by_it_and_not_by_its_silence(beside, pages):
    stack, console = beside("--driver", "pretend")
    page = pages(console)
    page.to("standing")
    assert not page.frame["estop"]["waited_for"]
    page.close()
    wait_for(lambda: stack.view().status.record.velocity_age_s > 1.0, "silence")
    assert "console" not in stack.view().status.record.estop_reasons
    page = pages(console)
    page.until(lambda frame: frame["taken"] == frame["you"], "the controls")
    page.say(kind="stop", request="stop")
    wait_for(lambda: stack.mode() is Mode.STOPPED, f"the stop: {stack.said}")
    assert "a stop by 'console'" in stack.view().status.record.estop_reasons
    page.to("damped")
    assert stack.view().status.record.estop_reasons == ""


def test_one_page_drives_the_others_watch_and_may_stop(shared, pages):
    stack, console = shared
    first, second = pages(console), pages(console)
    wait_for(lambda: first.frame and second.frame and second.frame["pages"] == 2, "both pages")
    first, second = sorted((first, second), key=lambda page: page.frame["taken"] != page.frame["you"])
    drives(first)
    second.hold = (-1.0, 0.0, 0.0)
    second.say(kind="ask", request="sit")
    second.say(kind="record", on=True)
    wait_for(lambda: len(second.said) == 2, "refusals")
    assert set(second.said) == {"this page only watches: take the controls first"}
    second.say(kind="take")
    second.until(lambda frame: frame["taken"] == frame["you"], "the controls")
    second.until(lambda frame: frame["commanded"] == list(STILL), "zero: what it held before does not count")
    second.hold = STILL
    second.until(lambda frame: frame["alive"], "its answers")
    first.say(kind="stop", request="stop")
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the stop of one that watches")
    wait_for(lambda: second.heard(f"STOP by page {first.frame['you']}"), "who stopped it")


def test_who_has_no_token_can_stop_and_nothing_else(shared, pages):
    stack, console = shared
    page = pages(console)
    page.to("standing")
    with open_socket(console.port) as stranger:
        stranger.send(json.dumps({"kind": "hello", "token": console.token[:-1]}))
        with pytest.raises(ConnectionClosed):
            stranger.recv()
        assert stranger.close_code == 1008
    with open_socket(console.port) as stranger:
        stranger.send(json.dumps({"kind": "ask", "request": "sit"}))
        with pytest.raises(ConnectionClosed):
            stranger.recv()
    page.to("standing")
    with open_socket(console.port) as stranger:
        stranger.send(json.dumps({"kind": "stop", "request": "stop"}))
        assert json.loads(stranger.recv())["text"] == "STOP was sent"
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the stop")
    wait_for(lambda: page.heard("STOP by a page without the token"), "who stopped it")


def test_pages_from_elsewhere_are_turned_away(shared):
    _, console = shared
    for origin in ("http://evil.org", f"https://127.0.0.1:{console.port}", f"http://localhost:{console.port}", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(console.port, origin=origin)
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(console.port, additional_headers={"Origin": "http://evil.org"})
    assert fetch(console, "/", Host=f"evil.org:{console.port}")[0] == 403
    assert fetch(console, "/", Host=f"localhost:{console.port}")[0] == 200


def fetch(console, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=60.0)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_files_come_with_a_policy_that_loads_nothing_from_elsewhere(shared):
    _, console = shared
    status, headers, body = fetch(console, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert b"console.js" in body
    assert fetch(console, "/three-0.183.0/three.core.min.js")[0] == 200
    for path in ("/../server.py", "/static/index.html", "/index.html/", "//", "/%2e%2e/server.py", "/console.js/.."):
        assert fetch(console, path)[0] == 404


def test_hostile_messages_change_nothing(shared, pages):
    stack, console = shared
    page = pages(console)
    page.to("standing")
    hostile = [
        "",
        "{",
        "[" * 1000,
        "null",
        '{"kind": "beat", "answer": "x", "hold": [NaN, 0, 0]}',
        '{"kind": "beat", "answer": "x", "hold": [1e308, 0, 0]}',
        '{"kind": "ask", "request": "zero_torque"}',
        '{"kind": "ask", "request": {"arm": 1}}',
    ]
    for text in hostile:
        page.socket.send(text)
    wait_for(lambda: sum(text.startswith("not understood: ") for text in page.said) == len(hostile), "complaints")
    guess = json.dumps({"kind": "beat", "answer": "0" * 16, "hold": [1, 0, 0]})
    for _ in range(100):
        page.socket.send(guess)
    page.until(lambda frame: frame["alive"], "still there")
    assert page.frame["held"] == list(STILL)
    page.to("standing")
    page.socket.send("x" * 5000)  # ends this connection, and with it the page's part in the e-stop
    wait_for(lambda: page.closed, "the end of it")
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the stop")


def test_too_many_pages_are_turned_away(shared, pages):
    _, console = shared
    opened = [pages(console) for _ in range(8)]
    wait_for(lambda: all(page.frame and page.frame["pages"] == 8 for page in opened), "eight pages")
    with open_socket(console.port) as ninth:
        ninth.send(json.dumps({"kind": "hello", "token": console.token}))
        with pytest.raises(ConnectionClosed):
            ninth.recv()
        assert (ninth.close_code, ninth.close_reason) == (1013, "too many pages are open")


@pytest.mark.slow
def test_the_console_outlives_the_run_and_is_in_nobodys_way(beside, pages):
    stack, console = beside(*PRETEND)
    page = pages(console)
    page.to("standing")
    stack.process.terminate()
    assert stack.ended() == 0
    page.until(lambda frame: not frame["running"] and "nowhere" in frame["way"], "the end of the run")
    wait_for(lambda: not (stack.root / "run").exists(), "nothing to be left behind")
    second = Stack(stack.root, *PRETEND)
    try:
        page.until(lambda frame: frame["running"], f"the next run: {second.said}")
        page.to("standing")
    finally:
        second.close()


def test_a_second_console_would_hide_the_silence_of_the_first(shared, capsys):
    stack, _ = shared
    assert main(["console", "--robot", "go2", "--run-dir", str(stack.root / "run"), "--port", "0"]) == 2
    assert "a console of go2 is running already" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(shared, capsys, tmp_path):
    _, console = shared
    assert main(["console", "--robot", "go2", "--run-dir", str(tmp_path), "--port", str(console.port)]) == 2
    assert "choose another --port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "say so with --remote"),
        (["--host", "192.168.0.10"], "ssh -L"),
        (["--remote"], "with --host"),
        (["--port", "70000"], "within 0 to 65535"),
        (["--speed", "nan"], "must be numbers"),
        (["--turn", "-1"], "must be numbers"),
        (["--recordings", "nowhere"], "no such folder"),
        (["--token-file", "nowhere"], "cannot be read"),
        (["--robot", "cow"], "unknown"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_listens(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["console", "--robot", "go2", "--run-dir", str(tmp_path), "--port", "0", *words]) == 2
    assert told in capsys.readouterr().err


def test_without_a_robot_it_says_what_to_do(capsys, tmp_path):
    assert main(["console", "--run-dir", str(tmp_path / "none")]) == 2
    assert "surefoot up --sim" in capsys.readouterr().err


def test_a_token_of_ones_own_must_be_ones_own(capsys, tmp_path):
    file = tmp_path / "token"
    file.write_text("a token that is long\n")
    words = ["console", "--robot", "go2", "--run-dir", str(tmp_path), "--token-file", str(file)]
    assert main(words) == 2
    assert "chmod 600" in capsys.readouterr().err
    file.chmod(0o600)
    assert main(words) == 2
    assert "without spaces" in capsys.readouterr().err
    file.write_text("0123456789abcdef\n")
    console = Console(tmp_path, "--token-file", str(file), "--remote", "--host", "0.0.0.0")
    try:
        assert console.url == f"http://127.0.0.1:{console.port}/#token=0123456789abcdef"
    finally:
        console.close()


def test_where_nothing_goes_over_ros_nothing_is_recorded_and_it_says_why(shared, pages):
    page = pages(shared[1])
    page.until(lambda frame: frame["taken"] == frame["you"], "the controls")
    assert page.frame["recording"]["why_not"]
    page.say(kind="record", on=True)
    wait_for(lambda: page.heard(f"not recording: {page.frame['recording']['why_not']}"), "the reason")
