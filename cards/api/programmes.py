"""/v1/programmes, read only: what a programme fixes, its default controls and its funding (hence here, above the ledger)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards import queries
from cards.api.fields import ControlsOut
from cards.models import CardForm
from issuing_portal.api.fields import ListQuery, LowerCaseField, ObjectOut, wire_choices
from issuing_portal.api.views import ApiView
from issuing_portal.core.errors import NotFound
from issuing_portal.ledger import queries as ledger
from issuing_portal.partners.models import CardUserPolicy, Programme, ProgrammeStatus, Scheme


class FundingOut(serializers.Serializer):
    """Minor units of the programme's currency."""

    confirmed = serializers.IntegerField()
    unallocated = serializers.IntegerField()


class ProgrammeOut(ObjectOut):
    """A card programme."""

    name = serializers.CharField()
    scheme = serializers.ChoiceField(Scheme.values)
    currency = serializers.CharField()
    bin = serializers.CharField()
    bin_sponsor = serializers.CharField()
    region = serializers.CharField()
    card_forms = serializers.ListField(child=serializers.ChoiceField(CardForm.values))
    status = LowerCaseField(ProgrammeStatus.values)
    card_user_policy = serializers.ChoiceField(CardUserPolicy.values)
    default_controls = serializers.SerializerMethodField()
    funding = serializers.SerializerMethodField()

    @extend_schema_field(ControlsOut)
    def get_default_controls(self, row: Programme) -> dict[str, Any]:
        return queries.spec_of(row.pk, row)

    @extend_schema_field(FundingOut)
    def get_funding(self, row: Programme) -> dict[str, int]:
        found = ledger.funding(row.pk, row.currency)
        return {"confirmed": found.confirmed, "unallocated": found.unallocated}


class ProgrammeQuery(ListQuery):
    """Filters of the list."""

    status = serializers.ChoiceField(wire_choices(ProgrammeStatus.values), required=False)

    def validate_status(self, value: str) -> str:
        return value.upper()


class Programmes(ApiView):
    """The programmes of this key's partner and mode."""

    scope = "programmes"
    Out = ProgrammeOut
    Query = ProgrammeQuery

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.programmes_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)


class OneProgramme(ApiView):
    """One programme."""

    scope = "programmes"
    Out = ProgrammeOut

    def get(self, request: Request, programme_id: str) -> Response:
        found = queries.programmes_of(self.caller.partner_id, self.caller.livemode).filter(pk=self.id_of("programme", programme_id)).first()
        if found is None:
            raise NotFound("programme")
        return self.done(found)
