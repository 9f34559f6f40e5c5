"""Recordings as the recorder makes them, written by an independent library."""

from joint_logs import IMU, JOINT_STATE
from mcap_ros2.writer import Writer

VECTORS = "geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular"
VECTOR = "=" * 80 + "\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z"
HEADER = JOINT_STATE[JOINT_STATE.index("=" * 80) :]
TWIST = f"{VECTORS}\n{VECTOR}"
STAMPED = f"std_msgs/Header header\ngeometry_msgs/Twist twist\n{'=' * 80}\nMSG: geometry_msgs/Twist\n{TWIST}\n{HEADER}"
TEXT = "string data"
DIAGNOSTICS = f"""std_msgs/Header header
diagnostic_msgs/DiagnosticStatus[] status
{"=" * 80}
MSG: diagnostic_msgs/DiagnosticStatus
byte level
string name
string message
string hardware_id
diagnostic_msgs/KeyValue[] values
{"=" * 80}
MSG: diagnostic_msgs/KeyValue
string key
string value
{HEADER}"""
SCHEMAS = {
    "/joint_states": ("sensor_msgs/msg/JointState", JOINT_STATE),
    "/imu/data": ("sensor_msgs/msg/Imu", IMU),
    "/surefoot/joint_target": ("sensor_msgs/msg/JointState", JOINT_STATE),
    "/cmd_vel": ("geometry_msgs/msg/Twist", TWIST),
    "/surefoot/velocity_estimate": ("geometry_msgs/msg/TwistStamped", STAMPED),
    "/surefoot/mode": ("std_msgs/msg/String", TEXT),
    "/surefoot/status": ("diagnostic_msgs/msg/DiagnosticArray", DIAGNOSTICS),
}


def velocity(x, y, yaw):
    return {"linear": {"x": x, "y": y, "z": 0.0}, "angular": {"x": 0.0, "y": 0.0, "z": yaw}}


def write_recording(path, messages, topics=SCHEMAS):
    """Of `messages`, topic, time of arrival and content each, those of `topics`."""
    with path.open("wb") as out:
        writer = Writer(out)
        schemas = {topic: writer.register_msgdef(*SCHEMAS[topic]) for topic in topics}
        for topic, time_ns, message in sorted(messages, key=lambda entry: entry[1]):
            if topic in topics:
                writer.write_message(topic, schemas[topic], message, log_time=time_ns, publish_time=time_ns)
        writer.finish()
    return path
