"""Files that are whole or not there, as runs write them."""

from surefoot_robots.whole_file import write_text, write_whole

__all__ = ["write_text", "write_whole"]
