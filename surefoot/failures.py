"""From an exception to one readable line, the way out, and an exit status."""

import errno
import os
import sys
from dataclasses import dataclass

from surefoot_robots.errors import SurefootError

INTERNAL_ERROR, WRONG_INPUT, INTERRUPTED, READER_GONE = 1, 2, 130, 141

# What to install when a module is missing: module -> extra of the `surefoot` distribution.
EXTRA_OF_MODULE = {
    "PIL": "train",
    "array_api_compat": "train",
    "av": "train",
    "gymnasium": "train",
    "matplotlib": "train",
    "mujoco": "train",  # also in [sim], but whoever simulates through this command needs the rest as well
    "tensorboard": "train",
    "onnx_ir": "train",
    "onnxscript": "train",
    "torch": "train",
    "scipy": "calibrate",
    "mcap": "ros",
    "rclpy": "ros",
    "websockets": "console",
}

HINT_OF_ERRNO = {
    errno.EACCES: "check the permissions, or choose another place",
    errno.EDQUOT: "free some space, or choose another place",
    errno.EISDIR: "name a file in it",
    errno.ENOENT: "check the path",
    errno.ENOSPC: "free some space, or choose another place",
    errno.EPERM: "check the permissions, or choose another place",
    errno.EROFS: "choose another place",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What the user is told: the line, the way out, the status the command ends with."""

    line: str
    hint: str | None
    status: int


def report_failure(error: BaseException, *, debug: bool) -> int:
    """Print the failure on stderr and return the exit status; with `debug` the traceback comes first."""
    if isinstance(error, BrokenPipeError) and _reader_is_gone():
        _abandon_stdout()
        return READER_GONE
    if isinstance(error, OSError):
        _keep_unwritable_stdout_quiet()
    if debug:
        import traceback

        traceback.print_exception(error)
    failure = describe(error)
    print(failure.line, file=sys.stderr)
    if failure.hint:
        print(f"hint: {failure.hint}", file=sys.stderr)
    return failure.status


def describe(error: BaseException) -> Failure:
    """Say what happened in one line."""
    match error:
        case SurefootError():
            return Failure(f"error: {error.message}", error.hint, WRONG_INPUT)
        case KeyboardInterrupt():
            return Failure("interrupted", None, INTERRUPTED)
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] in EXTRA_OF_MODULE:
            module = name.partition(".")[0]
            line = f"error: this needs {module}, which is not installed"
            return Failure(line, f"pip install 'surefoot[{EXTRA_OF_MODULE[module]}]'", WRONG_INPUT)
        case OSError(errno=int(number)):
            where = f"{error.filename}: " if error.filename is not None else ""
            return Failure(f"error: {where}{error.strerror}", HINT_OF_ERRNO.get(number), WRONG_INPUT)
        case _:
            line = f"internal error: {type(error).__name__}: {_first_line(str(error))}"
            return Failure(line, "run again with --debug for the traceback", INTERNAL_ERROR)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _reader_is_gone() -> bool:
    """Tell a closed `| head` from a pipe of our own that broke: only the former is no news to the user."""
    import select

    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        poll.register(stream.fileno(), 0)  # errors are always reported
    return bool(poll.poll(0))


def _keep_unwritable_stdout_quiet() -> None:
    """Drop what stdout could not take (a full disk), or the interpreter complains a second time as it leaves."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
