"""A signed Django view that does nothing: what HTTP, Granian, Django and HMAC cost before there is any decision."""

import os
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from issuing_portal.core import signing

SECRET = os.environ.get("BENCH_SECRET", "")
TOLERANCE = timedelta(seconds=300)
ANSWER = b'{"decision":"approved"}'


@csrf_exempt
def nothing(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Verify the signature over the body and approve."""
    body = request.read()
    headers = {name: request.META.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in (signing.ID, signing.TIMESTAMP, signing.SIGNATURE)}
    try:
        signing.verify(secrets_in_force=(SECRET,), got=headers, body=body, now=timezone.now(), tolerance=TOLERANCE)
    except signing.BadSignature:
        return HttpResponse(status=401)
    return HttpResponse(ANSWER, content_type="application/json")
