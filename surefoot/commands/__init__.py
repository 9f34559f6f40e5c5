"""Subcommands of `surefoot`, one module each; see `surefoot.cli` for the table."""
