"""The OpenAPI document and its page."""

import json
import re

import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from lmis.api import documents
from tests.unit.lmis.api import views

HOSTS = re.compile(r"""(?:https?:)?//[^\s"'/]+\.[^\s"'/]+""")


@pytest.fixture
def schema():
    """Of the test views."""
    return SchemaGenerator(patterns=views.urlpatterns[:1]).get_schema(request=None, public=True)


@pytest.fixture
def project(settings):
    """The project's own URLs."""
    settings.ROOT_URLCONF = "lmis.urls"
    for cached in (documents._document, documents.openapi_yaml, documents._json):
        cached.cache_clear()
    return Client()


def test_it_is_openapi_3_1(schema):
    validate_schema(schema)
    assert schema["openapi"].startswith("3.1")


def test_security_as_the_view_wants_it(schema):
    paths = schema["paths"]
    assert paths["/api/plain"]["get"]["security"] == [{"basic": []}]
    assert paths["/api/patient"]["get"]["security"] == [{"basic": [], "patientToken": []}, {"bearer": []}]
    assert paths["/api/dir/patient"]["get"]["security"] == [{"basic": [], "patientToken": []}]
    schemes = schema["components"]["securitySchemes"]
    assert {name: scheme.get("scheme", scheme["type"]) for name, scheme in schemes.items()} == {
        "basic": "basic",
        "bearer": "bearer",
        "patientToken": "apiKey",
    }


def test_a_path_is_there_once_and_a_guid_is_one(schema):
    assert "/api/things/{guid}" in schema["paths"]
    assert not [path for path in schema["paths"] if path.endswith("/")]
    (parameter,) = [p for p in schema["paths"]["/api/things/{guid}"]["get"]["parameters"] if p["in"] == "path"]
    assert parameter["schema"] == {"type": "string", "format": "uuid"}


def codes(schema, path, method):
    responses = schema["paths"][path][method]["responses"]
    return {
        (status, code)
        for status, response in responses.items()
        if status >= "400"
        for code in response["content"]["application/json"]["examples"]
    }


def test_errors_with_an_example_for_each_code(schema):
    found = codes(schema, "/api/shaped", "post")
    assert {("400", "malformed_json"), ("400", "validation_error"), ("422", "idempotency_key_reused")} <= found
    assert {("401", "unauthorized"), ("500", "internal_error"), ("503", "unavailable")} <= found
    examples = schema["paths"]["/api/shaped"]["post"]["responses"]["400"]["content"]["application/json"]["examples"]
    value = examples["validation_error"]["value"]
    assert (value["code"], value["message_code"], value["message"]) == (
        400,
        "validation_error",
        "The request has errors.",
    )
    assert value["errors"][0]["field"]


def test_errors_that_cannot_happen_are_not_promised(schema):
    plain = codes(schema, "/api/plain", "get")
    assert not {("403", "scope_required"), ("401", "token_invalid"), ("422", "idempotency_key_reused")} & plain
    assert {("403", "scope_required"), ("401", "token_expired")} <= codes(schema, "/api/patient", "get")


def test_headers(schema):
    def headers(path, method):
        return {p["name"] for p in schema["paths"][path][method]["parameters"] if p["in"] == "header"}

    assert headers("/api/plain", "get") == {"Accept-Language", "X-Request-Id"}
    assert headers("/api/shaped", "post") == {"Accept-Language", "X-Request-Id", "Idempotency-Key"}


def test_an_undeclared_code_is_noticed(monkeypatch):
    monkeypatch.setattr(views.Shaped.post, "error_codes", ("no_such_code",))
    with pytest.raises(KeyError, match="no_such_code"):
        SchemaGenerator(patterns=views.urlpatterns[:1]).get_schema(request=None, public=True)


def contents(document):
    """All bodies of the document: path, method, where, media type object."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for place, body in bodies.items():
                for content in body.get("content", {}).values():
                    yield path, method, place, content


class TestPages:
    def test_the_document_in_both_forms_is_the_same(self, project):
        as_json, as_yaml = project.get("/api/schema.json"), project.get("/api/schema")
        assert as_json.json() == yaml.safe_load(as_yaml.content)
        assert (as_json["Content-Type"], as_yaml["Content-Type"]) == ("application/json", "application/yaml")
        validate_schema(as_json.json())
        assert "/api/lpu" in as_json.json()["paths"]

    def test_it_does_not_change_with_the_readers_language(self, project):
        first = project.get("/api/schema", HTTP_ACCEPT_LANGUAGE="ru").content
        for cached in (documents._document, documents.openapi_yaml):
            cached.cache_clear()
        assert project.get("/api/schema", HTTP_ACCEPT_LANGUAGE="en").content == first

    def test_every_example_is_what_the_document_says(self, project):
        document = project.get("/api/schema.json").json()
        wrong, seen = [], 0
        for path, method, place, content in contents(document):
            shape = {**content["schema"], "components": document["components"]}
            for name, example in content.get("examples", {}).items():
                seen += 1
                errors = Draft202012Validator(shape).iter_errors(example["value"])
                wrong += [(path, method, place, name, list(error.absolute_path)) for error in errors]
        assert wrong == []
        assert seen > 100

    def test_what_a_method_takes_and_tells_besides(self, project):
        document = project.get("/api/schema.json").json()
        for path in ("/api/appointments/{guid}", "/api/dir/appointments/{guid}"):
            body = document["paths"][path]["delete"]["requestBody"]
            assert (body["required"], list(body["content"])) == (False, ["application/json"])
            assert "Idempotency-Replayed" in document["paths"][path]["delete"]["responses"]["200"]["headers"]
        for path in ("/api/appointments", "/api/dir/appointments"):
            assert {"Location", "Idempotency-Replayed"} == set(
                document["paths"][path]["post"]["responses"]["201"]["headers"]
            )

    def test_it_is_made_without_a_warning(self, project, capsys):
        GENERATOR_STATS.reset()  # it says each thing once a process
        project.get("/api/schema.json")
        assert capsys.readouterr().err == ""

    def test_the_page_asks_no_outside_host(self, project):
        page = project.get("/api/docs").content.decode()
        assert "swagger-ui" in page
        assert HOSTS.findall(page) == []
        assert '"validatorUrl": null' in page
        sources = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(sources) >= 3
        for source in sources:
            assert source.startswith("/")
            assert project.get(source).status_code == 200

    def test_its_style_and_scripts_name_no_outside_host_to_load_from(self, project):
        page = project.get("/api/docs").content.decode()
        (style,) = re.findall(r'href="([^"]+\.css)"', page)
        content = b"".join(project.get(style)).decode()
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)|@import", content) == []

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
    def test_another_method_is_told_which_are_allowed(self, project, method):
        for path in ("/api/schema", "/api/schema.json", "/api/docs"):
            response = project.generic(method, path)
            assert (response.status_code, response.json()["message_code"]) == (405, "method_not_allowed")
            assert response["Allow"] == "GET, HEAD", path

    def test_nobody_needs_to_log_in(self, project):
        for path in ("/api/schema", "/api/schema.json", "/api/docs", "/api/docs/"):
            assert project.get(path).status_code == 200

    def test_it_is_made_once(self, project):
        assert project.get("/api/schema.json").content == project.get("/api/schema.json").content
        assert documents._document.cache_info().misses == 1
        assert json.loads(documents._json())["info"]["title"]
