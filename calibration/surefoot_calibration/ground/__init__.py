"""Calibration on the ground: the trunk's mass, centre of mass and inertia, and the friction of the feet."""
