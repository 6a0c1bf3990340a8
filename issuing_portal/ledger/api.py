"""/v1/accounts: a customer's money as partners see it."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from issuing_portal.api.fields import (
    AmountField,
    CurrencyField,
    ExternalIdField,
    ListQuery,
    MetadataField,
    NoBody,
    StrictSerializer,
    TypeIdField,
)
from issuing_portal.api.views import ApiView
from issuing_portal.core.clock import to_wire
from issuing_portal.core.ids import public_id
from issuing_portal.core.redaction import holds_secret
from issuing_portal.ledger import operations, queries
from issuing_portal.ledger.models import Account, EntryKind, Posting
from issuing_portal.ledger.wire import INSIDE, account_object


class ReferenceField(serializers.CharField):
    """The caller's own words for a movement, up to 140 characters. Card numbers are refused."""

    default_error_messages = {"card_number": "A card number has no place in a reference."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 140, "required": False, "allow_blank": True, "default": "", **kwargs})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if holds_secret(text):
            self.fail("card_number")
        return text


class BalanceOut(serializers.Serializer):
    """Minor units. available = posted − held + credit limit."""

    posted = serializers.IntegerField()
    held = serializers.IntegerField()
    available = serializers.IntegerField()


class AccountOut(serializers.Serializer):
    """A customer's money in one currency. `status` `restricted`: money arrives, none leaves."""

    # Declared for the schema; the shape itself is wire.account_object(), so that events tell the same.

    id = TypeIdField("account")
    object = serializers.ChoiceField(["account"])
    livemode = serializers.BooleanField()
    programme = TypeIdField("programme")
    cardholder = TypeIdField("cardholder", allow_null=True)
    currency = serializers.CharField()
    status = serializers.ChoiceField(list(INSIDE))
    balance = BalanceOut()
    credit_limit = serializers.IntegerField()
    external_id = serializers.CharField(allow_null=True)
    metadata = MetadataField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, account: Account) -> dict[str, Any]:
        return account_object(account)


class EntryOut(serializers.Serializer):
    """One posting on an account: `amount` is signed, positive where it raised the balance."""

    id = TypeIdField("posting")
    object = serializers.ChoiceField(["entry"])
    livemode = serializers.BooleanField()
    account = TypeIdField("account")
    journal_entry = TypeIdField("journal_entry")
    type = serializers.ChoiceField(EntryKind.values)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    balance_after = serializers.IntegerField()
    reference = serializers.CharField(allow_blank=True)
    transaction = TypeIdField("transaction", allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, posting: Posting) -> dict[str, Any]:
        entry = posting.entry
        source = entry.source_id if entry.kind in (EntryKind.CLEARING, EntryKind.REFUND) else None
        return {
            "id": posting.public_id, "object": "entry", "livemode": entry.livemode, "account": public_id("account", posting.account_id),
            "journal_entry": entry.public_id, "type": entry.kind, "amount": posting.amount_minor, "currency": posting.currency,
            "balance_after": posting.posted_after_minor, "reference": entry.reference,
            "transaction": public_id("transaction", source) if source else None,
            "created_at": to_wire(entry.booked_at), "updated_at": to_wire(entry.booked_at),
        }


class AccountView(ApiView):
    """What all views of one account share."""

    scope = "accounts"
    Out: ClassVar[type[serializers.Serializer] | None] = AccountOut

    def account(self, account_id: str) -> Account:
        return queries.account_of(self.caller.partner_id, self.caller.livemode, self.id_of("account", account_id))


class Accounts(AccountView):
    """Accounts of the programme's customers."""

    creates = True

    class Query(ListQuery):
        programme = TypeIdField("programme", required=False)
        cardholder = TypeIdField("cardholder", required=False)
        status = serializers.ChoiceField(list(INSIDE), required=False)
        external_id = serializers.CharField(max_length=120, required=False)
        currency = CurrencyField(required=False)

    class Body(StrictSerializer):
        programme = TypeIdField("programme")
        cardholder = TypeIdField("cardholder", required=False, allow_null=True)
        currency = CurrencyField()
        external_id = ExternalIdField()
        metadata = MetadataField(required=False)

    def get(self, request: Request) -> Response:
        query = self.query(request)
        rows: QuerySet[Account] = queries.accounts_of(self.caller.partner_id, self.caller.livemode, **query.filters)
        return self.page(rows, query)

    def post(self, request: Request) -> Response:
        body = self.body(request)
        return self.made(operations.open_account(
            programme_id=body["programme"], cardholder_id=body.get("cardholder"), currency=body["currency"],
            external_id=body.get("external_id"), metadata=body.get("metadata"), by=self.by, now=self.now))


class OneAccount(AccountView):
    """One account; `external_id` and `metadata` (as a whole) may be changed."""

    class Patch(StrictSerializer):
        external_id = ExternalIdField()
        metadata = MetadataField(required=False)

    def get(self, request: Request, account_id: str) -> Response:
        return self.done(self.account(account_id))

    def patch(self, request: Request, account_id: str) -> Response:
        account = self.id_of("account", account_id)
        return self.done(operations.update_account(account_id=account, changes=self.body(request), by=self.by, now=self.now))


class AmountBody(StrictSerializer):
    amount = AmountField()
    reference = ReferenceField()


class Fund(AccountView):
    """Unallocated funding of the programme → the account. Refused beyond it: 409 `insufficient_funding`."""

    key_required = True
    Body = AmountBody

    def post(self, request: Request, account_id: str) -> Response:
        account = self.id_of("account", account_id)
        return self.done(operations.fund_account(account_id=account, **self.body(request), by=self.by, now=self.now))


class Withdraw(AccountView):
    """The account → unallocated funding of the programme. Holds are protected: 409 `insufficient_funds`."""

    key_required = True
    Body = AmountBody

    def post(self, request: Request, account_id: str) -> Response:
        account = self.id_of("account", account_id)
        return self.done(operations.withdraw(account_id=account, **self.body(request), by=self.by, now=self.now))


class Transfer(AccountView):
    """The account → another one of the same programme. Answers with the source."""

    key_required = True

    class Body(AmountBody):
        to = TypeIdField("account")

    def post(self, request: Request, account_id: str) -> Response:
        account, body = self.id_of("account", account_id), self.body(request)
        return self.done(operations.transfer(
            account_id=account, to_account_id=body["to"], amount=body["amount"], reference=body["reference"], by=self.by, now=self.now))


class Close(AccountView):
    """For good, at zero and without holds: else 409 `account_not_empty`."""

    Body = NoBody

    def post(self, request: Request, account_id: str) -> Response:
        account = self.id_of("account", account_id)
        self.body(request)
        return self.done(operations.close_account(account_id=account, by=self.by, now=self.now))


class Entries(AccountView):
    """What was booked on the account, with the balance after each."""

    Out = EntryOut

    class Query(ListQuery):
        type = serializers.ChoiceField(EntryKind.values, required=False)

    def get(self, request: Request, account_id: str) -> Response:
        query = self.query(request)
        return self.page(queries.entries_of(self.account(account_id), **query.filters), query)
