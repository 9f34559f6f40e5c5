"""The robot hanging in air with its trunk held: its joints alone, simulated, moved and identified."""
