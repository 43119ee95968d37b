"""Processes that a test starts meet the test's own database and broker."""

import subprocess
import sys

import pytest
from django.contrib.auth.models import Group

ASK = """
import django, redis
django.setup()
from django.conf import settings
from django.contrib.auth.models import Group
redis.Redis.from_url(settings.REDIS_URL).set("asked", "yes", ex=60)
print(Group.objects.get(name="seen from outside").pk)
"""


@pytest.mark.django_db(transaction=True)
def test_process_sees_the_rows_of_the_test(private_env):
    group = Group.objects.create(name="seen from outside")
    done = subprocess.run([sys.executable, "-c", ASK], env=private_env, capture_output=True, text=True)
    assert done.stdout.split() == [str(group.pk)], done.stderr
