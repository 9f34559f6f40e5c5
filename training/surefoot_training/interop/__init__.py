"""Doors for other projects' learners: Gymnasium's and rsl_rl's vectorized environments around our tasks."""
