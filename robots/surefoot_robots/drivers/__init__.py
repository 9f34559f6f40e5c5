"""Drivers: what stands between the link and a robot's motors and sensors, simulated or real."""
