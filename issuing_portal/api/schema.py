"""The OpenAPI 3.1 document, drawn from the attributes of ApiView; it agrees with API.md or a test fails."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from issuing_portal.api.permissions import scope_of

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
WORDS = {400: "Malformed", 401: "Unknown caller", 403: "Scope missing", 404: "Not there or not yours", 409: "Illegal state, or key in flight",
         413: "Too large", 415: "Not JSON", 422: "Refused input", 429: "Too many requests", 503: "Unavailable"}


class ApiSchema(AutoSchema):
    """Reads Query, Body, Patch, Put, Out, creates and scope of a view."""

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
        return found

    def get_operation_id(self) -> str:
        words = [word for word in self.path.removeprefix("/v1/").split("/") if not word.startswith("{")]
        last_is_id = self.path.endswith("}")
        lists = self.method == "GET" and getattr(self.view, "Query", None) is not None
        verb = {"GET": "list" if lists else "get", "POST": "create" if self.view.creates else "do", "PATCH": "update", "PUT": "put", "DELETE": "delete"}[self.method]
        return "_".join([*words, "one" if last_is_id else "", verb]).replace("__", "_")

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/v1/").split("/")[0]]

    def get_request_serializer(self) -> Any:
        return {"POST": self.view.Body, "PATCH": self.view.Patch, "PUT": self.view.Put or self.view.Body}.get(self.method)

    def get_response_serializers(self) -> Any:
        out = self.view.Out
        if self.method == "GET" and self.view.Query is not None:
            name = f"{out.__name__.removesuffix('Out')}Page"
            page = inline_serializer(name, {"data": out(many=True), "has_more": serializers.BooleanField(),
                                            "next_cursor": serializers.CharField(allow_null=True)})
            return {"200": page}
        return {"201" if self.method == "POST" and self.view.creates else "200": out}

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = [self.view.Query] if self.method == "GET" and self.view.Query is not None else []
        if self.method in ("POST", "PATCH"):
            found.append(OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=self.view.key_required and self.method == "POST",
                                          description="1 to 255 visible characters, bare or quoted; kept seven days."))
            found.append(OpenApiParameter("X-Acting-User", str, OpenApiParameter.HEADER, description="The partner's own user who acted; kept in the audit trail."))
        return found


def only_partner_api(endpoints: list[Any]) -> list[Any]:
    """Only /v1 is the partners' contract."""
    return [row for row in endpoints if row[0].startswith("/v1/") and hasattr(row[3].cls, "scope")]


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Adds the problem envelope, the security scheme, and what every answer's headers are."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = {
        "type": "object", "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
            "code": {"type": "string"}, "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object", "required": ["field", "code", "message"], "properties": {
                "field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}}}},
        }}
    components["securitySchemes"] = {"apiKey": {"type": "http", "scheme": "bearer", "description": "ip_test_… or ip_live_…"}}
    result["security"] = [{"apiKey": []}]
    for path in result["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return result
