"""Signing in and out: the second step, and the record of every attempt (PCI DSS 10.2.1.4, 10.2.1.5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.crypto import keyed_hash
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.staff.models import User
from issuing_portal.staff.operations.factors import FactorCheck, check_factor


@dataclass(frozen=True)
class Circumstances:
    """Where an attempt came from."""

    address: str
    agent: str


@dataclass(frozen=True)
class Stranger:
    """The subject of attempts under an address that nobody here has: recorded like the others, for equal time."""

    noun: str = "user"
    id: UUID = UUID(int=0)


@operation
def sign_in(*, user_id: UUID, code: str, circumstances: Circumstances, by: Actor, now: datetime) -> FactorCheck:
    """The second step of signing in: take the code, record how it went. A wrong code is an answer, not an error."""
    check = check_factor(user_id, code)
    user = User.objects.get(pk=user_id)
    told = {"address": circumstances.address, "agent": circumstances.agent[:200]}
    if check.device is None:
        events.record("user.sign_in_failed", subject=user, by=by, at=now, internal={"stage": "second_factor", **told})
    else:
        factor = check.device.model_label().partition(".")[2]
        events.record("user.signed_in", subject=user, by=by, at=now, internal={"factor": factor, **told})
    return check


@operation
def record_failed_password(*, email: str, locked_out: bool, circumstances: Circumstances, by: Actor, now: datetime) -> None:
    """A wrong address or password, or a try while locked out. What was typed as an address is kept as a hash: some type passwords there."""
    user = User.objects.filter(email__iexact=email).first()
    events.record(
        "user.locked_out" if locked_out else "user.sign_in_failed", subject=user or Stranger(), by=by, at=now,
        internal={"stage": "password", "known": user is not None, "email_hash": keyed_hash(email, purpose="email").hex()[:32],
                  "address": circumstances.address, "agent": circumstances.agent[:200]})


@operation
def record_sign_out(*, user_id: UUID, by: Actor, now: datetime) -> None:
    """Signed out by one's own hand."""
    events.record("user.signed_out", subject=User.objects.get(pk=user_id), by=by, at=now)
