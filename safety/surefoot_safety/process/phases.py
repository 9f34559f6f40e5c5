"""When in a period each loop ticks, after whole periods of the clock: so that nobody just misses another one's work.

A sample goes link → robot node → policy → robot node → supervisor → link. If each ticked wherever its start fell, an
answer would wait for the supervisor for half of its period on average, and for all of it where luck is bad.
"""

from __future__ import annotations

LINK_S = 0.0
"""A sample is in its channel 0.1 ms later; 0.3 ms with the physics of a simulated robot: the supervisor then takes the
one before it."""
SUPERVISOR_S = 0.0002
"""It works for 0.5 ms, so that its command leaves with the link's next tick."""
TELLING_S = 0.0005
"""The robot node publishes the newest sample, and the policy has nearly the whole of the supervisor's period to answer
it."""
BARE_S = 0.0006
"""The bare loop of a bench keeps out of their way."""
