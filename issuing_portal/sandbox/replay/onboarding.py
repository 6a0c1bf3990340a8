"""The partner's side: one business, an account per department, a card user and a virtual card per (masked number, department).

Everything has an external_id made from the file, and what is there already is found by it and left alone, so a second run
makes nothing twice, however much later. People are invented: the file names none.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from issuing_portal.sandbox.replay.lines import PartnerLine, ReplayFailed
from issuing_portal.sandbox.replay.reading import PurchaseFile

SPARE = 100_000
"""Minor units that each account holds beyond its purchases."""
ADDRESS = {"line1": "1 Victoria Square", "city": "Birmingham", "postal_code": "B1 1BD", "country": "GB"}
BUSINESS = {
    "email": "cards@example.com", "address": ADDRESS,
    "business_details": {"legal_name": "Purchase replay council", "registration_number": "REPLAY01", "incorporation_country": "GB",
                         "nature_of_business": "Local government"},
    "related_persons": [{"role": "director", "individual": {"first_name": "Invented", "last_name": "Director", "date_of_birth": "1970-01-01",
                                                            "nationalities": ["GB"]}}],
}


@dataclass(frozen=True)
class Stage:
    """Where the purchases go: account id and funded amount by department, card id by (last four, department)."""

    accounts: dict[str, str]
    funded: dict[str, int]
    cards: dict[tuple[str, str], str]


@dataclass(frozen=True)
class Onboarding:
    """One run of it. `step` is told after each card that stands ready."""

    line: PartnerLine
    file: PurchaseFile
    programme: str
    clients: int
    step: Callable[[], None]

    def run(self) -> Stage:
        """Make what is missing. Raises: ReplayFailed."""
        programme = self.line.get(f"/v1/programmes/{self.programme}")
        if programme["currency"] != self.file.currency:
            raise ReplayFailed(f"the file is billed in {self.file.currency}, the programme in {programme['currency']}")
        cardholders, accounts, cards = (self._known(noun) for noun in ("cardholders", "accounts", "cards"))
        business = self._customer(cardholders.get("business"), "business", {"type": "business", **BUSINESS})
        ready = {key: self._account(accounts.get(_slug(key)), key, business) for key in self.file.departments}
        wanted = sorted({purchase.card for purchase in self.file.purchases})

        def card(pair: tuple[str, str]) -> str:
            name = f"{_slug(pair[1])}-{pair[0]}"
            found = cards.get(name) or self._card(name, pair[0], self._user(cardholders.get(name), name, pair[0], business), ready[pair[1]])
            self.step()
            return str(found["id"])

        made = dict(zip(wanted, self._spread(card, wanted), strict=True))
        funded = {key: amount + SPARE for key, amount in self.file.spent.items()}
        for key, account in ready.items():
            # An account keeps SPARE at least, so a posted balance of nothing means that it was never funded.
            if account["balance"]["posted"] == 0:
                self._post(f"/v1/accounts/{account['id']}/fund", {"amount": funded[key], "reference": "replay"}, f"fund-{_slug(key)}")
        return Stage({key: account["id"] for key, account in ready.items()}, funded, made)

    def _known(self, noun: str) -> dict[str, dict[str, Any]]:
        return {row["external_id"]: row for row in self.line.every(f"/v1/{noun}", programme=self.programme) if row["external_id"]}

    def _make(self, noun: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._post(f"/v1/{noun}", body | {"external_id": name} | ({} if noun == "cards" else {"programme": self.programme}), f"{noun}-{name}")

    def _post(self, path: str, body: dict[str, Any], what: str) -> dict[str, Any]:
        return self.line.post(path, body, key=f"replay-{self.file.fingerprint[:24]}-{what}")

    def _customer(self, known: dict[str, Any] | None, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """The cardholder, approved by the sandbox. A run that was stopped between the two left an open case."""
        cardholder = known or self._make("cardholders", name, body)
        if cardholder["kyc_status"] == "approved":
            return cardholder
        cases = self.line.every("/v1/kyc_cases", cardholder=cardholder["id"]) if known else iter(())
        case = next((case for case in cases if case["status"] != "closed"), None)
        case = case or self._post("/v1/kyc_cases", {"cardholder": cardholder["id"]}, f"case-{cardholder['id']}")
        self._post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}, f"approve-{case['id']}")
        return cardholder

    def _account(self, known: dict[str, Any] | None, department: str, business: dict[str, Any]) -> dict[str, Any]:
        body = {"cardholder": business["id"], "currency": self.file.currency, "metadata": {"department": self.file.departments[department]}}
        return known or self._make("accounts", _slug(department), body)

    def _user(self, known: dict[str, Any] | None, name: str, last4: str, business: dict[str, Any]) -> dict[str, Any]:
        body = {"type": "individual", "business": business["id"], "email": f"{name}@example.com", "address": ADDRESS,
                "individual": {"first_name": "Invented", "last_name": f"User {last4}", "date_of_birth": "1980-01-01", "nationalities": ["GB"]}}
        return self._customer(known, name, body)

    def _card(self, name: str, last4: str, user: dict[str, Any], account: dict[str, Any]) -> dict[str, Any]:
        body = {"cardholder": user["id"], "account": account["id"], "form": "virtual", "metadata": {"masked_number_ends_in": last4}}
        return self._make("cards", name, body)

    def _spread(self, make: Callable[[tuple[str, str]], str], wanted: Iterable[tuple[str, str]]) -> list[str]:
        with ThreadPoolExecutor(self.clients) as pool:
            try:
                return list(pool.map(make, wanted))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise


def _slug(department: str) -> str:
    """A department as an external_id: its ASCII letters for the reader, a hash so that no two are one."""
    letters = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in department).strip("-")
    return f"{letters[:24]}-{sha256(department.encode()).hexdigest()[:6]}"
