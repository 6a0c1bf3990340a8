"""The baseline: the same tap written plainly, with DRF, the ORM and select_for_update in one transaction.

It reads and writes the same rows as the product and holds the same limits, in the way a good Django developer would
write it on the first day: serializer, authentication class, one atomic block. It knows only what the bench sends
(an approval on an active card); it is a yardstick, not a second implementation.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from authorisations.models import Authorisation, AuthorisationMessage, NetworkReference, SpendWindow
from cards.controls import window_of
from cards.models import Card, SpendControl
from issuing_portal.core import signing
from issuing_portal.core.ids import new_id, parse_id, public_id
from issuing_portal.events.models import Event
from issuing_portal.ledger.models import Account
from issuing_portal.partners import queries as partners

STOPPED = ("SUSPENDED", "CLOSED")


class Signature(BaseAuthentication):
    """The connection that signed the request."""

    def authenticate(self, request: Request) -> tuple[partners.Connection, None]:
        connection_id = parse_id("processor_connection", request.parser_context["kwargs"]["connection_id"])
        now = timezone.now()
        found = partners.connection_in_force(connection_id, now=now) if connection_id else None
        if found is None:
            raise AuthenticationFailed
        try:
            signing.verify(secrets_in_force=found.secrets, got={name.lower(): value for name, value in request.headers.items()},
                           body=request._request.body, now=now, tolerance=settings.SIGNATURE_TOLERANCE)
        except signing.BadSignature as error:
            raise AuthenticationFailed from error
        return found, None


class MerchantIn(serializers.Serializer):
    id = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    mcc = serializers.RegexField(r"^[0-9]{4}$")
    country = serializers.RegexField(r"^[A-Z]{2}$")
    city = serializers.CharField(max_length=80, default="")


class VerificationIn(serializers.Serializer):
    cvv = serializers.CharField(max_length=64, default="not_provided")
    avs = serializers.CharField(max_length=64, default="not_provided")
    expiry = serializers.CharField(max_length=64, default="not_provided")
    pin = serializers.CharField(max_length=64, default="not_present")
    cryptogram = serializers.CharField(max_length=64, default="not_present")


class TapIn(serializers.Serializer):
    network_reference = serializers.CharField(max_length=64)
    kind = serializers.ChoiceField(["authorisation", "cash"])
    card = serializers.CharField(max_length=64)
    amount = serializers.IntegerField(min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    merchant = MerchantIn()
    channel = serializers.ChoiceField(["chip", "contactless", "magstripe", "ecommerce", "manual", "atm", "recurring"])
    finality = serializers.ChoiceField(["final", "pre_authorisation", "unknown"], default="unknown")
    verification = VerificationIn(default=dict)


class Authorise(APIView):
    """POST …/authorisations"""

    authentication_classes = [Signature]
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []
    parser_classes = [JSONParser]

    def post(self, request: Request, connection_id: str) -> Response:
        tap = TapIn(data=request.data)
        tap.is_valid(raise_exception=True)
        line = request.user
        assert isinstance(line, partners.Connection)
        return Response(authorise(tap.validated_data, line, timezone.now()))


@transaction.atomic
def authorise(tap: dict[str, Any], line: partners.Connection, now: datetime) -> dict[str, Any]:
    """Lock card and account, look, count, write."""
    known = NetworkReference.objects.filter(connection_id=line.id, kind=tap["kind"], network_reference=tap["network_reference"]).first()
    if known:
        return known.answer
    card = (Card.objects.select_for_update(of=("self",)).select_related("cardholder", "programme")
            .get(pk=parse_id("card", tap["card"]), partner_id=line.partner_id, livemode=line.livemode))
    account = Account.objects.select_for_update().get(pk=card.account_id)
    reason = refusal(tap, card, account, now)
    taken = [] if reason else take_windows(tap, card, now)
    if taken is None:
        reason, taken = "limit_exceeded", []
    if not reason:
        account.held_minor += tap["amount"]
        account.save(update_fields=["held_minor"])
    return record(tap, line, card, account, reason, taken, now)


def refusal(tap: dict[str, Any], card: Card, account: Account, now: datetime) -> str:
    """The reason to decline, or ""."""
    if card.status != "ACTIVE":
        return "card_inactive"
    if card.expires_on < now.date():
        return "card_expired"
    if card.cardholder.status in STOPPED or card.cardholder.kyc_status != "APPROVED":
        return "cardholder_not_active"
    if account.status != "OPEN" or account.currency != tap["currency"]:
        return "account_restricted"
    if account.posted_minor - account.held_minor + account.credit_limit_minor < tap["amount"]:
        return "insufficient_funds"
    return ""


def take_windows(tap: dict[str, Any], card: Card, now: datetime) -> list[SpendWindow] | None:
    """Every limit of every control in force, counted; None where one is exceeded."""
    taken = []
    owners = [card.pk, card.cardholder_id, card.account_id, card.programme_id]
    for control in SpendControl.objects.filter(owner_id__in=owners, active_to=None).order_by("owner_id"):
        if tap["merchant"]["mcc"] in control.spec["blocked_mccs"] or tap["merchant"]["country"] in control.spec["blocked_countries"]:
            return None
        for limit in control.spec["limits"]:
            starts_at, ends_at = window_of(limit["interval"], control.spec["timezone"], now)
            owner = card.windows_id if control.owner_id == card.pk else control.owner_id
            window, _ = SpendWindow.objects.select_for_update().get_or_create(
                owner_id=owner, limit_key=limit["interval"], starts_at=starts_at, defaults={"ends_at": ends_at})
            if window.spent_minor + tap["amount"] > limit["amount"]:
                return None
            window.spent_minor += tap["amount"]
            window.count += 1
            window.save(update_fields=["spent_minor", "count"])
            taken.append(window)
    return taken


def record(tap: dict[str, Any], line: partners.Connection, card: Card, account: Account, reason: str, taken: list[SpendWindow],
           now: datetime) -> dict[str, Any]:
    """Authorisation, message, event and reference."""
    amount, merchant = 0 if reason else tap["amount"], tap["merchant"]
    found = "DECLINED" if reason else "APPROVED"
    authorisation = Authorisation.objects.create(
        partner_id=line.partner_id, livemode=line.livemode, programme_id=card.programme_id, account=account, card=card, cardholder=card.cardholder,
        connection_id=line.id, network_reference=tap["network_reference"], kind=tap["kind"], status=found, reason=reason or "approved",
        amount_minor=tap["amount"], currency=tap["currency"], approved_minor=amount, held_minor=amount, merchant_id=merchant["id"],
        merchant_name=merchant["name"], merchant_city=merchant["city"], merchant_country=merchant["country"], mcc=merchant["mcc"],
        channel=tap["channel"], latency_us=0, requested_at=now, created_at=now, updated_at=now, hold_expires_at=now + timedelta(days=7),
        windows=[[str(one.owner_id), one.limit_key, one.starts_at.isoformat(), amount, 1] for one in taken])
    answer = {"decision": found.lower(), "reason": reason or "approved", "approved_amount": amount,
              "authorisation": public_id("authorisation", authorisation.pk), "currency": tap["currency"],
              "available": account.posted_minor - account.held_minor + account.credit_limit_minor}
    message = AuthorisationMessage.objects.create(
        partner_id=line.partner_id, livemode=line.livemode, authorisation_id=authorisation.pk, connection_id=line.id, kind=tap["kind"],
        network_reference=tap["network_reference"], amount_minor=tap["amount"], currency=tap["currency"], payload=tap, answer=answer,
        received_at=now)
    Event.objects.create(
        id=new_id(), type="authorisation." + found.lower(), partner_id=line.partner_id, livemode=line.livemode, programme_id=card.programme_id,
        subject_noun="authorisation", subject_id=authorisation.pk, sequence=1, actor={"kind": "processor", "id": str(line.id)}, data=answer,
        occurred_at=now)
    NetworkReference.objects.create(
        connection_id=line.id, kind=tap["kind"], network_reference=tap["network_reference"], answer=answer, message_id=message.pk,
        fingerprint=hashlib.sha256(str(sorted(tap)).encode()).digest(), authorisation_id=authorisation.pk)
    return answer
