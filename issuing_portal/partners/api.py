"""`/v1/api_keys`: a partner's own keys. A secret is in the answer that made it, and nowhere else."""

from datetime import UTC, timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from issuing_portal.api.fields import ListQuery, PlainTextField, StrictSerializer, TypeIdField
from issuing_portal.api.views import ApiView
from issuing_portal.partners import operations, queries
from issuing_portal.partners.models import ApiKey
from issuing_portal.partners.scopes import SCOPES


class ApiKeyOut(serializers.Serializer):
    """A key without what opens anything."""

    id = TypeIdField("api_key")
    object = serializers.ChoiceField(["api_key"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    name = serializers.CharField()
    last4 = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    allowed_networks = serializers.ListField(child=serializers.CharField(), help_text="CIDR; empty: from anywhere")
    rate_per_second = serializers.IntegerField(allow_null=True, help_text="null: the installation's default")
    status = serializers.ChoiceField(["active", "rotating", "expired", "revoked"], help_text="rotating: replaced, in its overlap")
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="to the minute")
    replaces = TypeIdField("api_key", allow_null=True)
    replaced_by = TypeIdField("api_key", allow_null=True)

    def to_representation(self, key: ApiKey) -> dict[str, Any]:
        return queries.key_facts(key, now=self.context["now"])


class NewApiKeyOut(ApiKeyOut):
    """A key with its secret, shown this once; a replay gives null."""

    secret = serializers.CharField(allow_null=True, help_text="ip_test_… or ip_live_…")


class NewApiKey(StrictSerializer):
    """A key reaches no further than the one that makes it: no other mode, no scope and no network that it lacks."""

    name = PlainTextField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES))
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default_timezone=UTC)
    allowed_networks = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=50)


class Rotation(StrictSerializer):
    """How long the old key goes on beside the new one."""

    overlap_seconds = serializers.IntegerField(min_value=0, max_value=604_800, default=86_400)


class Revocation(StrictSerializer):
    """Why, if there is something to say."""

    reason = PlainTextField(max_length=500, required=False, allow_blank=True, default="")


class ApiKeys(ApiView):
    scope = "api_keys"
    Out = ApiKeyOut
    Created = NewApiKeyOut
    Query = ListQuery
    Body = NewApiKey
    creates = True
    shown_once = ("secret",)

    def get(self, request: Request) -> Response:
        """The keys of the calling key's mode, newest first."""
        query = self.query(request)
        return self.page(queries.keys_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)

    def post(self, request: Request) -> Response:
        """Make a key. Its secret is shown in this answer alone."""
        body = self.body(request)
        spec = operations.KeySpec(name=body["name"], scopes=tuple(body["scopes"]), expires_at=body.get("expires_at"),
                                  allowed_networks=tuple(body.get("allowed_networks", ())))
        key, secret = operations.issue_api_key(
            partner_id=self.caller.partner_id, livemode=self.caller.livemode, spec=spec, by=self.by, now=self.now)
        return Response(self.shown(key) | {"secret": secret}, status=201)


class OneApiKey(ApiView):
    scope = "api_keys"
    Out = ApiKeyOut

    def get(self, request: Request, key_id: str) -> Response:
        """One key."""
        return self.done(queries.key_of(self.caller.partner_id, self.caller.livemode, self.id_of("api_key", key_id)))


class RotateApiKey(ApiView):
    scope = "api_keys"
    Out = NewApiKeyOut
    Body = Rotation
    shown_once = ("secret",)

    def post(self, request: Request, key_id: str) -> Response:
        """A new key with the rights of the old one, which ends after the overlap. The answer is the new key."""
        body = self.body(request)
        old = queries.key_of(self.caller.partner_id, self.caller.livemode, self.id_of("api_key", key_id))
        key, secret = operations.rotate_api_key(key_id=old.id, overlap=timedelta(seconds=body["overlap_seconds"]), by=self.by, now=self.now)
        return Response(self.shown(key) | {"secret": secret})


class RevokeApiKey(ApiView):
    scope = "api_keys"
    Out = ApiKeyOut
    Body = Revocation

    def post(self, request: Request, key_id: str) -> Response:
        """The key is dead at once."""
        body = self.body(request)
        key = queries.key_of(self.caller.partner_id, self.caller.livemode, self.id_of("api_key", key_id))
        return self.done(operations.revoke_api_key(key_id=key.id, reason=body["reason"], by=self.by, now=self.now))
