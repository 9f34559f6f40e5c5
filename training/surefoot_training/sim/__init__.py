"""Simulators behind one protocol: N robots, arrays in, arrays out."""
