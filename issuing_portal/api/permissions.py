"""A scope per view: `scope = "cards"` asks `cards:read` for GET and `cards:write` for the rest."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class HasScope(BasePermission):
    """401 without a key (DRF), 403 without the scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.user
        if caller is None:
            return False
        needed = scope_of(view, request.method or "GET")
        self.message = f"The key lacks the scope {needed}."
        return caller.has_scope(needed)


def scope_of(view: Any, method: str) -> str:
    """The scope that `method` needs on this view."""
    return f"{view.scope}:{'read' if method in ('GET', 'HEAD') else 'write'}"
