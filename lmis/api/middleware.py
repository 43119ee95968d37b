"""What surrounds the API: request ids, and the gate that lets its requests past all that staff pages need."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import get_resolver, get_urlconf
from django.utils import translation

from lmis.api import addresses, body, compression, errors, request_id, tokens
from lmis.api.languages import language_of
from lmis.api.rendering import CONTENT_TYPE
from lmis.services import access

Handler = Callable[[HttpRequest], HttpResponseBase]
OPS = frozenset({"/healthz", "/readyz", "/metrics"})


def is_api(path: str) -> bool:
    """Whether the envelope is promised for this path."""
    return path.startswith("/api/") or path == "/api"


class RequestIdMiddleware:
    """Outermost: `X-Request-Id` on every response, and an envelope for what a middleware below refused."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the caller's id or a new one; it stands in all log lines in between."""
        chosen = request_id.choose(request.META.get("HTTP_X_REQUEST_ID"))
        request.request_id = chosen  # type: ignore[attr-defined]
        token = request_id.current.set(chosen)
        try:
            response = self.get_response(request)
            if response.status_code >= 400 and is_api(request.path_info):
                response = _enveloped(request, response)
        finally:
            request_id.current.reset(token)
        response[request_id.HEADER] = chosen
        return response


class ApiGateMiddleware:
    """Calls API views itself: sessions, CSRF, messages and the audit of staff are not for machines.

    The probes go the same way, so that one which calls by address is not refused for its `Host`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        addresses.check_settings()
        tokens.check_settings()
        access.check_settings()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or pass on what is no API request."""
        if request.path_info in OPS:
            return _finish(request, call_view(request))
        if not is_api(request.path_info):
            return self.get_response(request)
        with translation.override(language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))):
            return _finish(request, _answer(request))


def call_view(request: HttpRequest) -> HttpResponseBase:
    """Resolve the URL and call its view, as Django's innermost handler does."""
    match = get_resolver(get_urlconf()).resolve(request.path_info)
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


def _answer(request: HttpRequest) -> HttpResponseBase:
    """The view's response; an unknown URL and any other error as an envelope."""
    try:
        request.get_host()  # refuses a Host that is not ours
        body.limit(request)
        return call_view(request)
    except Exception as error:
        return errors.response_to(error)


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The headers that the bypassed middlewares would have set."""
    response.headers.setdefault("X-Frame-Options", "DENY")
    if not response.has_header("ETag"):
        response.headers.setdefault("Cache-Control", "no-store")
    if isinstance(response, HttpResponse) and response.status_code not in (204, 304):
        compression.compress(request, response)
        response["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":
            response.content = b""
    return response


def _enveloped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.get("Content-Type", "").startswith(CONTENT_TYPE):
        return response
    with translation.override(language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))):
        answer = errors.envelope(errors.for_status(response.status_code))
    if response.has_header("Allow"):  # a 405 must say what is allowed
        answer["Allow"] = response["Allow"]
    return answer
