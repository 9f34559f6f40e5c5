"""Learning to walk: one file per algorithm, and what algorithms have in common."""
