"""The walking task: terrain, commands, observations, rewards, terminations, curriculum, randomization."""
