"""The product's settings with one of the bench's own URL lists: the signed view that does nothing, or the plain baseline."""

import os

from issuing_portal.settings import *  # noqa: F403
from issuing_portal.settings import DATABASES, MIDDLEWARE

MIDDLEWARE.clear()
ROOT_URLCONF = os.environ["BENCH_URLS"]
if os.environ.get("ISSUING_PROCESS") != "processor":
    # The baseline is spared the question `SELECT 1` before each request.
    DATABASES["default"] |= {"CONN_HEALTH_CHECKS": False, "CONN_MAX_AGE": None}
