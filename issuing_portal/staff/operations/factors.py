"""The second factor: checking a code, enrolling an authenticator, making recovery codes."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.crypto import encrypt_text
from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.staff.devices import DIGITS, Authenticator, RecoveryCodes, matching_step, recovery_hash
from issuing_portal.staff.models import User

HOW_MANY = 10


class WrongCode(DomainError):
    code, status, title = "wrong_code", 422, "That code does not fit. Check that the phone's clock is right, and take the next one."


@dataclass(frozen=True)
class FactorCheck:
    """What became of a code: the device that took it, or None, and until when no further one is looked at."""

    device: Authenticator | RecoveryCodes | None
    locked_until: datetime | None = None
    recovery_codes_left: int | None = None


@operation
def step_up(*, user_id: UUID, code: str, by: Actor, now: datetime) -> FactorCheck:
    """Ask the second factor again in a running session. A wrong code is an answer, not an error: its count must be kept."""
    check = check_factor(user_id, code)
    if check.device is None:
        user = User.objects.get(pk=user_id)
        events.record("user.sign_in_failed", subject=user, by=by, at=now, internal={"stage": "step_up"})
    return check


@operation
def change_factor(*, user_id: UUID, secret: str, code: str, by: Actor, now: datetime) -> Authenticator:
    """Replace one's own authenticator by the one that shows `code` for `secret` (base32). Raises: WrongCode, PermissionRefused."""
    user = own(user_id, by)
    device = put_authenticator(user, secret, code)
    events.record("user.enrolled", subject=user, by=by, at=now, internal={"replaced": True})
    return device


@operation
def make_recovery_codes(*, user_id: UUID, by: Actor, now: datetime) -> list[str]:
    """Ten fresh recovery codes, to be shown once; the old ones are void. Raises: PermissionRefused."""
    user = own(user_id, by)
    codes = put_recovery_codes(user, now)
    events.record("user.recovery_codes_made", subject=user, by=by, at=now, data={"count": len(codes)})
    return codes


def new_secret() -> str:
    """A fresh base32 secret of 20 bytes (RFC 4226 §4)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def check_factor(user_id: UUID, code: str) -> FactorCheck:
    """Try a code of either kind on the person's device, under its row lock (one code, one use, however many at once)."""
    plain = "".join(code.split()).replace("-", "")
    kind: type[Authenticator] | type[RecoveryCodes] = Authenticator if len(plain) == DIGITS and plain.isdigit() else RecoveryCodes
    device = kind.objects.select_for_update().filter(user_id=user_id, confirmed=True).first()
    if device is None:
        return FactorCheck(None)
    allowed, why = device.verify_is_allowed()
    if not allowed:
        return FactorCheck(None, locked_until=why["locked_until"])
    taken = device if device.verify_token(plain) else None
    return FactorCheck(taken, recovery_codes_left=len(device.hashes) if isinstance(device, RecoveryCodes) else None)


def put_authenticator(user: User, secret: str, code: str) -> Authenticator:
    """Enrol `secret` in place of any other, once `code` proves that the phone has it. Raises: WrongCode."""
    step, drift = matching_step(secret, "".join(code.split()), after=-1, drift=0)
    if step is None:
        raise WrongCode
    return store_authenticator(user, secret, step=step, drift=drift)


def store_authenticator(user: User, secret: str, *, step: int = -1, drift: int = 0) -> Authenticator:
    """The row itself; the secret is encrypted and bound to the person."""
    Authenticator.objects.filter(user=user).delete()
    return Authenticator.objects.create(
        user=user, name="Authenticator", secret_sealed=encrypt_text(secret, bound_to=user.pk.bytes), last_step=step, drift=drift)


def put_recovery_codes(user: User, now: datetime) -> list[str]:
    """Fresh codes in place of the old; 60 random bits each, like `k7dm-3xqp-9vtz`."""
    codes = [_code() for _ in range(HOW_MANY)]
    RecoveryCodes.objects.update_or_create(
        user=user, defaults={"name": "Recovery codes", "hashes": [recovery_hash(code) for code in codes], "made_at": now,
                             "throttling_failure_count": 0, "throttling_failure_timestamp": None})
    return codes


def withdraw_factor(user: User) -> None:
    """Take both kinds away (a reset): until a new link is followed, the person cannot sign in."""
    Authenticator.objects.filter(user=user).delete()
    RecoveryCodes.objects.filter(user=user).delete()


def own(user_id: UUID, by: Actor) -> User:
    """The person themselves, locked. Raises: PermissionRefused for anybody else."""
    if by.kind != "staff" or by.id != user_id:
        raise PermissionRefused(verb="another person's second factor")
    return User.objects.select_for_update().get(pk=user_id)


def _code() -> str:
    plain = base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]
    return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"
