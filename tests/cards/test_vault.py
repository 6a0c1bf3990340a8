"""Card numbers: how they are made and kept, who may see one, and that nothing else holds them."""

import base64
import secrets as random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from cards import vault
from cards.models import Card, RevealSession
from cards.secrets import SecretsUnavailable, SoftwareSecrets, secrets_for
from issuing_portal.core.crypto import CannotDecrypt
from issuing_portal.core.ids import parse_id
from issuing_portal.core.redaction import luhn_valid
from tests.cards.conftest import IssueCard
from tests.characters import PartnerClient, done, made

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EXPIRY = vault.Expiry(2029, 11)


def number(card: dict[str, Any]) -> str:
    return vault.number_of(Card.objects.get(pk=parse_id("card", card["id"])).vault_entry)


@given(st.text("0123456789", min_size=15, max_size=15))
def test_the_check_digit_makes_a_number_valid(digits: str):
    assert luhn_valid(digits + vault.check_digit(digits))


@pytest.mark.parametrize("bin", ["400001", "4000012", "40000123"])
def test_a_number_has_sixteen_digits_under_its_bin(db: None, bin: str):
    kept = vault.issue_number(bin=bin, expiry=EXPIRY, now=NOW)
    made_number = vault.number_of(kept.entry)
    assert (len(made_number), made_number[:len(bin)], made_number[-4:], luhn_valid(made_number)) == (16, bin, kept.last4, True)


def test_a_number_is_never_given_twice(db: None, monkeypatch: pytest.MonkeyPatch):
    first = vault.issue_number(bin="400001", expiry=EXPIRY, now=NOW)
    monkeypatch.setattr(vault, "_random_number", lambda bin: vault.number_of(first.entry))
    with pytest.raises(vault.BinExhausted):
        vault.issue_number(bin="400001", expiry=vault.Expiry(2030, 1), now=NOW)


def test_the_database_refuses_the_same_number_expiry_and_sequence(db: None):
    entry = vault.issue_number(bin="400001", expiry=EXPIRY, now=NOW).entry
    with pytest.raises(IntegrityError), transaction.atomic():
        vault._keep(vault.number_of(entry), EXPIRY, 1, NOW)


def test_swapped_rows_do_not_open(db: None):
    one, two = (vault.issue_number(bin="400001", expiry=EXPIRY, now=NOW).entry for _ in range(2))
    one.pan_sealed, one.wrapped_key = two.pan_sealed, two.wrapped_key
    with pytest.raises(CannotDecrypt):
        vault.number_of(one)


def test_rotation_wraps_keys_anew_and_opens_no_number(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch):
    entry = vault.issue_number(bin="400001", expiry=EXPIRY, now=NOW).entry
    before, sealed = vault.number_of(entry), bytes(entry.pan_sealed)
    settings.VAULT_KEK_PREVIOUS = [settings.VAULT_KEK]
    settings.VAULT_KEK = "second:" + base64.b64encode(random.token_bytes(32)).decode()
    with monkeypatch.context() as during:
        during.setattr(vault, "number_of", None)
        call_command("rotate_vault_key")
    settings.VAULT_KEK_PREVIOUS = []
    entry.refresh_from_db()
    assert (entry.key_id, bytes(entry.pan_sealed), vault.number_of(entry)) == ("second", sealed, before)


def test_cvv2_is_three_digits_and_depends_on_number_expiry_and_key():
    software = SoftwareSecrets(b"k" * 32)
    made_codes = {software.cvv2(one, vault.Expiry(2029, month)) for one in ("4123456789012345", "4999988887777000") for month in range(1, 13)}
    assert all(len(code) == 3 and code.isdigit() for code in made_codes)
    assert len(made_codes) > 15
    assert software.cvv2("4123456789012345", vault.Expiry(2029, 1)) == software.cvv2("4123456789012345", vault.Expiry(2129, 1))
    assert {software.cvv2("4123456789012345", vault.Expiry(2029, month)) for month in range(1, 13)} != {
        SoftwareSecrets(b"K" * 32).cvv2("4123456789012345", vault.Expiry(2029, month)) for month in range(1, 13)}


def test_the_algorithm_is_the_published_one(monkeypatch: pytest.MonkeyPatch):
    # The example of IBM's CVV documentation: key, number 4123456789012345, expiry 8701, service code 101.
    monkeypatch.setattr("cards.secrets.CVV2_SERVICE_CODE", "101")
    software = SoftwareSecrets(b"")
    software._cvk = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert software.cvv2("4123456789012345", vault.Expiry(2001, 87)) == "561"


