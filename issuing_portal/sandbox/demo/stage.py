"""The demo's stage: one council with departments and card users, some individuals, and cards in every state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from cardholders import operations as cardholders
from cardholders.models import AddressKind, Cardholder
from cards import operations as cards
from cards.models import Card
from issuing_portal.core.actors import Actor
from issuing_portal.ledger import operations as ledger
from issuing_portal.ledger.models import Account
from issuing_portal.partners.models import Programme
from issuing_portal.sandbox.demo import cast
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import Role, User
from kyc import operations as kyc

DEPARTMENT_FUNDING, PERSON_FUNDING, EMPTY_PURSE = 2_500_000, 250_000, 900
COUNCIL_CONTROLS = {"limits": [{"interval": "per_authorisation", "amount": 50_000}, {"interval": "monthly", "amount": 400_000}],
                    "blocked_mccs": ["7995"], "blocked_countries": ["SY"]}
DIRECTOR = {"role": "director", "first_name": "Edith", "last_name": "Marlowe", "date_of_birth": date(1968, 4, 11), "nationalities": ["GB"]}
TIGHT_CONTROLS = {"limits": [{"interval": "daily", "amount": 5_000}, {"interval": "weekly", "count": 8}], "channels": {"atm": False}}


@dataclass
class Stage:
    """Where it is set: the programme, the partner's actor, the staff; and what stands on it."""

    programme: Programme
    partner: Actor
    staff: dict[Role, User]
    began: datetime
    spending: list[Card] = field(default_factory=list)
    """Cards that pay."""
    refused: list[Card] = field(default_factory=list)
    """Cards that are tried in vain."""

    def somebody(self, role: Role) -> Actor:
        """A member of staff as an actor."""
        return staff.staff_actor(self.staff[role])

    def put_council(self) -> None:
        """The business with its departments, card users and their cards."""
        council = self._cardholder("business", cast.BUSINESS, days=0, columns={
            "legal_name": cast.BUSINESS, "registration_number": "AD0001", "incorporation_country": "GB", "nature_of_business": "Local government"},
            related=[DIRECTOR])
        self._approve(council, days=1)
        accounts = [self._account(council, DEPARTMENT_FUNDING, name, days=1) for name in cast.DEPARTMENTS]
        for number, name in enumerate(cast.CARD_USERS):
            user = self._person(name, number, days=1, business=council)
            self._approve(user, days=2)
            self.spending.append(self._card(user, accounts[number % len(accounts)], days=2, controls=COUNCIL_CONTROLS))

    def put_individuals(self) -> None:
        """People with money of their own: the approved ones pay, others are still asked, waiting or refused."""
        for number, name in enumerate(cast.INDIVIDUALS):
            person = self._person(name, 40 + number, days=3 + number)
            if number < 5:
                self._approve(person, days=4 + number)
                account = self._account(person, EMPTY_PURSE if number == 4 else PERSON_FUNDING, name, days=4 + number)
                self.spending.append(self._card(person, account, days=5 + number, controls=TIGHT_CONTROLS if number == 3 else None))
                if number == 0:
                    self.spending += [self._card(person, account, days=6, type=kind) for kind in ("single_use", "merchant_locked")]
                continue
            case = kyc.open_case(cardholder_id=person.pk, by=self.partner, now=self._day(4 + number))
            if number == 5:
                kyc.submit_case(case_id=case.pk, by=self.partner, now=self._day(5 + number))
            else:
                verdict = kyc.Verdict(kind="reject", reasons=["document_unreadable"]) if number == 6 else kyc.Verdict(
                    kind="request_information", requests=["proof_of_address"])
                kyc.sandbox_verdict(case_id=case.pk, verdict=verdict, by=self.partner.on("sandbox"), now=self._day(6 + number))

    def put_stopped_cards(self) -> None:
        """Cards that somebody stopped, each for another reason and by another hand."""
        owner, account = self.spending[0].cardholder, self.spending[0].account
        compliance, support, partner = self.somebody(Role.ANALYST), self.somebody(Role.SUPPORT), self.partner
        stops: list[Callable[[Card, datetime], Any]] = [
            lambda card, at: cards.freeze_card(card_id=card.pk, reason="cardholder_request", by=partner, now=at),
            lambda card, at: cards.freeze_card(card_id=card.pk, reason="partner_request", by=partner, now=at),
            lambda card, at: cards.freeze_card(card_id=card.pk, reason="lost", note="Rang us from the station.", by=support, now=at),
            lambda card, at: cards.freeze_card(card_id=card.pk, reason="compliance_review", note="Demo: a review is open.", by=compliance, now=at),
            lambda card, at: cards.terminate_card(card_id=card.pk, reason="partner_request", by=partner, now=at),
            lambda card, at: cards.replace_card(card_id=card.pk, reason="stolen", by=partner, now=at),
            lambda card, at: cards.replace_card(card_id=card.pk, reason="damaged", by=partner, now=at),
        ]
        for number, stop in enumerate(stops):
            card = self._card(owner, account, days=8)
            stop(card, self._day(9 + number))
            self.refused.append(card)
        self.refused.append(self._card(owner, account, days=8, activate=False))
        reviewed = self.refused[3]
        cards.propose_unfreeze(card_id=reviewed.pk, note="Demo: the review found nothing.", by=self.somebody(Role.COMPLIANCE_LEAD), now=self._day(20))
        expiring = self._card(owner, account, days=8, expires_on=self._day(9).date())
        cards.expire_due(by=Actor.system("cards.expire"), now=self._day(12))
        self.refused.append(expiring)

    def suspend_somebody(self) -> None:
        """One card user is suspended by the partner; the card stays ACTIVE and pays no more."""
        card = self.spending.pop(3)
        cardholders.suspend_cardholder(cardholder_id=card.cardholder_id, reason="Left the council.", by=self.partner, now=self._day(18))
        self.refused.append(card)

    def _day(self, number: int) -> datetime:
        return self.began + timedelta(days=number)

    def _person(self, name: str, number: int, *, days: int, business: Cardholder | None = None) -> Cardholder:
        first, _, last = name.partition(" ")
        born = date(1962 + number % 40, 1 + number % 12, 1 + number % 28)
        return self._cardholder("individual", name, days=days, business=business, columns={
            "first_name": first, "last_name": last, "date_of_birth": born, "nationalities": ["GB"]})

    def _cardholder(self, type: str, name: str, *, days: int, columns: dict[str, Any], business: Cardholder | None = None,
                    related: list[dict[str, Any]] | None = None) -> Cardholder:
        handle = name.lower().replace(" ", ".")
        address = {"line1": f"{len(name)} Station Road", "line2": "", "city": "Aldermoor", "region": "", "postal_code": "LS1 4AP", "country": "GB"}
        facts = cardholders.Facts(columns=columns | {"email": f"{handle}@aldermoor.example", "external_id": f"demo-{handle}"},
                                  addresses={AddressKind.MAIN: address}, related_persons=related)
        new = cardholders.NewCardholder(partner_id=self.programme.partner_id, livemode=False, programme_id=self.programme.pk, type=type, facts=facts,
                                        business_id=business.pk if business else None)
        return cardholders.create_cardholder(new=new, by=self.partner, now=self._day(days))

    def _approve(self, cardholder: Cardholder, *, days: int) -> None:
        case = kyc.open_case(cardholder_id=cardholder.pk, by=self.partner, now=self._day(days))
        later = self._day(days) + timedelta(hours=2)
        kyc.sandbox_verdict(case_id=case.pk, verdict=kyc.Verdict(kind="approve"), by=self.partner.on("sandbox"), now=later)

    def _account(self, owner: Cardholder, amount: int, name: str, *, days: int) -> Account:
        opened = self._day(days)
        account = ledger.open_account(
            programme_id=self.programme.pk, currency=self.programme.currency, cardholder_id=owner.pk,
            external_id=f"demo-{name.lower().replace(' ', '-')}", metadata={"name": name}, by=self.partner, now=opened)
        return ledger.fund_account(account_id=account.pk, amount=amount, reference="Opening", by=self.partner, now=opened + timedelta(hours=3))

    def _card(self, owner: Cardholder, account: Account, *, days: int, **spec: Any) -> Card:
        new = cards.NewCard(cardholder=UUID(str(owner.pk)), account=account.pk, **spec)
        return cards.issue_card(new=new, by=self.partner, now=self._day(days) + timedelta(hours=4))
