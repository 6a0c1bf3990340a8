"""What the bench's database holds: one partner, and as many cards as asked for, each with an account, a person and two limits.

One card is made by the product's own operations and taps once; the others are copies of its rows, written set-wise in SQL
with triggers off (a superuser's right, in a scratch cluster that is deleted afterwards). A copy takes every column that it
is not told to change from the first row, so that this page does not follow the schema.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from issuing_portal.core.ids import public_id

HOT_CARDS = 100
"""All on one account: a department's purse, not one card in a hundred hands."""
MONEY = 10**13
LIMIT = 10**12
BLOCKS = {"card": "019b0000", "account": "019b0001", "user": "019b0002", "control": "019b0003", "vault": "019b0004", "windows": "019b0005"}
"""The first eight digits of made ids, by what they name; the last twelve are the number of the card, in decimal."""
HISTORY_SECONDS = 14 * 86_400


def made_id(what: str, number: int) -> UUID:
    """The id of card (account, person …) `number`."""
    return UUID(f"{BLOCKS[what]}-0000-7000-8000-{number:012d}")


def sql_id(what: str, number: str) -> str:
    """made_id as a text expression in SQL; `number` is an SQL expression too."""
    return f"'{BLOCKS[what]}-0000-7000-8000-' || lpad(({number})::text, 12, '0')"


@dataclass(frozen=True)
class Scene:
    """Who taps: the connection's public id, and how many cards there are."""

    connection: str
    cards: int

    def card(self, number: int) -> str:
        return public_id("card", made_id("card", number))

    @property
    def hot_cards(self) -> list[str]:
        """The cards that share one account: numbered after all others."""
        return [self.card(self.cards + number) for number in range(1, HOT_CARDS + 1)]


@dataclass(frozen=True)
class Template:
    """The rows that are copied."""

    card: UUID
    account: UUID
    cardholder: UUID
    vault_entry: UUID
    control: UUID
    authorisation: UUID


def first_card(*, now: datetime) -> tuple[Any, Any]:
    """(partner as new_partner makes it, its first card with two limits), by the product's operations."""
    from cardholders import operations as cardholders
    from cardholders.models import AddressKind, KycStatus
    from cards import operations as cards
    from issuing_portal.core.actors import Actor
    from issuing_portal.ledger import operations as ledger
    from issuing_portal.sandbox.operations.partners import set_up_test_partner

    made = set_up_test_partner(name="Bench", by=Actor.system("bench", "command"), now=now)
    by = Actor(kind="api_key", id=made.key.id, label="bench", channel="api", partner_id=made.partner.id, livemode=False)
    columns = {"first_name": "Ada", "last_name": "Bench", "date_of_birth": date(1980, 1, 1), "nationalities": ["GB"], "email": "ada@bench.example"}
    address = {"line1": "1 Station Road", "line2": "", "city": "Leeds", "region": "", "postal_code": "LS1 4AP", "country": "GB"}
    person = cardholders.create_cardholder(new=cardholders.NewCardholder(
        partner_id=made.partner.id, livemode=False, programme_id=made.programme.pk, type="individual", business_id=None,
        facts=cardholders.Facts(columns=columns, addresses={AddressKind.MAIN: address}, related_persons=None)), by=by, now=now)
    cardholders.mark_kyc(cardholder_id=person.pk, kyc_status=KycStatus.APPROVED, by=Actor.system("bench", "command"), now=now)
    account = ledger.open_account(programme_id=made.programme.pk, currency="GBP", cardholder_id=person.pk, by=by, now=now)
    ledger.fund_account(account_id=account.pk, amount=1_000_000, reference="bench", by=by, now=now)
    limits = [{"interval": interval, "amount": LIMIT} for interval in ("daily", "monthly")]
    card = cards.issue_card(new=cards.NewCard(cardholder=person.pk, account=account.pk, controls={"limits": limits}), by=by, now=now)
    return made, card


