"""The installation itself as the subject of an event: a verification, an export, an anchor."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Installation:
    """Stands where an event is about no single row. Its id is fixed, so that its events are found by subject."""

    noun: str = "installation"
    id: UUID = UUID(int=0)


INSTALLATION = Installation()
