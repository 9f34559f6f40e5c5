"""What a machine needs for each part of the work, looked at one by one. Nothing here changes anything."""
