"""A plan of identification, played on a robot through its supervisor, and what was heard of it."""
