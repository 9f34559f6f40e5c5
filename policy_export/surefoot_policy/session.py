"""An onnxruntime session for a control loop: one thread, nothing that spins, nothing on the terminal."""

from __future__ import annotations

import onnxruntime

from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError

SILENT = 4  # fatal only: what is wrong comes as an exception


def open_session(data: bytes) -> onnxruntime.InferenceSession:
    """From bytes, never from a path: there is no folder then from which more could be loaded."""
    options = onnxruntime.SessionOptions()
    # Networks of this size run fastest on one thread; more would take the supervisor's cores, and spinning threads
    # burn theirs between ticks.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = SILENT
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        session.disable_fallback()  # which would print, and run again somewhere else
    except Exception as error:  # onnxruntime has a class per status code, and no common one but Exception
        raise PolicyError(
            "graph", found=f"what onnxruntime cannot run: {first_line(error)}", expected="a graph it can", hint=HINT
        ) from error
    return session


def first_line(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
