"""The fault campaign: everything that can go wrong, in everything the robot may be doing, against real processes."""
