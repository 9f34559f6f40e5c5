"""Measurements: what simulation costs, and how far its settings are from the truth."""
