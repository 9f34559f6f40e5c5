"""Trained policies examined: a fixed protocol with numbers, charts and films."""
