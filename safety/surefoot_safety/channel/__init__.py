"""Latest-value records in shared memory: one writer, many readers, no waiting, no torn reads."""
