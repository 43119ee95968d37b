"""WSGI entry point; the web processes share their connections through Django's psycopg pool."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from lmis.content_type import ReadableContentType
from lmis.ops import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lmis.settings")
os.environ.setdefault("DATABASE_POOL", "1")
application = serving.FirstRequest(ReadableContentType(get_wsgi_application()))
