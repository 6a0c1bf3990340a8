"""The very statements of the tap path as a pgbench script: seen as the product sends them, with the parameters it binds.

One tap goes through the product's own operation in this process while its statements are noted. What names the card
becomes an expression of a random number, fresh ids one of a counter; everything else is a pgbench variable with the value
of the noted tap. With `-M prepared` pgbench binds and prepares them as the product does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from bench.generator import body_of
from bench.scene import BLOCKS

PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
MADE = re.compile(rf"({'|'.join(BLOCKS.values())})-0000-7000-8000-\d{{12}}")


@dataclass(frozen=True)
class Noted:
    """The statements of one tap, in order, and its answer."""

    statements: list[tuple[str, Mapping[str, Any]]]
    reference: str
    answer: dict[str, Any]


def note_tap(*, line: Any, card: str, reference: str, now: datetime) -> Noted:
    """Run one tap through authorisations.operations.authorise and note what it sends to the database."""
    from django.db import connection

    from authorisations import operations
    from authorisations.messages import Tap, parse
    from authorisations.operations.taps import Arrival

    noted: list[tuple[str, Mapping[str, Any]]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        noted.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        answer = operations.authorise(tap=parse(Tap, body_of(reference, card)), line=line, arrival=Arrival(at=now, started=perf_counter()))
    if answer["decision"] != "approved":
        raise RuntimeError(f"The bench's first tap was not approved: {answer}")
    return Noted(noted, reference, answer)


@dataclass(frozen=True)
class Script:
    """A pgbench script and the values of its variables."""

    text: str
    variables: dict[str, str]

    def defines(self) -> list[str]:
        return [part for name, value in self.variables.items() for part in ("-D", f"{name}={value}")]


def script(noted: Noted, *, constants: set[UUID], cards: int, stamp: int) -> Script:
    """The script for taps on random cards. `constants`: ids that stay (partner, programme, connection); `stamp`: milliseconds, new for each run."""
    render = _Renderer(noted.reference, constants, stamp)
    texts = [PLACEHOLDER.sub(lambda found, given=parameters: "%" if found[1] is None else render.value(given[found[1]]), sql).strip().rstrip(";")  # type: ignore[misc]
             for sql, parameters in noted.statements]
    lines = [f"\\set card random(1, {cards})", "\\set tap :tap + 1", *(text + ";" for text in texts)]
    return Script("\n".join(lines) + "\n", render.variables | {"tap": "0"})


class _Renderer:
    def __init__(self, reference: str, constants: set[UUID], stamp: int) -> None:
        self.reference, self.constants = reference, constants
        self.variables: dict[str, str] = {}
        self.names: dict[str, str] = {}
        digits = f"{stamp:012x}"
        self.fresh = f"('{digits[:8]}-{digits[8:]}-7000-8' || lpad(:client_id, 3, '0') || '-' || lpad(:tap, 12, '0'))"

    def value(self, value: Any) -> str:
        """One parameter as it stands in the script."""
        if value is None:
            return "NULL"
        if isinstance(value, list | tuple):
            return f"ARRAY[{', '.join(self.value(one) for one in value)}]" if value else "'{}'"
        if isinstance(value, UUID):
            if found := MADE.fullmatch(str(value)):
                return f"('{found[1]}-0000-7000-8000-' || lpad(:card, 12, '0'))::uuid"
            return self._variable(str(value)) + "::uuid" if value in self.constants else f"{self.fresh}::uuid"
        if value == self.reference:
            return self.fresh
        return self._text(value)

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return self._variable("true" if value else "false")
        if isinstance(value, datetime):
            return self._variable(value.isoformat())
        if isinstance(value, bytes | bytearray | memoryview):
            return self._variable("\\x" + bytes(value).hex())
        return self._variable(str(value)) if str(value) else "''"  # pgbench takes no empty variable

    def _variable(self, text: str) -> str:
        if text not in self.names:
            self.names[text] = f"v{len(self.names)}"
            self.variables[self.names[text]] = text
        return f":{self.names[text]}"
