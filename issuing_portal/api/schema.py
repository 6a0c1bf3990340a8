"""The OpenAPI 3.1 document, drawn from the attributes of ApiView; it agrees with API.md or a test fails."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from issuing_portal.api.permissions import scope_of
from issuing_portal.core.ids import PREFIXES
from issuing_portal.core.money import AMOUNT_MAX

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
WORDS = {400: "Malformed", 401: "Unknown caller", 403: "Scope missing", 404: "Not there or not yours", 409: "Illegal state, or key in flight",
         413: "Too large", 415: "Not JSON", 422: "Refused input", 429: "Too many requests", 503: "Unavailable"}
VERBS = {"PATCH": "update", "PUT": "put", "DELETE": "delete"}
TYPEID_TAIL = "_[0-7][0-9a-hjkmnp-tv-z]{25}$"
PATH_NOUNS = {"key_id": "api_key", "case_id": "kyc_case"}
KEY_HEADER = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21\x23-\x7e]+$"}
HEADERS_OUT = {
    "Request-Id": ("string", "the id of this request: in our logs, in the trail, in a problem"),
    "RateLimit-Limit": ("integer", "requests per second of this key"),
    "RateLimit-Remaining": ("integer", "what is left of them"),
    "RateLimit-Reset": ("integer", "seconds until they are all there again"),
}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer ip_test_…`."""

    target_class = "issuing_portal.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "ip_test_… or ip_live_…"}


class TypeIdSchema(OpenApiSerializerFieldExtension):
    """An id is a text whose prefix names its noun."""

    target_class = "issuing_portal.api.fields.TypeIdField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        prefix = PREFIXES[self.target.noun]
        return {"type": "string", "pattern": f"^{prefix}{TYPEID_TAIL}", "examples": [f"{prefix}_01h455vb4pex5vsknk084sn02q"]}


class AmountSchema(OpenApiSerializerFieldExtension):
    """Integer minor units."""

    target_class = "issuing_portal.api.fields.AmountField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        least = self.target.min_value
        return {"type": "integer", "minimum": least if direction == "request" and least is not None else -AMOUNT_MAX, "maximum": AMOUNT_MAX,
                "examples": [1250]}


class LowerCaseSchema(OpenApiSerializerFieldExtension):
    """A state or code of ours; an empty one is null."""

    target_class = "issuing_portal.api.fields.LowerCaseField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        choices = self.target.wire_choices
        return {"type": ["string", "null"]} | ({"enum": [*choices, None]} if choices else {})


class ApiSchema(AutoSchema):
    """Reads Query, Body, Patch, Put, Out, Created, creates and scope of a view."""

    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation["x-scope"] = scope_of(self.view, self.method)
            operation["responses"] |= {str(status): {"description": WORDS[status], "content": {"application/problem+json": {"schema": PROBLEM_REF}}}
                                       for status in self._refusals() if str(status) not in operation["responses"]}
        return operation

    def _refusals(self) -> list[int]:
        found = [401, 403, 422, 429, 503]
        if "{" in self.path or self.method != "GET":
            found.append(404)
        if self.method != "GET":
            found += [400, 409, 413, 415]
        return sorted(found)

    def _is_list(self) -> bool:
        return self.method == "GET" and self.view.Query is not None

    def get_operation_id(self) -> str:
        words = [word for word in self.path.removeprefix("/v1/").split("/") if not word.startswith("{")]
        if self.path.endswith("}"):
            words.append("one")
        verb = {"GET": "list" if self._is_list() else "get", "POST": "create" if self.view.creates else "do", **VERBS}[self.method]
        return "_".join([*words, verb])

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/v1/").split("/")[0]]

    def get_request_serializer(self) -> Any:
        return {"POST": self.view.Body, "PATCH": self.view.Patch, "PUT": self.view.Put or self.view.Body}.get(self.method)

    def get_response_serializers(self) -> Any:
        out = self.view.Out
        if out is None:
            return {"200": None}
        if self._is_list():
            return {"200": inline_serializer(f"{out.__name__.removesuffix('Out')}Page", {
                "data": out(many=True), "has_more": serializers.BooleanField(), "next_cursor": serializers.CharField(allow_null=True)})}
        if self.method == "POST":
            return {"201" if self.view.creates else "200": self.view.Created or out}
        return {"200": out}

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        """A serializer nested in its view is named after both: several views have a `Body`."""
        name = super()._get_serializer_name(serializer, direction, bypass_extensions)
        kind = serializer if isinstance(serializer, type) else type(serializer)
        outer = kind.__qualname__.rpartition(".")[0]
        return name if not outer or "<locals>" in outer or not name.startswith(kind.__name__) else outer.replace(".", "") + name

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """`card_id` is the TypeID of a card."""
        return [{"in": "path", "name": name, "required": True, "schema": path_id(name)} for name in variables]

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = [self.view.Query] if self._is_list() else []
        if self.method in ("POST", "PATCH"):
            found.append(OpenApiParameter(
                "Idempotency-Key", KEY_HEADER, OpenApiParameter.HEADER, required=self.view.key_required and self.method == "POST",
                description="1 to 255 visible characters, bare or quoted; kept seven days."))
        if self.method != "GET":
            found.append(OpenApiParameter(
                "X-Acting-User", {"type": "string", "maxLength": 120}, OpenApiParameter.HEADER,
                description="The partner's own user who acted; kept in the audit trail."))
        return found


