"""`/v1/openapi.json` and `/docs/`: the contract for machines and for people, both drawn from the views."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from issuing_portal.api.problems import plain_problem

SAFE = ("GET", "HEAD")
KIND_OF_FORMAT = {"date-time": "instant", "date": "date", "uuid": "uuid", "email": "e-mail", "uri": "URL", "binary": "file"}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document; the code is its only source, so it is made once per process."""
    return SchemaGenerator().get_schema(request=None, public=True)


@lru_cache(maxsize=1)
def _document_text() -> tuple[bytes, str]:
    text = json.dumps(document(), separators=(",", ":")).encode()
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def openapi(request: HttpRequest) -> HttpResponse:
    """`GET /v1/openapi.json`, without a key."""
    if request.method not in SAFE:
        refused = plain_problem(request, 405, detail=f"{request.method} is not offered here.")
        refused["Allow"] = ", ".join(SAFE)
        return refused
    text, tag = _document_text()
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(text, content_type="application/json", headers=headers)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The readable reference, for whoever reads: no sign-in, no script of others."""
    return render(request, "api/reference.html", {"title": "API reference", "resources": resources()})


@dataclass(frozen=True)
class Line:
    """A parameter, or a field of a body or an answer; `name` has its path (`individual.first_name`, `limits[].amount`)."""

    name: str
    kind: str
    required: bool
    text: str = ""
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one address, as the page shows it."""

    anchor: str
    method: str
    path: str
    title: str
    scope: str
    parameters: list[Line]
    body: list[Line]
    answer_status: str
    answer: list[Line]
    refusals: list[tuple[str, str]]
    curl: str


@dataclass(frozen=True)
class Resource:
    """The operations under one first word of the path."""

    name: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ").capitalize().replace("Api ", "API ").replace("Kyc ", "KYC ")


@lru_cache(maxsize=1)
def resources() -> list[Resource]:
    """The document, arranged for a reader."""
    found: dict[str, Resource] = {}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            name = operation["tags"][0]
            found.setdefault(name, Resource(name)).operations.append(_operation(path, method.upper(), operation))
    return [found[name] for name in sorted(found)]


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    body = _content(operation.get("requestBody", {}))
    status = next((status for status in operation["responses"] if status.startswith("2")), "200")
    return Operation(
        anchor=operation["operationId"], method=method, path=path, title=operation.get("description", "").partition("\n\n")[0],
        scope=operation["x-scope"], parameters=[_parameter(one) for one in operation.get("parameters", [])], body=_lines(body),
        answer_status=status, answer=_lines(_content(operation["responses"][status])),
        refusals=[(code, _response(one)["description"]) for code, one in sorted(operation["responses"].items()) if not code.startswith("2")],
        curl=_curl(path, method, body))


def _response(response: dict[str, Any]) -> dict[str, Any]:
    """The response behind a reference."""
    return document()["components"]["responses"][response["$ref"].rpartition("/")[2]] if "$ref" in response else response


def _content(holder: dict[str, Any]) -> dict[str, Any]:
    return next((media["schema"] for media in holder.get("content", {}).values()), {})


def _parameter(parameter: dict[str, Any]) -> Line:
    return Line(name=parameter["name"], kind=_kind(parameter["schema"]), required=parameter.get("required", False),
                text=parameter.get("description", ""), place=parameter["in"])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference; of alternatives the first that is not null."""
    if "$ref" in schema:
        return _resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for word in ("allOf", "oneOf", "anyOf"):
        options = [option for option in schema.get(word, []) if option.get("type") != "null"]
        if options:
            return _resolved(options[0]) | {name: value for name, value in schema.items() if name == "description"}
    return schema


def _lines(schema: dict[str, Any], path: str = "", depth: int = 0) -> list[Line]:
    """The fields of an object, those inside it after it."""
    schema = _resolved(schema)
    found: list[Line] = []
    for name, inner in schema.get("properties", {}).items():
        told = _resolved(inner)
        found.append(Line(name=path + name, kind=_kind(inner), required=name in schema.get("required", []),
                          text=inner.get("description") or told.get("description", "")))
        if depth < 3:
            is_list = "items" in told
            found += _lines(told["items"] if is_list else told, f"{path}{name}{'[]' if is_list else ''}.", depth + 1)
    return found


def _kind(schema: dict[str, Any]) -> str:
    """A type in a word or two: `string`, `integer ≥ 1`, `one of a, b`, `list of …`."""
    told = _resolved(schema)
    kinds = told.get("type", "object")
    names = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "null"]
    optional = " or null" if isinstance(kinds, list) and "null" in kinds or "oneOf" in schema else ""
    if "enum" in told:
        return "one of " + ", ".join(str(one) for one in told["enum"] if one is not None) + optional
    if "items" in told:
        return "list of " + _kind(told["items"]) + optional
    return KIND_OF_FORMAT.get(told.get("format", ""), " or ".join(names)) + optional


def _curl(path: str, method: str, body: dict[str, Any]) -> str:
    lines = [f"curl -X {method} $API{path}" if method != "GET" else f"curl $API{path}", '  -H "Authorization: Bearer $KEY"']
    if method in ("POST", "PATCH"):
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines += ['  -H "Content-Type: application/json"', f"  -d '{json.dumps(_example(body), indent=2)}'"]
    return " \\\n".join(lines)


def _example(schema: dict[str, Any], depth: int = 0) -> Any:
    """A small value of the schema: required fields alone."""
    told = _resolved(schema)
    for word in ("examples", "enum"):
        if told.get(word):
            return told[word][0]
    kinds = told.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        wanted = told.get("required", []) if depth < 4 else []
        return {name: _example(inner, depth + 1) for name, inner in told.get("properties", {}).items() if name in wanted}
    if kind == "array":
        return [_example(told["items"], depth + 1)]
    return {"integer": 1, "number": 1, "boolean": True}.get(kind) or {"date-time": "2026-11-23T15:20:08Z", "date": "1990-12-10",
                                                                      "email": "ada@example.com"}.get(told.get("format", ""), "…")
