"""The OpenAPI document and its page. Nobody needs to log in for them, and no outside host is asked for anything."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.permissions import AllowAny


@require_safe
def schema_yaml(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1 as YAML."""
    return HttpResponse(openapi_yaml(), content_type="application/yaml")


@require_safe
def schema_json(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1 as JSON."""
    return HttpResponse(_json(), content_type="application/json")


class DocsView(SpectacularSwaggerView):
    """Swagger UI, its files from the sidecar."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    http_method_names = ["get", "head"]  # what DRF answers to OPTIONS would be put into a page that there is not
    url_name = "schema-json"


@cache
def _document() -> dict[str, Any]:
    """Made once a process: it does not change, and takes long enough to be a lever for somebody bored."""
    with translation.override("en"):
        generator = SchemaGenerator()  # type: ignore[no-untyped-call]
        return cast(dict[str, Any], generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


@cache
def openapi_yaml() -> bytes:
    """The document as it is committed."""
    return cast(bytes, OpenApiYamlRenderer().render(_document(), renderer_context={}))  # type: ignore[no-untyped-call]


@cache
def _json() -> bytes:
    return OpenApiJsonRenderer().render(_document(), renderer_context={})
