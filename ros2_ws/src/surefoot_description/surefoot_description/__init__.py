"""The robots' URDF, generated from their specs."""
