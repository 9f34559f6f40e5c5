"""What every test relies on: one thread per process, no window, and property tests that CI repeats exactly."""

import os

# Before numpy and torch are imported: pytest-xdist already runs one process per core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"

from hypothesis import settings

settings.register_profile(
    "surefoot",
    deadline=None,  # machines that run tests are busy; speed is measured in tests/bench
    derandomize="CI" in os.environ,
    print_blob=True,
)
settings.load_profile("surefoot")
