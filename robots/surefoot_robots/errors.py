"""The error that a user can do something about."""


class SurefootError(Exception):
    """An expected failure: wrong input, a missing file, a limit that was passed.

    The command line prints it as one readable line and the hint below it, without a traceback. Say what is wrong, the
    value, the limit and what is valid: `robot 'go3' is unknown: one of a1, go1, go2`.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the message, which is one line, and the way out, if there is one to name."""
        super().__init__(message)
        self.message = message
        self.hint = hint
