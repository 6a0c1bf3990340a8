"""`manage.py new_partner`: the door for clients in any language (API §6)."""

import base64
import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from issuing_portal.core.ids import parse_id
from issuing_portal.partners.models import ApiKey, Partner, Programme
from issuing_portal.partners.operations import connections
from issuing_portal.partners.scopes import SCOPES
from tests.characters import PartnerClient


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("new_partner", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_exactly_the_names_of_the_contract(db):
    made = json.loads(run("Initech", "--json"))
    assert set(made) == {"partner", "api_key", "programme", "processor"}
    assert set(made["processor"]) == {"connection", "secret"}
    assert re.fullmatch(r"ip_test_[0-9A-Za-z]{44}", made["api_key"])
    assert len(base64.b64decode(made["processor"]["secret"].removeprefix("whsec_"), validate=True)) == 32
    for noun, value in (("partner", made["partner"]), ("programme", made["programme"]), ("processor_connection", made["processor"]["connection"])):
        assert parse_id(noun, value)


def test_the_partner_can_work_at_once(db):
    made = json.loads(run("Initech", "--json"))
    partner = Partner.objects.get(pk=parse_id("partner", made["partner"]))
    key = ApiKey.objects.get(partner=partner)
    assert (set(key.scopes), key.livemode, key.rate_per_second >= 100) == (set(SCOPES), False, True)
    initech = PartnerClient(partner, Programme.objects.get(partner=partner), made["api_key"])
    programme = initech.get(f"/v1/programmes/{made['programme']}").json()
    assert (programme["currency"], programme["scheme"], programme["status"], programme["card_user_policy"]) == ("GBP", "visa", "active", "full_kyc")
    assert programme["funding"]["unallocated"] == 10**11
    card = initech.active_card(amount=5_000)
    assert (card["status"], card["livemode"]) == ("active", False)


def test_without_json_it_is_for_a_reader(db):
    text = run("Initech")
    assert "shown this once" in text and "ip_test_" in text and "whsec_" in text


def test_all_or_nothing(db, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no secret today")

    monkeypatch.setattr(connections, "encrypt_text", broken)
    with pytest.raises(RuntimeError):
        run("Initech", "--json")
    assert not Partner.objects.exists()


def test_a_name_is_wanted(db):
    with pytest.raises(CommandError):
        run(" ", "--json")
