"""`ros2 launch surefoot_bringup robot.launch.py policy:=go2-velocity-flat`: what `surefoot up --ros` starts."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration

from surefoot_bringup.words import ARGUMENTS, END_S, up_words


def generate_launch_description() -> LaunchDescription:
    """The arguments, then one process: it starts the others, and ends them when it is asked to."""
    declared = [DeclareLaunchArgument(one.name, default_value=one.default, description=one.what) for one in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=_up)])


def _up(context: LaunchContext) -> list[ExecuteProcess]:
    given = {one.name: LaunchConfiguration(one.name).perform(context) for one in ARGUMENTS}
    found = Path(get_package_share_directory("surefoot_bringup")) / "config" / f"{given['robot']}.yaml"
    return [
        ExecuteProcess(
            cmd=up_words(given, str(found) if found.is_file() else ""),
            output="screen",
            sigterm_timeout=str(END_S),
            sigkill_timeout=str(END_S),
            on_exit=Shutdown(),
        )
    ]
