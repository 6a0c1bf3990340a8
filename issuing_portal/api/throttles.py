"""Atomic rate limits per API key, counted in Redis (library `limits`); in this process's memory while Redis is away."""

import math
import time
from functools import lru_cache
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.utils import timezone
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = structlog.get_logger(__name__)


AWAY_FOR = 2.0
"""After a failure the shared counter is left alone for these seconds, so that an outage does not slow every request."""


@lru_cache(maxsize=1)
def shared() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2))


@lru_cache(maxsize=1)
def local() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


class KeyThrottle(BaseThrottle):
    """One bucket per key and second; leaves limit, remaining and reset on the request for the answer's headers."""

    away_until: ClassVar[float] = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        caller: Any = request.user
        if caller is None:
            return True
        rate = RateLimitItemPerSecond(caller.key.rate_per_second or settings.API_RATE_PER_SECOND)
        allowed, reset, remaining = self._counted(rate, str(caller.key.id))
        self.reset_in = max(1, math.ceil(reset - timezone.now().timestamp()))
        request._request.rate_limit = (rate.amount, max(0, remaining), self.reset_in)  # type: ignore[attr-defined]
        return allowed

    @classmethod
    def _counted(cls, rate: RateLimitItemPerSecond, key: str) -> tuple[bool, float, int]:
        if time.monotonic() >= cls.away_until:
            try:
                return cls._hit(shared(), rate, key)
            except RedisError as error:
                cls.away_until = time.monotonic() + AWAY_FOR
                log.warning("rate_limit_local", error=type(error).__name__)
        return cls._hit(local(), rate, key)

    @staticmethod
    def _hit(limiter: FixedWindowRateLimiter, rate: RateLimitItemPerSecond, key: str) -> tuple[bool, float, int]:
        allowed = limiter.hit(rate, "api", key)
        stats = limiter.get_window_stats(rate, "api", key)
        return allowed, stats.reset_time, stats.remaining

    def wait(self) -> float:
        return self.reset_in
