"""/v1/sandbox: the network, played for test keys. Taps, clearings, reversals and refunds go through the real processor entry.

A live key gets 403 on every address here.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from authorisations.api import AuthorisationOut, SimulatedMerchant, TapBody
from issuing_portal.api.fields import AmountField, CurrencyField, NoBody, StrictSerializer, TypeIdField
from issuing_portal.api.views import ApiView
from issuing_portal.core.clock import to_wire
from issuing_portal.core.errors import DomainError
from issuing_portal.core.redaction import holds_secret
from issuing_portal.idempotency.operations import read_key
from issuing_portal.sandbox import simulation
from kyc import operations as kyc
from kyc import policy
from kyc import queries as cases
from kyc.api import CaseOut

REFERENCE = r"^[\x21-\x7e]{1,64}\Z"


class LiveKeyRefused(DomainError):
    code, status, title = "live_key_refused", 403, "The sandbox takes test keys only."


class SandboxView(ApiView):
    """What all of them share: the scope, and that live keys stay out."""

    scope = "sandbox"

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if self.caller.livemode:
            raise LiveKeyRefused


class OutcomeOut(serializers.Serializer):
    """`request` and `response` are the message and the answer of the processor entry (API.md §3)."""

    authorisation = AuthorisationOut(allow_null=True, help_text="As GET shows it; null where the message belongs to none.")
    request = serializers.DictField()
    response = serializers.DictField()
    latency_ms = serializers.IntegerField(help_text="The whole round trip, as a processor sees it.")


class MessageView(SandboxView):
    """A verb that drives the processor: outside any transaction of this request."""

    in_transaction = False
    Out = OutcomeOut

    def message(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """The body as a message under its network reference."""
        key = read_key(request.META.get("HTTP_IDEMPOTENCY_KEY"), required=False)
        reference = simulation.reference_for(by=self.by, path=request.path, key=key)
        return {"network_reference": reference} | {name: value for name, value in body.items() if value is not None}


class SandboxTap(TapBody):
    card = TypeIdField("card")
    network_reference = serializers.RegexField(REFERENCE, required=False, help_text="Absent: made from the Idempotency-Key.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _without_card_number(attrs)


class Taps(MessageView):
    """One card tap, signed and sent to the real processor entry."""

    Body = SandboxTap
    creates = True

    def post(self, request: Request) -> Response:
        body = self.body(request)
        card = body.pop("card")
        if "requested_at" in body:
            body["requested_at"] = to_wire(body["requested_at"])
        message = {"kind": "authorisation"} | self.message(request, body)
        return self.made(simulation.tap(card_id=card, message=message, by=self.by.on("sandbox")))


class Part(StrictSerializer):
    """How much of it; absent: the whole."""

    amount = AmountField(required=False)


class Clear(MessageView):
    """The merchant presents the authorisation. `final` (default true): nothing more comes, so what is left of the hold ends."""

    class Body(Part):
        final = serializers.BooleanField(required=False)

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "clear", request, authorisation_id)


class Reverse(MessageView):
    """The merchant gives up the authorisation, or a part of it."""

    Body = Part

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "reverse", request, authorisation_id)


class Increment(MessageView):
    """The merchant asks for `amount` more, and is answered as a tap is: approved or declined."""

    class Body(StrictSerializer):
        amount = AmountField()

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "increment", request, authorisation_id)


class Advise(MessageView):
    """The network tells what was decided in our place: `amount` is what is held in the end; a decline ends the hold."""

    class Body(StrictSerializer):
        amount = AmountField()
        decision = serializers.ChoiceField(["approved", "declined"], required=False, default="approved")
        decided_by = serializers.ChoiceField(["network", "processor"], required=False, default="network")

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "advise", request, authorisation_id)


class Expire(MessageView):
    """The network lets the hold lapse, or a part of it."""

    Body = Part

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "expire", request, authorisation_id)


class Refund(MessageView):
    """The merchant pays back."""

    Body = Part

    def post(self, request: Request, authorisation_id: str) -> Response:
        return _tell(self, "refund", request, authorisation_id)


class Clearings(MessageView):
    """A forced clearing: no authorisation went before it."""

    creates = True

    class Body(StrictSerializer):
        card = TypeIdField("card")
        amount = AmountField()
        currency = CurrencyField()
        merchant = SimulatedMerchant()
        network_reference = serializers.RegexField(REFERENCE, required=False, help_text="Absent: made from the Idempotency-Key.")

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            return _without_card_number(attrs)

    def post(self, request: Request) -> Response:
        body = self.body(request)
        card = body.pop("card")
        return self.made(simulation.force_clearing(card_id=card, message=self.message(request, body), by=self.by.on("sandbox")))


class CaseVerdict(SandboxView):
    """A verdict on any open case, whatever documents it has."""

    Out = CaseOut
    verdict: str

    def say(self, case_id: str, **words: Any) -> Response:
        """Speak the verdict."""
        case = cases.one(self.caller.partner_id, self.caller.livemode, self.id_of("kyc_case", case_id))
        decided = kyc.sandbox_verdict(case_id=case.pk, verdict=kyc.Verdict(**words), by=self.by.on("sandbox"), now=self.now)
        return self.done(decided)


class Approve(CaseVerdict):
    """Approve."""

    Body = NoBody

    def post(self, request: Request, case_id: str) -> Response:
        self.body(request)
        return self.say(case_id, kind="approve")


class Reject(CaseVerdict):
    """Reject; `final`: no new case may be opened."""

    @extend_schema_serializer(component_name="SandboxRejection")
    class Body(StrictSerializer):
        reasons = serializers.ListField(child=serializers.ChoiceField(list(policy.REASONS)), required=False, min_length=1, max_length=10)
        final = serializers.BooleanField(required=False, default=False)

    def post(self, request: Request, case_id: str) -> Response:
        body = self.body(request)
        rejection = kyc.Rejection.FINAL if body.pop("final") else kyc.Rejection.RETRY
        return self.say(case_id, kind="reject", rejection=rejection, **body)


class RequestInformation(CaseVerdict):
    """Ask the applicant for something."""

    @extend_schema_serializer(component_name="SandboxQuestion")
    class Body(StrictSerializer):
        requests = serializers.ListField(child=serializers.ChoiceField(list(policy.REQUESTS)), required=False, min_length=1, max_length=10)

    def post(self, request: Request, case_id: str) -> Response:
        return self.say(case_id, kind="request_information", **self.body(request))


def _tell(view: MessageView, verb: str, request: Request, authorisation_id: str) -> Response:
    message = view.message(request, view.body(request))
    found = view.id_of("authorisation", authorisation_id)
    return view.done(simulation.tell(verb=verb, authorisation_id=found, message=message, by=view.by.on("sandbox")))


def _without_card_number(attrs: dict[str, Any]) -> dict[str, Any]:
    """The merchant's texts would be kept and shown. Its id may look like a card number by chance, so it is let through."""
    for name in ("name", "city"):
        if holds_secret(attrs["merchant"].get(name, "")):
            raise serializers.ValidationError({"merchant": {name: [serializers.ErrorDetail("A card number has no place here.", code="card_number")]}})
    return attrs
