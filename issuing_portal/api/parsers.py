"""A JSON parser that takes what RFC 8259 calls interoperable and says what is wrong with the rest."""

import json
import math
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 20


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body is larger than this endpoint takes."


class StrictJSONParser(JSONParser):
    """An object in UTF-8, without NaN or infinities, doubled names, lone surrogates or more than MAX_DEPTH levels; at most API_BODY_LIMIT bytes."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            raw = stream.read(settings.API_BODY_LIMIT + 1)
        except RequestDataTooBig as error:
            raise BodyTooLarge from error
        except UnreadablePostError as error:
            raise ParseError("The body ended before it was complete.", code="malformed_json") from error
        if len(raw) > settings.API_BODY_LIMIT:
            raise BodyTooLarge
        if not raw.strip():
            return {}
        try:
            text = raw.decode("utf-8")
            body = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_no_doubles)
            json.dumps(body, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise ParseError("The body is not valid JSON in UTF-8.", code="malformed_json") from error
        if not isinstance(body, dict):
            raise ParseError("The body is a JSON object.", code="malformed_json")
        if _depth(body) > MAX_DEPTH:
            raise ParseError("The body is nested too deeply.", code="malformed_json")
        return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is out of range")
    return number


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return made


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        deepest = max(deepest, level)
        children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        if level <= MAX_DEPTH:
            waiting += [(child, level + 1) for child in children if isinstance(child, dict | list)]
    return deepest
