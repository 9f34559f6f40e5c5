"""Logs of joints as robots write them, MCAP, rosbag2 or CSV, read into one form."""
