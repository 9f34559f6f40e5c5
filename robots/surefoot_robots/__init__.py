"""Robots: what they are (one YAML each), how their legs move, and their models for simulators and ROS tools."""
