"""Who acts: passed to every operation as `by`, written into every event and audit row."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from issuing_portal.core.errors import PermissionRefused

Kind = Literal["staff", "api_key", "processor", "cardholder", "system"]
Channel = Literal["portal", "api", "processor", "sandbox", "worker", "command"]
Hand = Literal["cardholder", "partner", "programme", "issuer"]


def _anything(verb: str, programme_id: UUID | None) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting party of one request.

    `may(verb, programme_id)` is the permission check of staff (a verb like `cards.freeze`; None asks "anywhere");
    partners are held by scopes and by the tenant filter, the system by its code, so theirs always says yes.
    `acting_user` is the partner's own user (header X-Acting-User).
    """

    kind: Kind
    id: UUID | None
    label: str
    channel: Channel
    partner_id: UUID | None = None
    livemode: bool | None = None
    request_id: str = ""
    acting_user: str = ""
    may: Callable[[str, UUID | None], bool] = _anything

    @classmethod
    def system(cls, label: str, channel: Channel = "worker") -> "Actor":
        """A standing actor of ours: a beat task, a command, the sandbox."""
        return cls(kind="system", id=None, label=label, channel=channel)

    def on(self, channel: Channel) -> "Actor":
        """The same party by another channel (a partner that drives the sandbox)."""
        return replace(self, channel=channel)

    def require(self, verb: str, programme_id: UUID | None) -> None:
        """Raises PermissionRefused unless this actor may do `verb` in that programme."""
        if not self.may(verb, programme_id):
            raise PermissionRefused(verb=verb)
