"""For colcon, beside an installed `surefoot`; with pip alone this package comes in the distribution `surefoot[ros]`."""

from pathlib import Path

from setuptools import setup

NAME = "surefoot_description"

setup(
    name=NAME,
    version="0.1.0",
    packages=[NAME],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/urdf", [str(path) for path in Path("urdf").glob("*.urdf")]),
    ],
    zip_safe=False,
    description="URDF of the robots that Surefoot knows, generated from their specs",
    license="Apache-2.0",
)
