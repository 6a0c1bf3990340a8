"""Statements with named parameters that are turned into PostgreSQL's own `$n` form once, when they are imported.

psycopg parses a statement of more than 4,096 characters or 50 parameters anew each time that it is run (measured: a
seventh of a tap's processor time). Everything else stays Django's: error classes, execute wrappers, the query log, atomic blocks.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import RawCursor

_NAMED = re.compile(r"%\((\w+)\)s|%%")


class Statement(str):
    """SQL with `%(name)s` parameters, readable as it was written; `numbered` and `names` are what is sent."""

    numbered: bytes
    names: tuple[str, ...]

    def __new__(cls, text: str) -> "Statement":
        names: dict[str, int] = {}

        def number(found: re.Match[str]) -> str:
            return "%" if found[1] is None else f"${names.setdefault(found[1], len(names) + 1)}"

        made = super().__new__(cls, text)
        made.numbered = _NAMED.sub(number, text).encode()
        made.names = tuple(names)
        return made


class _Numbered(RawCursor[Any]):
    """Takes the statement as Django's wrappers and logs show it, and sends it as it was numbered."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        return super().execute(query.numbered, [params[name] for name in query.names], **more)


@contextmanager
def run(statement: Statement, parameters: Mapping[str, Any]) -> Iterator[CursorWrapper]:
    """The cursor of one run of `statement`. Prepared on the server where the connection's settings say so."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw: Any = _Numbered(connection.connection)
    cursor = connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
    with cursor:
        cursor.execute(statement, parameters)
        yield cursor
