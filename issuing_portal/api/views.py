"""The base of every API view: one class per URL, its serializers beside it (STYLE §16).

A view declares what it takes and gives, and the schema is drawn from the same attributes:

    class Cards(ApiView):
        scope = "cards"                    # cards:read for GET, cards:write for the rest
        Out = CardOut                      # what one object looks like
        Query = CardQuery                  # makes GET a list, with these parameters
        Body = NewCard                     # the body of POST (Patch: of PATCH, Put: of PUT)
        creates = True                     # POST answers 201
        key_required = True                # POST without Idempotency-Key is a 400

        def get(self, request):
            query = self.query(request)
            return self.page(queries.cards_of(self.caller, **query.filters), query)

        def post(self, request):
            return self.made(operations.issue_card(**self.body(request), by=self.by, now=self.now))

POST and PATCH answer once per Idempotency-Key by themselves: __init_subclass__ wraps them.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from issuing_portal.api.authentication import Caller
from issuing_portal.api.fields import ListQuery
from issuing_portal.api.pagination import page_of
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import parse_id
from issuing_portal.idempotency import operations as idempotency


@dataclass(frozen=True)
class ListRequest:
    """The validated query of a list: paging apart, filters by field name."""

    limit: int
    cursor: str | None
    filters: dict[str, Any]


class AlwaysJson(BaseContentNegotiation):
    """The API speaks JSON whatever Accept says."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        media = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """See the module. `self.caller`, `self.by` and `self.now` are the partner, the actor and the clock of this request."""

    scope: ClassVar[str]
    Out: ClassVar[type[serializers.Serializer] | None] = None
    Created: ClassVar[type[serializers.Serializer] | None] = None
    """What POST answers, where it is more than Out (a secret shown once)."""
    Query: ClassVar[type[ListQuery] | None] = None
    Body: ClassVar[type[serializers.Serializer] | None] = None
    Patch: ClassVar[type[serializers.Serializer] | None] = None
    Put: ClassVar[type[serializers.Serializer] | None] = None
    creates: ClassVar[bool] = False
    key_required: ClassVar[bool] = False
    shown_once: ClassVar[tuple[str, ...]] = ()
    """Fields of the answer that a replay gives as null."""
    in_transaction: ClassVar[bool] = True
    """False for the sandbox's verbs that drive the processor: their effect commits on its own, under a reference from the key."""
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("post", "patch"):
            if name in cls.__dict__:
                setattr(cls, name, _once(cls.__dict__[name]))

    @property
    def caller(self) -> Caller:
        return cast(Caller, self.request.user)

    @property
    def by(self) -> Actor:
        return self.caller.actor

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    def body(self, request: Request) -> dict[str, Any]:
        """The validated body of this method."""
        taker = {"PUT": self.Put, "PATCH": self.Patch}.get(request.method or "") or self.Body
        assert taker is not None
        checked = taker(data=request.data, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def query(self, request: Request) -> ListRequest:
        """The validated query string; an unknown or doubled parameter is a 422."""
        assert self.Query is not None
        for name, values in request.query_params.lists():
            if len(values) > 1:
                raise serializers.ValidationError({name: [serializers.ErrorDetail("Once is enough.", code="doubled")]})
        checked = self.Query(data=request.query_params.dict(), context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        filters = dict(checked.validated_data)
        return ListRequest(limit=filters.pop("limit"), cursor=filters.pop("cursor", None), filters=filters)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        takes_query = request.method in ("GET", "HEAD") and self.Query is not None
        if request.query_params and not takes_query:
            raise serializers.ValidationError({name: [serializers.ErrorDetail("This parameter is not known here.", code="unknown_field")]
                                               for name in request.query_params})

    def id_of(self, noun: str, text: str) -> UUID:
        """The UUID in a path; what is no id of this noun is simply not there."""
        found = parse_id(noun, text)
        if found is None:
            raise NotFound(noun.replace("_", " "))
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        return {"view": self, "caller": self.request.user, "now": self.now}

    def shown(self, row: Any) -> dict[str, Any]:
        assert self.Out is not None
        return self.Out(row, context=self.get_serializer_context()).data

    def made(self, row: Any) -> Response:
        """201 with the new object."""
        return Response(self.shown(row), status=201)

    def done(self, row: Any) -> Response:
        """200 with the object as GET shows it."""
        return Response(self.shown(row))

    def page(self, rows: QuerySet[Any], query: ListRequest) -> Response:
        """One page of a list, newest first."""
        assert self.Out is not None
        found, has_more, next_cursor = page_of(rows, limit=query.limit, cursor=query.cursor)
        data = self.Out(found, many=True, context=self.get_serializer_context()).data
        return Response({"data": data, "has_more": has_more, "next_cursor": next_cursor})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        limit = getattr(request._request, "rate_limit", None)
        if limit:
            response["RateLimit-Limit"], response["RateLimit-Remaining"], response["RateLimit-Reset"] = map(str, limit)
        response["Cache-Control"] = "no-store"
        return response


def _once(verb: Any) -> Any:
    """Answer a POST or PATCH once per Idempotency-Key (API.md §1); see idempotency.operations."""

    @wraps(verb)
    def answer(self: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = idempotency.read_key(request.META.get("HTTP_IDEMPOTENCY_KEY"), required=self.key_required and request.method == "POST")
        asked = idempotency.Asked(partner_id=self.caller.partner_id, livemode=self.caller.livemode, key=key,
                                  method=request.method or "", path=request.path, body=request.data)

        def run() -> idempotency.Answer:
            response = verb(self, request, *args, **kwargs)
            return idempotency.Answer(status=response.status_code, body=json.loads(JSONRenderer().render(response.data)))

        given = idempotency.answer_once(asked, run=run, shown_once=self.shown_once, in_transaction=self.in_transaction, by=self.by, now=self.now)
        response = Response(given.body, status=given.status)
        if given.replayed:
            response["Idempotency-Replayed"] = "true"
        return response

    return answer
