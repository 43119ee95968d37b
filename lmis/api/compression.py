"""gzip for those who ask (contract §3 E): the full schedule is megabytes of repetition."""

from __future__ import annotations

import gzip
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

WORTH_IT = 1024  # bytes
_LEVEL = 3  # measured on 39,200 slots: twice as fast as 6, an eighth larger
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|x-gzip)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?(?:,|$)", re.IGNORECASE)


def compress(request: HttpRequest, response: HttpResponse) -> None:
    """Compress a long enough body in place; a strong tag becomes weak, since the bytes are others."""
    if len(response.content) < WORTH_IT or response.has_header("Content-Encoding"):
        return
    patch_vary_headers(response, ["Accept-Encoding"])
    if not accepts_gzip(request.META.get("HTTP_ACCEPT_ENCODING", "")):
        return
    response.content = gzip.compress(response.content, _LEVEL, mtime=0)
    response["Content-Encoding"] = "gzip"
    if response.get("ETag", "").startswith('"'):
        response["ETag"] = f"W/{response['ETag']}"


def accepts_gzip(header: str) -> bool:
    """Whether gzip is named in an `Accept-Encoding`, and not with a quality of 0."""
    named = _GZIP.search(header)
    return named is not None and (named[1] or "1").strip("0.") != ""
