"""The operator's console: a local web page beside a running robot, and the process that serves it."""
