"""An onnxruntime session for a control loop: one thread, nothing that spins, nothing on the terminal."""

from __future__ import annotations

from functools import cache

import onnxruntime

from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError, said

MOST_MEMORY_BYTES = 1 << 30
"""Of all sessions of a process together: ten times the largest file. Small files can ask for any amount
(ConstantOfShape), which Linux would promise them."""

SILENT = 4  # fatal only: what is wrong comes as an exception


def open_session(data: bytes) -> onnxruntime.InferenceSession:
    """From bytes, never from a path: there is no folder then from which more could be loaded."""
    _limit_memory()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Networks of this size run fastest on one thread; more would take the supervisor's cores, and spinning threads
    # burn theirs between ticks.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = SILENT
    # onnxruntime guesses otherwise, and takes bytes with ORTM in places 4 to 7 for a format of its own: of ONNX that
    # begins like this, with another graph in that format further on, one would be judged and the other run.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        # Without the fallback, which would print, and try the same again.
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=False)
    except Exception as error:  # onnxruntime has a class per status code, and no common one but Exception
        raise PolicyError(
            "graph", found=f"what onnxruntime cannot run: {said(error)}", expected="a graph it can", hint=HINT
        ) from error
    return session


@cache
def _limit_memory() -> None:
    """Once per process: an allocator that sessions may share, which refuses what is beyond the limit."""
    same_as_requested, by_default = 1, -1
    limits = onnxruntime.OrtArenaCfg(
        {
            "max_mem": MOST_MEMORY_BYTES,
            "arena_extend_strategy": same_as_requested,  # doubling each time would be at the limit too soon
            "initial_chunk_size_bytes": by_default,
            "max_dead_bytes_per_chunk": by_default,
        }
    )
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(place, limits)
