"""What keeps a robot within its limits: gate, supervisor, e-stop. NumPy and the standard library, time injected."""
