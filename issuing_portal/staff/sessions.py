"""What a staff session remembers: when it began, when its person last did something, when the second factor was last given.

Instants are whole seconds since 1970. Who signed in half-way (password only) is kept apart: such a session has no user.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as remember_device

from issuing_portal.staff.models import Authenticator, RecoveryCodes, User

BEGAN, SEEN, STEPPED_UP, HALF_WAY = "began_at", "seen_at", "stepped_up_at", "half_way"
HALF_WAY_LASTS = timedelta(minutes=5)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin_half_way(request: HttpRequest, user: User, now: datetime) -> None:
    """The password was right: remember who is to give the second factor, under a new session key, signed in as nobody."""
    request.session.flush()
    request.session[HALF_WAY] = {"user": str(user.pk), "at": _second(now), "hash": user.get_session_auth_hash()}


def half_way(session: SessionBase, now: datetime) -> User | None:
    """Who gave the password some minutes ago; None when that is too long ago, or they were shut out since."""
    kept: dict[str, Any] | None = session.get(HALF_WAY)
    if not kept or _second(now) - kept["at"] >= HALF_WAY_LASTS.total_seconds():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == kept["hash"] else None


def begin(request: HttpRequest, user: User, device: Authenticator | RecoveryCodes, now: datetime) -> None:
    """Both factors are given: a session of this person, under yet another key."""
    request.session.flush()
    auth.login(request, user, backend=BACKEND)
    remember_device(request, device)
    request.session[BEGAN] = request.session[SEEN] = request.session[STEPPED_UP] = _second(now)


def alive(session: SessionBase, now: datetime) -> bool:
    """Neither idle for STAFF_IDLE (PCI DSS 8.2.8) nor older than STAFF_SESSION_MAX."""
    idle, age = (_second(now) - session.get(name, 0) for name in (SEEN, BEGAN))
    return idle < settings.STAFF_IDLE.total_seconds() and age < settings.STAFF_SESSION_MAX.total_seconds()


def seen(session: SessionBase, now: datetime) -> None:
    """The person did something."""
    if session.get(SEEN) != _second(now):
        session[SEEN] = _second(now)


def stepped_up(session: SessionBase, now: datetime) -> bool:
    """Whether the second factor was given within STAFF_STEP_UP."""
    return _second(now) - session.get(STEPPED_UP, 0) < settings.STAFF_STEP_UP.total_seconds()


def step_up(request: HttpRequest, now: datetime) -> None:
    """The second factor was given again."""
    request.session[STEPPED_UP] = _second(now)


def keep_through(request: HttpRequest, user: User) -> None:
    """Keep this session, and only this one, through a change that ends sessions (password, `session_version`)."""
    auth.update_session_auth_hash(request, user)


def use_device(request: HttpRequest, device: Authenticator) -> None:
    """The session stands on a new device (the old one is gone)."""
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id


def _second(now: datetime) -> int:
    return int(now.timestamp())
