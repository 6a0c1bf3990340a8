"""POST /v1/cards/{id}/reveal_sessions: the address of an isolated frame that shows a card's details once, within 60 s."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards import operations
from cards.operations.reveal import public_session
from issuing_portal.api.fields import StrictSerializer, TypeIdField
from issuing_portal.api.views import ApiView

FIELDS = ("pan", "expiry", "cvv")


class RevealBody(StrictSerializer):
    """What the frame shows."""

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a name of DRF's own on serializers, so it is put in place here."""
        return {"fields": serializers.ListField(child=serializers.ChoiceField(FIELDS), min_length=1, max_length=len(FIELDS))}


class RevealOut(serializers.Serializer):
    """A reveal session. `url` is given once: load it in a frame or a browser of the cardholder."""

    id = TypeIdField("reveal_session")
    object = serializers.ChoiceField(["reveal_session"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    card = TypeIdField("card")
    expires_at = serializers.DateTimeField()
    viewed_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField(allow_null=True, help_text="null in a replay: it is shown once.")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": serializers.ListField(child=serializers.ChoiceField(FIELDS))}

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        return instance


class RevealSessions(ApiView):
    """Open a reveal session on a card."""

    scope = "cards"
    Out = RevealOut
    Body = RevealBody
    creates = True
    shown_once = ("url",)

    def post(self, request: Request, card_id: str) -> Response:
        fields = list(dict.fromkeys(self.body(request)["fields"]))
        opened = operations.open_reveal_session(card_id=self.id_of("card", card_id), fields=fields, by=self.by, now=self.now)
        path = reverse("reveal", args=[opened.token])
        url = settings.PORTAL_ORIGIN.rstrip("/") + path if settings.PORTAL_ORIGIN else request.build_absolute_uri(path)
        return self.made({**public_session(opened.session), "url": url})
