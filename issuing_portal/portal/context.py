"""What every page of the portal knows: the sections that this viewer may open, the environment, and who they are.

The registry below is the navigation: a section appears where its URL exists and the viewer holds its verb.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone


@dataclass(frozen=True)
class Section:
    """One entry of the navigation: its words, URL name, icon of Tabler's set, and the verb that opens it."""

    name: str
    url_name: str
    icon: str
    verb: str


SECTIONS = (
    Section("KYC", "kyc:list", "id-badge-2", "kyc.read"),
    Section("Cards", "cards:list", "credit-card", "cards.read"),
    Section("Authorisations", "authorisations:list", "bolt", "authorisations.read"),
    Section("Accounts", "ledger:list", "building-bank", "accounts.read"),
    Section("Cardholders", "cardholders:list", "users", "cardholders.read"),
    Section("Partners", "partners:list", "affiliate", "partners.read"),
    Section("Audit", "audit:list", "history", "audit.read"),
    Section("Approvals", "staff:proposals", "eye-check", "proposals.read"),
    Section("Staff", "staff:list", "user-shield", "staff.read"),
    Section("Health", "portal:health", "heartbeat", "health.read"),
)


def portal(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `nav`, `environment`, `viewer`, `links`, `now`, `idle_seconds`."""
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    return {
        "nav": navigation(request, user) if signed_in else [],
        "environment": environment(request),
        "viewer": viewer(user) if signed_in else None,
        "links": {name: found(url_name) for name, url_name in LINKS.items()},
        "now": timezone.now(),
        "idle_seconds": int(settings.STAFF_IDLE.total_seconds()) if signed_in else 0,
    }


LINKS = {
    "home": "portal:home", "search": "portal:search", "profile": "staff:profile",
    "sign_in": "staff:sign_in", "sign_out": "staff:sign_out", "alive": "portal:alive",
}
"""Pages that the shell itself leads to; one that does not exist is not offered."""


def found(url_name: str) -> str:
    """The address of a URL name, "" where there is no such page (yet)."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def navigation(request: HttpRequest, user: Any) -> list[dict[str, Any]]:
    """Sections for this viewer, in order; the longest address that begins the path is the current one."""
    items = [
        {"name": section.name, "url": url, "icon": section.icon, "current": False}
        for section in SECTIONS
        if (url := found(section.url_name)) and user.may(section.verb)
    ]
    here = [item for item in items if f"{request.path.rstrip('/')}/".startswith(f"{str(item['url']).rstrip('/')}/")]
    if here:
        max(here, key=lambda item: len(str(item["url"])))["current"] = True
    return items


def environment(request: HttpRequest) -> dict[str, Any]:
    """The badge that cannot be missed: which installation this is, and whether its rows are test or live."""
    production = settings.ENVIRONMENT == "production"
    session = getattr(request, "session", {})
    live = production and bool(session.get("livemode", True))
    return {
        "name": settings.ENVIRONMENT.upper(), "production": production, "livemode": live,
        "mode": "live data" if live else "test data",
        "css": "environment-live" if live else "environment-test",
    }


def viewer(user: Any) -> dict[str, str]:
    """Who is signed in, as the menu shows it."""
    name = getattr(user, "name", "") or user.get_full_name() or user.get_username()
    letters = [word[0] for word in name.replace("@", " ").split() if word[0].isalpha()]
    return {"name": name, "email": getattr(user, "email", ""), "initials": "".join(letters[:2]).upper() or "?"}
