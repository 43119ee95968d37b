"""What a browser may load on the staff's pages, and that it keeps none of them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers

_FRAME = "base-uri 'none'; form-action 'self'; object-src 'none'"
STRICT = f"default-src 'self'; {_FRAME}; frame-ancestors 'self'"
# unfold's pages live on Alpine, which evaluates attributes, and on inline styles (measured with 0.91).
UNFOLD = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    f" {_FRAME}; frame-ancestors 'none'"
)
HEADER = "Content-Security-Policy"
CACHEABLE = {"jsi18n"}  # words, the same for everybody


class PolicyMiddleware:
    """Sets both on all that is not the API: the admin's pages get unfold's policy, everything else the strict one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The response of the page with the headers; a policy of its own stays."""
        response = self.get_response(request)
        match = request.resolver_match
        by_unfold = match is not None and match.app_name == "admin"
        response.headers.setdefault(HEADER, UNFOLD if by_unfold else STRICT)
        if match is None or match.url_name not in CACHEABLE:
            add_never_cache_headers(response)
        return response
