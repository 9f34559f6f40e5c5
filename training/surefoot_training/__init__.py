"""Training in simulation: simulators, tasks, networks and learners."""
