"""What `surefoot status --sensors` has looked at: a robot that lies still, any field of whose sample can be bent."""

from dataclasses import replace

from surefoot.sensing import Sensed
from surefoot_safety.channel.records import NO_FEET, NOTHING, StateRecord

LYING = (0.0, 1.36, -2.65) * 4
STATE = StateRecord(
    robot_hash="",
    sequence=7,
    stamp_s=1.0,
    joint_position_rad=LYING,
    joint_velocity_radps=NOTHING,
    joint_torque_nm=NOTHING,
    orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
    angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
    acceleration_in_base_mps2=(0.0, 0.0, 9.81),
    reported=0,
    foot_contact=NO_FEET,
    base_height_m=0.0,
    motor_temperature_c=NOTHING,
    motor_current_a=NOTHING,
    battery_voltage_v=0.0,
    faults="",
)


def sensed(rate_hz=500.0, command=None, link_note="", moved_rad=None, **bent):
    return Sensed(replace(STATE, **bent), 0.002, rate_hz, command, link_note, moved_rad)
