import errno

import pytest

from surefoot.failures import describe, report_failure
from surefoot_robots.errors import SurefootError


@pytest.mark.parametrize(
    ("error", "line", "hint", "status"),
    [
        (SurefootError("no robot 'go3'"), "error: no robot 'go3'", None, 2),
        (SurefootError("no robot 'go3'", hint="one of go1, go2"), "error: no robot 'go3'", "one of go1, go2", 2),
        (KeyboardInterrupt(), "interrupted", None, 130),
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            "error: this needs torch, which is not installed",
            "pip install 'surefoot[train]'",
            2,
        ),
        (
            ModuleNotFoundError("No module named 'mujoco.batch'", name="mujoco.batch"),
            "error: this needs mujoco, which is not installed",
            "pip install 'surefoot[train]'",
            2,
        ),
        (
            ModuleNotFoundError("No module named 'surefot'", name="surefot"),  # our own slip is no missing extra
            "internal error: ModuleNotFoundError: No module named 'surefot'",
            "run again with --debug for the traceback",
            1,
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/runs/a.npz"),
            "error: /runs/a.npz: No space left on device",
            "free some space, or choose another place",
            2,
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/etc/go2.urdf"),
            "error: /etc/go2.urdf: Permission denied",
            "check the permissions, or choose another place",
            2,
        ),
        (OSError(errno.EIO, "Input/output error"), "error: Input/output error", None, 2),
        (
            ValueError("shapes differ\n(3,)\n(4,)"),
            "internal error: ValueError: shapes differ",
            "run again with --debug for the traceback",
            1,
        ),
        (
            OSError("no errno, no file"),
            "internal error: OSError: no errno, no file",
            "run again with --debug for the traceback",
            1,
        ),
    ],
)
def test_each_failure_is_one_line_a_way_out_and_a_status(error, line, hint, status, capsys):
    failure = describe(error)
    assert (failure.line, failure.hint, failure.status) == (line, hint, status)
    assert report_failure(error, debug=False) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == line + "\n" + (f"hint: {hint}\n" if hint else "")
