"""What `surefoot demo` shows: the whole story, by the commands and processes that anybody would use."""