def copies(table: str, template: str, changes: dict[str, str], count: str) -> str:
    """INSERT of one copy of the row `template` (a condition) for each `n` of a series; `changes`: column → SQL expression."""
    pairs = ", ".join(f"'{column}', {expression}" for column, expression in changes.items())
    return (f"INSERT INTO {table} SELECT copied.* FROM (SELECT * FROM {table} WHERE {template}) AS first, generate_series({count}) AS n, "  # noqa: S608
            f"jsonb_populate_record(NULL::{table}, to_jsonb(first) || jsonb_build_object({pairs})) AS copied")


def fill(admin_url: str, template: Template, *, cards: int, history: int, now: datetime) -> None:
    """Make the cards, the hot ones after them, and `history` cleared authorisations with their references."""
    every, owned = f"1, {cards + HOT_CARDS}", f"least(n, {cards + 1})"
    windows_owner = "(SELECT owner_id FROM authorisations_spendwindow ORDER BY id LIMIT 1)"
    statements = [
        copies("cardholders_cardholder", f"id = '{template.cardholder}'", {"id": sql_id("user", "n")}, every),
        copies("ledger_account", f"id = '{template.account}'", {
            "id": sql_id("account", "n"), "cardholder_id": sql_id("user", "n"), "posted_minor": str(MONEY), "held_minor": "0"}, f"1, {cards + 1}"),
        copies("cards_vaultentry", f"id = '{template.vault_entry}'", {
            "id": sql_id("vault", "n"), "pan_hash": "'\\x' || encode(sha256(convert_to('bench ' || n, 'UTF8')), 'hex')"}, every),
        copies("cards_card", f"id = '{template.card}'", {
            "id": sql_id("card", "n"), "cardholder_id": sql_id("user", "n"), "account_id": sql_id("account", owned),
            "vault_entry_id": sql_id("vault", "n"), "windows_id": sql_id("windows", "n")}, every),
        copies("cards_spendcontrol", f"id = '{template.control}'", {"id": sql_id("control", "n"), "owner_id": sql_id("card", "n")}, every),
        copies("authorisations_spendwindow", f"owner_id = {windows_owner}", {
            "id": "nextval(pg_get_serial_sequence('authorisations_spendwindow', 'id'))", "owner_id": sql_id("windows", "n"),
            "spent_minor": "0", "count": "0"}, every),
    ]
    if history:
        statements += _history(template, cards=cards, count=history, now=now)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for statement in statements:
            admin.execute(statement)
        admin.execute("VACUUM ANALYZE")
        admin.execute("CHECKPOINT")


def _history(template: Template, *, cards: int, count: int, now: datetime) -> list[str]:
    """Cleared authorisations of the last fortnight, spread over the cards, and their rows of the reference table."""
    spread = f"1 + (n::bigint * 7919) % {cards}"
    first_ms = int(now.timestamp() - HISTORY_SECONDS) * 1000
    made_at = f"lpad(to_hex({first_ms} + n::bigint * {HISTORY_SECONDS * 1000} / {count}), 12, '0')"
    identity = f"left({made_at}, 8) || '-' || right({made_at}, 4) || '-7000-8000-' || lpad(n::text, 12, '0')"
    row = f"id = '{template.authorisation}'"
    return [
        copies("authorisations_authorisation", row, {
            "id": identity, "card_id": sql_id("card", spread), "account_id": sql_id("account", spread), "cardholder_id": sql_id("user", spread),
            "network_reference": "'history' || n", "status": "'CLEARED'", "held_minor": "0", "cleared_minor": "1250"}, f"1, {count}"),
        copies("authorisations_networkreference", f"authorisation_id = '{template.authorisation}'", {
            "id": "nextval(pg_get_serial_sequence('authorisations_networkreference', 'id'))", "network_reference": "'history' || n",
            "authorisation_id": identity}, f"1, {count}"),
    ]
