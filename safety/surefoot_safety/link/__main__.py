"""The link's process: `python -m surefoot_safety.link`. Started by `surefoot up`."""

import sys

from surefoot_safety.link.program import run
from surefoot_safety.process.main import guarded

sys.exit(guarded(lambda: run(sys.argv[1:])))
