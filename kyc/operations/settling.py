"""What the verbs share: the row under lock, what kyc pushes down to the cardholder, and the recorded fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cardholders import operations as cardholders
from cardholders.models import KycStatus
from cardholders.queries import is_screened_only
from cardholders.requirements import KYC_CASE, REQUESTED_INFORMATION
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.events.operations import record
from kyc.models import Case
from kyc.representation import public

# What the cardholder owes kyc after each turn.
NOTHING: Sequence[str] = ()
A_CASE: Sequence[str] = (KYC_CASE,)
AN_ANSWER: Sequence[str] = (REQUESTED_INFORMATION,)


def locked(case_id: UUID) -> Case:
    """The case as it is now, locked until the end of the transaction. Raises: NotFound."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("cardholder__programme", "cardholder__business")
    found = rows.filter(pk=case_id).first()
    if found is None:
        raise NotFound("KYC case")
    return found


def push_down(case: Case, status: KycStatus, owed: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Tell the cardholder. A card user who needs no case of their own owes none."""
    if owed == A_CASE and is_screened_only(case.cardholder):
        owed = NOTHING
    cardholders.mark_kyc(cardholder_id=case.cardholder_id, kyc_status=status, requirements=owed, by=by, now=now)


def tell(type: str, case: Case, *, by: Actor, at: datetime, reason: str = "", internal: dict[str, Any] | None = None) -> None:
    """One event with the whole public object; `reason` and `internal` stay with staff."""
    record(type, subject=case, by=by, at=at, data=public(case), reason=reason, internal=internal)
