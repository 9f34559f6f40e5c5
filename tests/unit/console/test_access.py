import pytest

from surefoot.console.access import check_token, host_fault, is_loopback, is_token, new_token, origin_fault
from surefoot_robots.errors import SurefootError


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.4.5", "::1", "localhost"])
def test_this_machine(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.7", "::", "", "robot.local", "127.0.0.1.evil.org"])
def test_elsewhere(address):
    assert not is_loopback(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8873",
        "127.0.0.1",
        "localhost:9000",
        "LOCALHOST:8873",
        "[::1]:8873",
        "10.0.0.7:8873",
        "Robot.local:8873",
    ],
)
def test_names_that_it_goes_by(host):
    assert host_fault(host, ["robot.local"]) == ""


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.org:8873",  # points to this machine: DNS rebinding
        "127.0.0.1.evil.org:8873",
        "robot.local.:8873",
        "localhost:8873x",
        "localhost:",
        "localhost:٨٨٧٣",
        "localhost:" + "8" * 400,
        "user@localhost:8873",
        "[::1",
    ],
)
def test_names_that_it_does_not(host):
    assert host_fault(host, ["robot.local"])


def test_a_page_of_ours_comes_from_where_it_goes_to():
    assert origin_fault("http://127.0.0.1:8873", "127.0.0.1:8873") == ""


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.org", "http://127.0.0.1:8000", "https://127.0.0.1:8873", "http://localhost:8873"],
)
def test_other_pages_do_not(origin):
    assert origin_fault(origin, "127.0.0.1:8873")


def test_tokens():
    token = new_token()
    assert len(token) == 32
    assert token != new_token()
    assert check_token(token) == token
    assert is_token(token, token)
    for wrong in ("", token[:-1], token + "x", "é" * 32, "\ud800"):
        assert not is_token(wrong, token)


@pytest.mark.parametrize("token", ["", "short", "with spaces in it, which URLs", "é" * 20, "x" * 129, "tab\t" * 8])
def test_tokens_that_will_not_do(token):
    with pytest.raises(SurefootError, match="16 to 128"):
        check_token(token)