def path_id(name: str) -> dict[str, Any]:
    """The schema of an id in a path by the name of its variable."""
    prefix = PREFIXES.get(PATH_NOUNS.get(name, name.removesuffix("_id")))
    return {"type": "string", "pattern": f"^{prefix}{TYPEID_TAIL}" if prefix else "^[^/]+$"}


def only_partner_api(endpoints: list[Any]) -> list[Any]:
    """Only /v1 is the partners' contract."""
    return [row for row in endpoints if row[0].startswith("/v1/") and hasattr(row[3].cls, "scope")]


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Adds the problem envelope, the security scheme, the headers of every answer, and that bodies are closed."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = problem_schema()
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    components["headers"] = {name: {"schema": {"type": kind}, "description": text} for name, (kind, text) in HEADERS_OUT.items()}
    result["security"] = [{"apiKey": []}]
    for path in result["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
            for status, response in operation["responses"].items():
                response["headers"] = _headers_of(status, operation)
                if not status.startswith("2"):
                    components.setdefault("responses", {})[f"Refusal{status}"] = response
                    operation["responses"][status] = {"$ref": f"#/components/responses/Refusal{status}"}
    _tidy(result)
    return result


def _tidy(node: Any) -> None:
    """What the generator says twice (null of a nullable kind) or says wrongly (a default that its own bounds refuse), mended."""
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _tidy(inner)
    if isinstance(node, dict):
        for word in ("type", "enum"):
            if isinstance(node.get(word), list):
                node[word] = list(dict.fromkeys(node[word]))
        if node.get("default") == "" and node.get("minLength"):
            del node["default"]


def _headers_of(status: str, operation: dict[str, Any]) -> dict[str, Any]:
    names = ["Request-Id"] if status == "401" else list(HEADERS_OUT)
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if status in ("429", "503"):
        headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "seconds"}
    if status.startswith("2") and any(one.get("name") == "Idempotency-Key" for one in operation.get("parameters", [])):
        headers["Idempotency-Replayed"] = {"schema": {"type": "string", "enum": ["true"]}, "description": "the first answer, given again"}
    return headers


def problem_schema() -> dict[str, Any]:
    """The envelope of every refusal (RFC 9457)."""
    text: dict[str, Any] = {"type": "string"}
    names = ["field", "code", "message"]
    field_error: dict[str, Any] = {"type": "object", "required": names, "properties": dict.fromkeys(names, text)}
    return {
        "type": "object", "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {"type": {"type": "string", "format": "uri"}, "title": text, "status": {"type": "integer"}, "detail": text, "code": text,
                       "request_id": text, "errors": {"type": "array", "items": field_error}},
    }
