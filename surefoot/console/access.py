"""Who may talk to the console: from where, by which name, with what. Pure.

A web page from anywhere can open a WebSocket to a server on this machine, and browsers let it: they only say in
`Origin` where it came from. A name of the attacker's that suddenly points to this machine (DNS rebinding) makes that
origin look like ours, but then the name is in `Host`. So both are looked at, and whatever does more than stop needs the
token.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Collection

from surefoot_robots.errors import SurefootError

LEAST_TOKEN = 16
"""Characters of a token of one's own: 96 bits if they are drawn at random from 64."""
MOST_TOKEN = 128
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
"""RFC 9110, 7.2; an IPv6 address stands in brackets."""


def new_token() -> str:
    """One that cannot be guessed: 192 bits."""
    return secrets.token_urlsafe(24)


def check_token(token: str) -> str:
    """A token of one's own, if it will do."""
    if not (LEAST_TOKEN <= len(token) <= MOST_TOKEN and token.isascii() and token.isprintable() and " " not in token):
        raise SurefootError(
            f"the token is of no use: must be {LEAST_TOKEN} to {MOST_TOKEN} letters and digits without spaces",
            hint="python -c 'import secrets; print(secrets.token_urlsafe(24))' makes a good one",
        )
    return token


def is_token(found: str, token: str) -> bool:
    """Compared in a time that does not depend on where they differ."""
    return secrets.compare_digest(found.encode("utf-8", "replace"), token.encode())


def is_loopback(address: str) -> bool:
    """Whether an address to listen at is this machine's own."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def host_fault(host: str | None, names: Collection[str]) -> str:
    """What is wrong with the name that somebody came by; empty if nothing. Addresses cannot be rebound.

    The port may be another one than the server's: that of a tunnel.
    """
    found = HOST.fullmatch((host or "").lower())
    if found is None:
        return "does not say by which name it comes"
    name = found["name"].strip("[]")
    if name in {"localhost", *names} or _is_address(name):
        return ""
    return f"is not called {name!r} here: use its address, or name it with --name"


def origin_fault(origin: str | None, host: str | None) -> str:
    """What is wrong with where a WebSocket comes from; empty if it is a page of ours."""
    if origin is None:
        return "does not say where it comes from"
    return "" if origin == f"http://{host}" else "comes from another page"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
