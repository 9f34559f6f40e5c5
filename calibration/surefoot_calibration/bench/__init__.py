"""What reading and identification cost, and how good they are."""
