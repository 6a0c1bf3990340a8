"""A partner ready to use in test mode: programme, money, key and processor connection in one transaction (API.md §6)."""

from dataclasses import dataclass
from datetime import datetime

from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.ledger.operations import set_up_programme
from issuing_portal.partners import operations as partners
from issuing_portal.partners.models import ApiKey, Partner, ProcessorConnection, Programme
from issuing_portal.partners.scopes import SCOPES

TEST_BIN = "400000"
"""Visa's range that no issuer uses, so that a test number is nobody's."""
TEST_RATE = 1000


@dataclass(frozen=True)
class NewPartner:
    """What was made, with the two secrets that are shown this once."""

    partner: Partner
    programme: Programme
    key: ApiKey
    api_key: str
    connection: ProcessorConnection
    secret: str


@operation
def set_up_test_partner(*, name: str, by: Actor, now: datetime) -> NewPartner:
    """A partner with a funded GBP programme (no limits, rules or call-out), an all-scope key and a processor connection.

    Raises: PermissionRefused, InvalidInput.
    """
    partner = partners.create_partner(name=name, by=by, now=now)
    spec = partners.ProgrammeSpec(
        name=f"{partner.name} cards"[:120], scheme="visa", currency="GBP", bin=TEST_BIN, bin_sponsor="Sandbox Sponsor Bank", region="GB",
        timezone="Europe/London", card_forms=("virtual",))
    programme = set_up_programme(partner_id=partner.id, livemode=False, spec=spec, by=by, now=now)
    key, token = partners.issue_api_key(
        partner_id=partner.id, livemode=False, spec=partners.KeySpec(name="first key", scopes=SCOPES, rate_per_second=TEST_RATE), by=by, now=now)
    connection, secret = partners.create_processor_connection(
        partner_id=partner.id, livemode=False, name="Simulated processor", by=by, now=now)
    return NewPartner(partner=partner, programme=programme, key=key, api_key=token, connection=connection, secret=secret)
