"""`/v1/events`: what happened to a partner's own objects. Neither who of the staff did it nor why leaves the portal."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from issuing_portal.api.fields import ListQuery
from issuing_portal.api.views import ApiView
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import PREFIXES, parse_id
from issuing_portal.events import queries
from issuing_portal.events.models import Event

NOUNS = {prefix: noun for noun, prefix in PREFIXES.items()}


@extend_schema_field({"type": "string", "pattern": r"^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$", "example": "crd_01h455vb4pex5vsknk084sn02q"})
class AnyIdField(serializers.Field):
    """A TypeID of whatever noun in, its UUID inside."""

    default_error_messages = {"invalid_id": "This is not an id of ours."}

    def to_internal_value(self, data: Any) -> UUID:
        noun = NOUNS.get(str(data).partition("_")[0])
        found = parse_id(noun, data) if noun else None
        if found is None:
            self.fail("invalid_id")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value)


class EventData(serializers.Serializer):
    """What the event is about."""

    object = serializers.DictField(help_text="The object as GET showed it then.")


class EventOut(serializers.Serializer):
    """One event as partners see it."""

    id = serializers.CharField(source="public_id", read_only=True)
    object = serializers.SerializerMethodField()
    livemode = serializers.BooleanField(read_only=True)
    type = serializers.CharField(read_only=True)
    sequence = serializers.IntegerField(read_only=True, help_text="1, 2, 3 … per object: put events in order by it.")
    created_at = serializers.DateTimeField(source="occurred_at", read_only=True)
    data = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_object(self, row: Event) -> str:
        return "event"

    @extend_schema_field(EventData)
    def get_data(self, row: Event) -> dict[str, Any]:
        return {"object": queries.outside_object(row)}


class EventQuery(ListQuery):
    """Filters of the list."""

    type = serializers.RegexField(r"^[a-z0-9_]{1,40}\.[a-z0-9_]{1,40}\Z", required=False, max_length=64, help_text="For instance card.frozen.")
    subject = AnyIdField(required=False, help_text="The id of the object that the event is about.")


class Events(ApiView):
    """The events of this key's partner and mode, newest first."""

    scope = "events"
    Out = EventOut
    Query = EventQuery

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.events_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)


class OneEvent(ApiView):
    """One event."""

    scope = "events"
    Out = EventOut

    def get(self, request: Request, event_id: str) -> Response:
        found = queries.event_of(self.caller.partner_id, self.caller.livemode, self.id_of("event", event_id))
        if found is None:
            raise NotFound("event")
        return self.done(found)
