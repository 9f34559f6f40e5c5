import io

from surefoot.progress import PlainProgress, progress, progress_bar


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_plain_progress_speaks_every_ten_seconds_and_at_the_end():
    clock, stream = Clock(), io.StringIO()
    bar = PlainProgress(100, "simulate", clock_s=clock, stream=stream)
    for _ in range(100):
        clock.now_s += 0.25
        bar(note="reward 3")
    bar.finish()
    assert stream.getvalue().splitlines() == [
        "simulate: 40 of 100 (40 %), about 15 s left, reward 3",
        "simulate: 80 of 100 (80 %), about 5 s left, reward 3",
        "simulate: 100 done in 25 s",
    ]


def test_plain_progress_without_a_total_tells_the_count_and_the_time():
    clock, stream = Clock(), io.StringIO()
    bar = PlainProgress(None, "record", clock_s=clock, stream=stream)
    clock.now_s = 12.0
    bar(600)
    assert stream.getvalue() == "record: 600, 12 s so far\n"


def test_short_work_says_nothing():
    clock, stream = Clock(), io.StringIO()
    bar = PlainProgress(2, "look", clock_s=clock, stream=stream)
    clock.now_s = 3.0
    bar(2)
    bar.finish()
    assert stream.getvalue() == ""


def test_the_items_come_through_one_by_one(capsys):
    assert list(progress(range(3), "count")) == [0, 1, 2]
    assert list(progress(iter("ab"), "spell", quiet=True)) == ["a", "b"]
    captured = capsys.readouterr()
    assert captured.out == ""


def test_on_a_terminal_a_bar_is_drawn_on_stderr(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar(4, "simulate [flat]") as advance:
        advance(4, note="reward [3]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "simulate [flat]" in captured.err
    assert "4/4" in captured.err


def test_quiet_is_silent_even_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar(4, "simulate", quiet=True) as advance:
        advance(4)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
