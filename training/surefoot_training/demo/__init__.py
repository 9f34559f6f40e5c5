"""`make demo`: the most of the project's main job that exists so far, shown in a few minutes."""
