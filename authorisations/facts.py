"""What a decision sees: frozen, read in one statement by queries.facts_for_tap, and stored with the decision."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CardFacts:
    id: UUID
    status: str
    type: str
    expires_on: date
    updated_at: datetime
    frozen_by: str
    windows_id: UUID


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A cardholder: the card user, or the business that is the customer."""

    id: UUID
    status: str
    kyc_status: str
    screening_status: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    id: UUID
    status: str
    currency: str
    available_minor: int


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    id: UUID
    status: str
    currency: str
    timezone: str
    card_user_policy: str
    hold_days_final: int
    hold_days_pre_authorisation: int


@dataclass(frozen=True, slots=True)
class ControlFacts:
    """One set of controls in force. `owner_kind` is card, cardholder, account or programme."""

    id: UUID
    owner_kind: str
    owner_id: UUID
    version: int
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is taken of a window so far; amounts in minor units, `starts_at` in epoch seconds."""

    owner_id: UUID
    limit_key: str
    starts_at: int
    spent_minor: int
    count: int
    label: str


@dataclass(frozen=True, slots=True)
class TapFacts:
    """Everything that decide() may look at. Without a card the rest is None."""

    card: CardFacts | None
    user: PersonFacts | None = None
    business: PersonFacts | None = None
    account: AccountFacts | None = None
    programme: ProgrammeFacts | None = None
    controls: tuple[ControlFacts, ...] = ()
    windows: tuple[WindowFacts, ...] = ()
    reversed_before: bool = False
    raises: int | None = None
    """What the authorisation that an increment raises was approved for so far, in minor units; None: a new request."""

    @property
    def customer(self) -> PersonFacts | None:
        return self.business or self.user

    def window_owner(self, control: ControlFacts) -> UUID:
        """Whose windows a control counts in: a card's are those of the first card of its chain of replacements."""
        assert self.card
        return self.card.windows_id if control.owner_kind == "card" else control.owner_id

    def window(self, owner_id: UUID, limit_key: str, starts_at: int) -> WindowFacts | None:
        for one in self.windows:
            if one.owner_id == owner_id and one.limit_key == limit_key and one.starts_at == starts_at:
                return one
        return None


@dataclass(frozen=True, slots=True)
class Seen:
    """The stored answer under this network reference. `tombstone`: a reversal came first and waits for it."""

    fingerprint: bytes
    answer: dict[str, Any]
    authorisation_id: UUID | None
    tombstone: bool


@dataclass(frozen=True, slots=True)
class Take:
    """A piece of one spend window that an approval takes; the maxima are judged again by the database as it takes."""

    owner_id: UUID
    limit_key: str
    starts_at: datetime
    ends_at: datetime
    amount_minor: int
    count: int
    max_minor: int | None = None
    max_count: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule's finding: `outcome` passed or refused, and the numbers it looked at."""

    rule: str
    outcome: str
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why. `steps` in the order of evaluation; the first refusal ends it."""

    approved: bool
    reason: str
    approved_minor: int
    held_minor: int
    takes: tuple[Take, ...]
    steps: tuple[Step, ...]
