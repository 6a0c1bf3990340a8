"""A new VAULT_KEK: after `rotate_vault_key` everything opens without the former one, and nothing opened meanwhile changed."""

import base64
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from cards import vault
from issuing_portal.core.actors import Actor
from issuing_portal.core.crypto import CannotDecrypt, decrypt_text
from issuing_portal.events.models import Event, SubjectKey
from issuing_portal.events.operations import personal_parts
from issuing_portal.partners import operations as partners
from issuing_portal.partners import queries
from issuing_portal.partners.models import ProcessorConnection
from issuing_portal.staff.models import Authenticator, Role
from tests.characters import PartnerClient
from tests.people import person

EXPIRY = vault.Expiry(2029, 11)


def sealed_things() -> dict[str, Any]:
    """What every envelope in the database holds; processor connections with both of their secrets."""
    now = timezone.now()
    return {
        "people": {event.pk: personal_parts(event) for event in Event.objects.exclude(personal=None)},
        "connections": {row.pk: queries.connection_secrets(row.pk, now) for row in ProcessorConnection.objects.all()},
        "authenticators": {row.pk: decrypt_text(row.secret_sealed, bound_to=row.user_id.bytes) for row in Authenticator.objects.all()},
    }


@pytest.fixture
def scene(acme: PartnerClient) -> vault.VaultEntry:
    """One of each: a card number, personal event data, a processor secret amid its rotation, an authenticator."""
    person(Role.ANALYST)
    acme.active_card(amount=1_000)
    now = timezone.now()
    connection = ProcessorConnection.objects.get(partner_id=acme.programme.partner_id, livemode=False)
    partners.rotate_processor_secret(connection_id=connection.pk, overlap=timedelta(days=1), by=Actor.system("test"), now=now)
    return vault.issue_number(bin="400001", expiry=EXPIRY, now=now).entry


def test_all_is_wrapped_anew_and_opens_without_the_former_key(scene: vault.VaultEntry, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    number, before = vault.number_of(scene), sealed_things()
    assert all(before.values()) and any(before["people"].values())
    former, settings.VAULT_KEK = settings.VAULT_KEK, "second:" + base64.b64encode(secrets.token_bytes(32)).decode()
    settings.VAULT_KEK_PREVIOUS = []
    with pytest.raises(CannotDecrypt):
        sealed_things()
    settings.VAULT_KEK_PREVIOUS = [former]
    call_command("rotate_vault_key")
    assert "Nothing is left under a former key." in capsys.readouterr().out
    settings.VAULT_KEK_PREVIOUS = []
    scene.refresh_from_db()
    assert (sealed_things(), vault.number_of(scene)) == (before, number)
    assert not SubjectKey.objects.exclude(key_id="second").exists()


def test_a_second_run_finds_nothing_to_do(scene: vault.VaultEntry, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_vault_key")
    assert [line.split()[-5] for line in capsys.readouterr().out.splitlines()[:-1]] == ["0", "0", "0", "0"]
