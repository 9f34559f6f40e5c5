"""Records as trials of the fault campaign leave them, made up: what the motors were told, what the supervisor said."""

import numpy as np

from surefoot.faults.watching import Entered, Timeline
from surefoot_robots.loader import load_robot
from surefoot_safety.settings_loader import load_settings
from surefoot_training.simulated.recording import TICK

GO2 = load_robot("go2")
SETTINGS = load_settings("go2")
STAND = np.array(GO2.pose_rad("default"))
KP, KD = 25.0, 0.5
FAULT_S = 10.0


def ticks(seconds=1.0, start_s=FAULT_S - 0.5):
    """A link that holds a standing robot: samples every 2 ms, a command every 5 ms."""
    made = np.zeros(round(1000 * seconds) + 1, dtype=TICK)
    now_ms = np.arange(len(made))
    made["number"] = 1 + now_ms
    made["now_s"] = start_s + 0.001 * now_ms
    made["command_s"] = start_s + 0.005 * (now_ms // 5) - 0.0005
    made["judged_s"] = np.nan
    made["sample_s"] = start_s + 0.002 * (now_ms // 2) - 0.001
    made["up_z"], made["height_m"] = 1.0, 0.3
    made["law"][:, 0], made["law"][:, 3], made["law"][:, 4] = STAND, KP, KD
    made["position_rad"] = made["true_position_rad"] = STAND
    # The law is another one with every command, as a balancing robot's is.
    made["law"][:, 0, 0] += 1e-4 * (now_ms // 5 % 2)
    return made


def line(*modes, triggers=(), latched=(), seen_s=FAULT_S + 0.5):
    """Modes with the times they began."""
    return Timeline(
        modes=[Entered(mode, at_s, 1) for mode, at_s in modes],
        triggers=dict.fromkeys(triggers, FAULT_S + 0.01),
        latched=frozenset(latched),
        seen_s=seen_s,
    )


def damped_from(seconds, made=None, until=1e9):
    """Motors that only brake, from so long after the fault on."""
    made = ticks() if made is None else made
    since_s = made["now_s"] - FAULT_S + 1e-9
    limp = (since_s >= seconds) & (since_s < until)
    made["law"][limp] = 0.0
    made["law"][limp, 4] = 5.0
    return made
