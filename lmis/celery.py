"""The Celery application; the schedule of beat stands beside the tasks of each app."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lmis.settings")
app = Celery("lmis")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
