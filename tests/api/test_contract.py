"""The OpenAPI document and the page for readers: both from the views, open to everyone, and in agreement with them."""

import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from issuing_portal.api import reference
from issuing_portal.api.views import ApiView
from issuing_portal.partners.scopes import RESOURCES


def views(patterns=None, prefix: str = "") -> dict[str, type]:
    """Address → class of every API view."""
    found: dict[str, type] = {}
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and isinstance(getattr(pattern.callback, "cls", None), type):
            found[path] = pattern.callback.cls
    return {path: view for path, view in found.items() if path.startswith("v1/")}


def test_the_document_is_openapi_31_and_was_made_without_a_warning():
    GENERATOR_STATS.reset()
    reference.document.cache_clear()
    document = reference.document()
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_the_document_needs_no_key_and_is_remembered(db):
    answer = Client().get("/v1/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == reference.document()
    assert Client().get("/v1/openapi.json", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    refused = Client().post("/v1/openapi.json")
    assert (refused.status_code, refused["Content-Type"], refused["Allow"]) == (405, "application/problem+json", "GET, HEAD")


def test_every_view_is_in_the_document_with_its_methods():
    paths = reference.document()["paths"]
    for address, view in views().items():
        path = "/" + address.replace("<str:", "{").replace("<", "{").replace(">", "}")
        offered = {method for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)}
        assert set(paths[path]) == offered, path


@pytest.mark.parametrize(("address", "view"), views().items(), ids=views())
def test_every_view_has_a_scope_and_says_what_it_takes(address, view):
    assert issubclass(view, ApiView)
    assert view.scope in RESOURCES
    takes = {"post": view.Body, "patch": view.Patch, "put": view.Put or view.Body}
    for method, body in takes.items():
        assert not hasattr(view, method) or body is not None, f"{view.__name__}.{method} has no body; NoBody says that it takes nothing"


def test_operation_ids_are_unique():
    names = [operation["operationId"] for path in reference.document()["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_every_operation_says_what_it_does_and_how_it_refuses():
    for path, methods in reference.document()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"
            refusals = {"401", "403", "422", "429", "503"} | (set() if method == "get" else {"400", "404", "409", "413", "415"})
            assert refusals <= set(operation["responses"]), f"{method} {path}"


def test_the_reference_is_for_everyone_and_runs_no_inline_code(db):
    answer = Client().get("/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    for path in reference.document()["paths"]:
        assert path in page
    assert "<script>" not in page and "style=" not in page and "http://" not in page.replace("http://www.w3.org", "")
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_the_committed_document_is_the_one_that_the_code_makes():
    committed = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
    assert json.loads(committed.read_text()) == json.loads(json.dumps(reference.document())), "run `make schema` and commit docs/openapi.json"
