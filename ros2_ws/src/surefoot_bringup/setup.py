"""For colcon, beside an installed `surefoot`; with pip alone this package comes in the distribution `surefoot[ros]`."""

from pathlib import Path

from setuptools import setup

NAME = "surefoot_bringup"

setup(
    name=NAME,
    version="0.1.0",
    packages=[NAME],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", [str(path) for path in Path("launch").glob("*.launch.py")]),
        (f"share/{NAME}/config", [str(path) for path in Path("config").glob("*.yaml")]),
    ],
    zip_safe=False,
    description="Starts Surefoot's processes and nodes; their configuration",
    license="Apache-2.0",
)
