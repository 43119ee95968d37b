"""Every promise of the database is kept by a name, and some test breaks it by that name."""

import re
from pathlib import Path

import pytest
from django.apps import apps

TESTS = Path(__file__).resolve().parent.parent
OURS = {"lmis", "patients", "directions", "appointments"}
RAISED = re.compile(r"CONSTRAINT = '(\w+)'")


def declared():
    """Constraints of the models, and those that triggers raise under a name of their own."""
    metas = [model._meta for model in apps.get_models() if model._meta.app_label in OURS]
    triggers = [trigger.func for meta in metas for trigger in getattr(meta, "triggers", ())]
    named = {constraint.name for meta in metas for constraint in meta.constraints}
    return named | {name for func in triggers for name in RAISED.findall(str(func))}


@pytest.fixture(scope="module")
def tested():
    """All words of the other tests."""
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()]
    return set(re.findall(r"\w+", "\n".join(path.read_text() for path in others)))


def test_every_constraint_is_named_by_a_test(tested):
    assert {"slot_never_over_capacity", "epoch_one_row", "slot_numbers_are_its_own"} <= declared()
    untested = sorted(declared() - tested)
    assert untested == [], "\n".join(untested)
