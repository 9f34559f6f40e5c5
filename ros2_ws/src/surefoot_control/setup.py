"""For colcon, beside an installed `surefoot`; with pip alone this package comes in the distribution `surefoot[ros]`."""

from setuptools import setup

NAME = "surefoot_control"

setup(
    name=NAME,
    version="0.1.0",
    packages=[NAME],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    zip_safe=False,
    description="Surefoot's nodes: robot, policy, teleop, recorder",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "robot_node = surefoot_control.robot_node:main",
            "policy_node = surefoot_control.policy_node:main",
            "record_node = surefoot_control.record_node:main",
        ]
    },
)
