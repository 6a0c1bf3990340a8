"""`/v1/kyc_cases`: the partner opens a case, hands it in, may take it back, and reads where it stands."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cardholders import queries as cardholders
from issuing_portal.api.fields import ListQuery, NoBody, StrictSerializer, TypeIdField, wire_choices
from issuing_portal.api.views import ApiView
from issuing_portal.core.errors import InvalidInput, NotFound
from kyc import operations, queries, representation
from kyc.models import Case, CaseKind, CaseOutcome, CaseStatus

OUTSIDE_STATUSES = wire_choices([status for status in CaseStatus.values if status != CaseStatus.AWAITING_SECOND_APPROVAL])


class TextOut(serializers.Serializer):
    """A stable code and a text that the applicant may read."""

    code = serializers.CharField()
    text = serializers.CharField()


class CaseDocumentOut(serializers.Serializer):
    """Filled when documents are taken."""

    id = serializers.CharField()


class CaseOut(serializers.Serializer):
    """The public object; its values come from representation.public, only these members leave."""

    id = serializers.CharField()
    object = serializers.ChoiceField(choices=["kyc_case"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    cardholder = serializers.CharField()
    programme = serializers.CharField()
    kind = serializers.ChoiceField(choices=wire_choices(CaseKind.values))
    status = serializers.ChoiceField(choices=OUTSIDE_STATUSES)
    outcome = serializers.ChoiceField(choices=wire_choices(CaseOutcome.values), allow_null=True)
    retry_allowed = serializers.BooleanField(allow_null=True, help_text="Of a rejection: whether a new case may be opened.")
    reasons = TextOut(many=True)
    documents = CaseDocumentOut(many=True)
    requested_information = TextOut(many=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(representation.public(instance))


class NewCase(StrictSerializer):
    cardholder = TypeIdField("cardholder")


class CaseQuery(ListQuery):
    status = serializers.ChoiceField(choices=OUTSIDE_STATUSES, required=False)
    outcome = serializers.ChoiceField(choices=wire_choices(CaseOutcome.values), required=False)
    cardholder = TypeIdField("cardholder", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value.upper() if name in ("status", "outcome") else value for name, value in attrs.items()}


class CaseView(ApiView):
    """What all of them share."""

    scope = "kyc_cases"
    Out = CaseOut

    def one(self, case_id: str) -> Case:
        """The caller's case of that id. Raises: NotFound."""
        return queries.one(self.caller.partner_id, self.caller.livemode, self.id_of("kyc_case", case_id))


class Cases(CaseView):
    """Open a case; list them."""

    Query = CaseQuery
    Body = NewCase
    creates = True

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.cases_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)

    def post(self, request: Request) -> Response:
        wanted = self.body(request)["cardholder"]
        try:
            cardholder = cardholders.one(self.caller.partner_id, self.caller.livemode, wanted)
        except NotFound as missing:
            raise InvalidInput(("cardholder", "not_found", "There is no such cardholder.")) from missing
        return self.made(operations.open_case(cardholder_id=cardholder.id, by=self.by, now=self.now))


class CaseOne(CaseView):
    """One case."""

    def get(self, request: Request, case_id: str) -> Response:
        return self.done(self.one(case_id))


class CaseSubmit(CaseView):
    """Hand the case in, or answer what was asked."""

    Body = NoBody

    def post(self, request: Request, case_id: str) -> Response:
        case = self.one(case_id)
        self.body(request)
        return self.done(operations.submit_case(case_id=case.id, by=self.by, now=self.now))


class CaseWithdraw(CaseView):
    """Take an open case back."""

    Body = NoBody

    def post(self, request: Request, case_id: str) -> Response:
        case = self.one(case_id)
        self.body(request)
        return self.done(operations.withdraw_case(case_id=case.id, by=self.by, now=self.now))
