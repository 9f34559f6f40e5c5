"""Runs: what is around the learning, from configuration and overrides to checkpoints, logs and several processes."""
