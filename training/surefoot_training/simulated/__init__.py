"""One simulated robot in real time, behind the same interface as a real one: motors, sensors, battery, faults."""
