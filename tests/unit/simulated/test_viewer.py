import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.simulated.viewer import show


def test_without_a_display_it_says_so(tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SurefootError, match="there is no display") as caught:
        show(tmp_path)
    assert "surefoot status --watch" in caught.value.hint
