"""What is shipped in the page's folder and is not ours: unchanged, and with its licence."""

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import surefoot
from surefoot.console.server import THREE

STATIC = files("surefoot.console") / "static"


@pytest.mark.parametrize(
    ("name", "digest"),
    [  # of three 0.183.0 in the npm registry
        ("three.core.min.js", "c5f69a04c70de8c95152040c286a3c8a0489603b019dfd61b34c451e3371c4fd"),
        ("three.module.min.js", "e3ec4d5d223c0119f754150a3d9deef16139074ea17b073e93bbce315ad16eda"),
        ("LICENSE", "8b378ebe60e2fe500158cb0ac71cb5e8b7d92953c2abcc63a0eb90499653b5bc"),
    ],
)
def test_three_js_is_as_its_makers_released_it(name, digest):
    assert hashlib.sha256((STATIC / THREE / name).read_bytes()).hexdigest() == digest


def test_its_licence_is_one_of_the_packages():
    root = Path(surefoot.__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    licences = {found for pattern in project["license-files"] for found in root.glob(pattern)}
    assert root / "surefoot/console/static" / THREE / "LICENSE" in licences
    assert "MIT" in project["license"].split()
