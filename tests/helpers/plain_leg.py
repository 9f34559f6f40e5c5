"""A leg whose angles and positions can be worked out by hand."""

from surefoot_safety.leg import Leg

# Thigh joint 0.1 beside the hip, thigh and shank 0.2 long, hip 0.3 ahead of the base.
LEG = Leg(
    hip_in_base_m=(0.3, 0.0, 0.0),
    thigh_in_hip_m=(0.0, 0.1, 0.0),
    calf_in_thigh_m=(0.0, 0.0, -0.2),
    foot_in_calf_m=(0.0, 0.0, -0.2),
    lower_rad=(-1.0, -1.5, -2.7),
    upper_rad=(1.0, 3.0, -0.1),
)
