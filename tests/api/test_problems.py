"""Every refusal is a problem (RFC 9457) that names its request; nothing a caller sends is a 500."""

import json

import pytest
from django.db import DataError
from django.test import Client

from issuing_portal.partners import operations, queries

ODD_BODIES = {
    "not json": b"{", "a list": b"[1]", "a text": b'"x"', "null": b"null", "NaN": b'{"name": NaN}', "infinite": b'{"name": 1e999}',
    "doubled name": b'{"name": "a", "name": "b"}', "lone surrogate": b'{"name": "\\ud800"}', "not utf-8": b'{"name": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"name": "a"}', "too deep": b'{"a":' * 30 + b"1" + b"}" * 30, "very deep": b"[" * 100_000,
    "huge number": b'{"name": ' + b"9" * 5000 + b"}",
}


def is_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "code", "request_id"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == answer.headers["Request-Id"]
    return body


def fields(answer) -> dict[str, str]:
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES.keys())
def test_a_malformed_body_is_a_400(acme, body):
    is_problem(acme.post("/v1/api_keys", body), 400, "malformed_json")


def test_no_body_is_an_empty_object(acme):
    refused = acme.post("/v1/api_keys")
    is_problem(refused, 422, "validation_failed")
    assert fields(refused) == {"name": "required", "scopes": "required"}


def test_unknown_fields_are_refused_by_name(acme):
    refused = acme.post("/v1/api_keys", {"name": "a", "scopes": ["cards:read"], "colour": "red", "livemode": True})
    is_problem(refused, 422, "validation_failed")
    assert fields(refused) == {"colour": "unknown_field", "livemode": "unknown_field"}


@pytest.mark.parametrize("query", ["colour=red", "limit=1&limit=2", "limit=0", "limit=101", "limit=x", "cursor=abc", "cursor=", "cursor=%00",
                                   "created_at_gte=yesterday", "created_at_gte=2026-13-01T00:00:00Z", "limit=1%00"])
def test_unknown_doubled_or_wrong_parameters_are_refused(acme, query):
    refused = acme.get(f"/v1/api_keys?{query}")
    is_problem(refused, 422, "validation_failed")
    assert list(fields(refused)) == [query.partition("=")[0]]


@pytest.mark.parametrize("path", ["/v1/api_keys/{key}?limit=1", "/v1/api_keys/{key}?colour=red"])
def test_one_object_takes_no_parameters(acme, path):
    key = acme.get("/v1/api_keys").json()["data"][0]["id"]
    is_problem(acme.get(path.format(key=key)), 422, "validation_failed")


def test_a_post_takes_no_parameters(acme):
    is_problem(acme.post("/v1/api_keys?dry=1", {"name": "a", "scopes": ["cards:read"]}), 422, "validation_failed")


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/api_keys/", "/v1//api_keys", "/v1/api_keys/x/y/z", "/v1/openapi.json/",
                                  "/v1/%00", "/v1/nothing%FF"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_404_problem(acme, path, method):
    assert is_problem(acme.call(method, path), 404, "not_found")


@pytest.mark.parametrize("wrong", ["key_", "x", "key_01h455vb4pex5vsknk084sn02q", "crd_01h455vb4pex5vsknk084sn02q", "KEY_01H455VB4PEX5VSKNK084SN02Q",
                                   "key_81h455vb4pex5vsknk084sn02q", "key_" + "z" * 400, "%F0%9F%92%B3", "'; DROP TABLE"])
def test_what_is_no_id_is_not_there(acme, wrong):
    is_problem(acme.get(f"/v1/api_keys/{wrong}"), 404, "not_found")


def test_another_method_is_a_405_that_lists_the_offered_ones(acme):
    refused = acme.call("DELETE", "/v1/api_keys")
    is_problem(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "PUT"])
def test_odd_methods_are_405(acme, method):
    is_problem(acme.call(method, "/v1/api_keys"), 405, "method_not_allowed")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x"])
def test_another_media_type_is_a_415(acme, kind):
    is_problem(acme.call("POST", "/v1/api_keys", b"name=a", headers={"Content-Type": kind}), 415, "unsupported_media_type")


def test_json_with_a_charset_is_json(acme):
    sent = acme.call("POST", "/v1/api_keys", {"name": "a", "scopes": ["cards:read"]}, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert sent.status_code == 201


def test_a_large_body_is_a_413(acme):
    is_problem(acme.post("/v1/api_keys", b'{"name": "' + b"a" * 300_000 + b'"}'), 413, "body_too_large")


def test_head_is_get_without_a_body(acme):
    answer = acme.call("HEAD", "/v1/api_keys")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "x/y;q=", "*/*"])
def test_accept_does_not_change_the_answer(acme, accept):
    assert acme.get("/v1/api_keys", Accept=accept).headers["Content-Type"] == "application/json"


def test_a_wrong_host_is_a_400_problem():
    refused = Client().get("/v1/api_keys", headers={"Host": "evil.example"})
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")
    assert json.loads(refused.content)["request_id"] == refused["Request-Id"]


def test_a_fault_of_ours_is_a_problem_without_details(acme, monkeypatch):
    def broken(*args, **kwargs):
        raise DataError("a secret detail")

    monkeypatch.setattr(queries, "keys_of", broken)
    refused = acme.get("/v1/api_keys")
    is_problem(refused, 500, "internal_error")
    assert b"secret detail" not in refused.content


def test_a_fault_rolls_everything_back(acme, monkeypatch):
    before = len(acme.get("/v1/api_keys").json()["data"])
    made = operations.issue_api_key

    def issue_and_break(**kwargs):
        made(**kwargs)
        raise RuntimeError("after the effect")

    with monkeypatch.context() as patch:
        patch.setattr(operations, "issue_api_key", issue_and_break)
        is_problem(acme.post("/v1/api_keys", {"name": "a", "scopes": ["cards:read"]}), 500, "internal_error")
    assert len(acme.get("/v1/api_keys").json()["data"]) == before


def test_headers_of_every_answer(acme):
    answer = acme.get("/v1/api_keys")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert "Set-Cookie" not in answer.headers


def test_a_callers_request_id_is_no_evidence(acme):
    assert acme.get("/v1/api_keys", Request_Id="mine").headers["Request-Id"] != "mine"
