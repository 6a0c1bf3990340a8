"""Errors are sentences with codes; one envelope (RFC 9457 problem details) for all of them.

A domain error is defined beside the operation that raises it. A *decline* is no error: it is a Decision.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal that a caller can act on: `code` is stable, `status` is HTTP's, `title` is a sentence with {fields}."""

    code: ClassVar[str] = "domain_error"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The request conflicts with the state of the object."

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.title.format(**facts))

    @property
    def detail(self) -> str:
        return str(self)


class NotFound(DomainError):
    """Not there, or not yours: the same answer for both."""

    code, status, title = "not_found", 404, "There is no such {noun}."

    def __init__(self, noun: str = "object") -> None:
        super().__init__(noun=noun)


class PermissionRefused(DomainError):
    code, status, title = "permission_refused", 403, "Your roles do not allow {verb} here."


class IllegalMove(DomainError):
    """A state machine's own refusal."""

    code, status, title = "illegal_state", 409, "The {noun} is {status}; it cannot become {target}."


class StaleState(DomainError):
    """Someone else moved the row between our look and our step."""

    code, status, title = "state_changed", 409, "The {noun} was changed by someone else in the meantime; look again."


class InvalidInput(DomainError):
    """Refused input: `errors` is a list of {field, code, message}."""

    code, status, title = "validation_failed", 422, "The request has fields that cannot be accepted."

    def __init__(self, *errors: tuple[str, str, str]) -> None:
        super().__init__()
        self.errors = [{"field": field, "code": code, "message": message} for field, code, message in errors]


def problem(*, status: int, code: str, title: str, detail: str, request_id: str,
            errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The body of `application/problem+json` (RFC 9457 §3), with our `code`, `request_id` and field `errors`."""
    body: dict[str, Any] = {
        "type": f"https://issuing-portal.example/problems/{code}", "title": title, "status": status,
        "detail": detail, "code": code, "request_id": request_id,
    }
    if errors:
        body["errors"] = errors
    return body