def test_software_secrets_refuse_live_cards(settings: Any):
    assert isinstance(secrets_for(False), SoftwareSecrets)
    with pytest.raises(SecretsUnavailable):
        secrets_for(True)
    settings.CARD_SECRETS = "hsm"
    with pytest.raises(SecretsUnavailable):
        secrets_for(False)


def frame(session: dict[str, Any]) -> Any:
    return Client().get(urlsplit(session["url"]).path)


def test_the_frame_shows_the_details_once(acme: PartnerClient, issue: IssueCard):
    card = issue()
    session = made(acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan", "expiry", "cvv"]}))
    assert (session["object"], session["card"], session["fields"]) == ("reveal_session", card["id"], ["pan", "expiry", "cvv"])
    shown = frame(session)
    text = shown.content.decode()
    pan = number(card)
    assert " ".join(pan[at:at + 4] for at in range(0, 16, 4)) in text
    assert f"{card['expiry_month']:02}/{card['expiry_year'] % 100}" in text
    assert secrets_for(False).cvv2(pan, vault.Expiry(card["expiry_year"], card["expiry_month"])) in text
    assert "<script" not in text
    assert shown["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; frame-ancestors *")
    assert (shown["Cache-Control"], shown["Referrer-Policy"], shown["X-Content-Type-Options"]) == ("no-store", "no-referrer", "nosniff")
    assert "X-Frame-Options" not in shown
    again = frame(session)
    assert again.status_code == 410
    assert pan[-8:-4] not in again.content.decode()
    told = [event["type"] for event in done(acme.get("/v1/events?limit=2"))["data"]]
    assert told == ["reveal_session.viewed", "reveal_session.created"]


def test_the_frame_shows_only_what_was_asked(acme: PartnerClient, issue: IssueCard):
    card = issue()
    text = frame(made(acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["expiry"]}))).content.decode()
    assert "Expires" in text
    assert "Card number" not in text
    assert "Security code" not in text


def test_a_session_lives_sixty_seconds(acme: PartnerClient, issue: IssueCard):
    session = made(acme.post(f"/v1/cards/{issue()['id']}/reveal_sessions", {"fields": ["pan"]}))
    RevealSession.objects.update(expires_at=datetime.now(UTC) - timedelta(milliseconds=1))
    assert frame(session).status_code == 410
    assert RevealSession.objects.get().viewed_at is None


def test_head_uses_nothing_up_and_an_unknown_token_is_gone(acme: PartnerClient, issue: IssueCard):
    session = made(acme.post(f"/v1/cards/{issue()['id']}/reveal_sessions", {"fields": ["pan"]}))
    assert Client().head(urlsplit(session["url"]).path).status_code == 405
    assert frame(session).status_code == 200
    assert Client().get("/reveal/nothing").status_code == 410


def test_the_address_is_given_once(acme: PartnerClient, issue: IssueCard):
    path = f"/v1/cards/{issue()['id']}/reveal_sessions"
    first = acme.post(path, {"fields": ["pan"]}, key="one").json()
    replay = acme.post(path, {"fields": ["pan"]}, key="one").json()
    assert (replay["id"], replay["url"]) == (first["id"], None)


@pytest.mark.parametrize("body", [{}, {"fields": []}, {"fields": ["pin"]}, {"fields": "pan"}, {"fields": ["pan"], "colour": "red"}])
def test_a_wrong_wish_is_refused(acme: PartnerClient, issue: IssueCard, body: dict[str, Any]):
    assert acme.post(f"/v1/cards/{issue()['id']}/reveal_sessions", body).status_code == 422


def test_an_ended_card_shows_nothing(acme: PartnerClient, issue: IssueCard):
    card = issue()
    session = made(acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan"]}))
    done(acme.post(f"/v1/cards/{card['id']}/terminate", {"reason": "lost"}))
    assert acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan"]}).code == "card_not_revealable"
    assert frame(session).status_code == 409


def rows_with(needle: str) -> list[str]:
    """Tables in which any column of any row, as text or as bytes, holds the needle."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
                       "AND c.relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s OR t::text LIKE %s',
                           [f"%{needle}%", f"%{needle.encode().hex()}%"])
            found += [table] if cursor.fetchone()[0] else []
    return found


def test_no_table_holds_a_number(acme: PartnerClient, issue: IssueCard):
    card = issue()
    session = made(acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan", "cvv"]}))
    assert frame(session).status_code == 200
    made(acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "damaged"}))
    assert rows_with(number(card)) == []
    assert rows_with(session["url"].rpartition("/")[2]) == []
    Card.objects.update(metadata={"planted": number(card)})
    assert "cards_card" in rows_with(number(card))
