"""Why a policy is not run: which field, what was found, what would be right, and the way out."""

from __future__ import annotations

from surefoot_robots.errors import SurefootError

# Characters: what a hostile file says about itself must not flood a terminal, nor command it.
LONGEST_SHOWN = 120
LONGEST_SAID = 300


class PolicyError(SurefootError):
    """A policy that must not run; the four parts are what `surefoot verify --json` reports."""

    def __init__(self, field: str, *, found: str, expected: str, hint: str) -> None:
        """Keep the parts; the message is one line of the first three."""
        super().__init__(f"{field}: found {found}, expected {expected}", hint=hint)
        self.field, self.found, self.expected = field, found, expected
        self.way_out = hint

    def of(self, file: str) -> PolicyError:
        """The same refusal with the file's name before its field."""
        return PolicyError(f"{file}: {self.field}", found=self.found, expected=self.expected, hint=self.way_out)


def shown(value: object) -> str:
    """A value from a file as a message shows it: escaped, on one line, not longer than a line."""
    text = repr(value)
    # repr leaves printable non-ASCII as it is, and with it letters that look like others: joint names are ASCII.
    text = text.encode("ascii", "backslashreplace").decode("ascii")
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def said(error: Exception) -> str:
    """What a library says about a file, on one line; it may quote the file."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(letter if letter.isascii() and letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return cut(text)


def cut(text: str, longest: int = LONGEST_SAID) -> str:
    """Not longer than a few lines."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
