"""The flush between committing tests keeps what the migrations made, and nothing else."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("run", ["first", "second"])
def test_each_test_meets_the_migrated_state(run):
    assert not Group.objects.filter(name__startswith="left by").exists()
    assert Permission.objects.filter(codename="change_user").exists()
    assert ContentType.objects.filter(app_label="auth").exists()
    Group.objects.create(name=f"left by the {run}")
    Permission.objects.filter(codename="change_user").delete()
