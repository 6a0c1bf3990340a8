"""Signs of life of worker and beat, and the broker's backlog: kept in Redis, which may be down without harm."""

from datetime import datetime

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from issuing_portal.core.clock import from_wire, to_wire

log = structlog.get_logger(__name__)
KEPT_SECONDS = 86_400


def redis() -> Redis:
    """A connection that gives up quickly: health must be told even of a broker that hangs."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, decode_responses=True)


def reachable() -> bool:
    """Whether the broker answers."""
    try:
        return bool(redis().ping())
    except RedisError as error:
        log.warning("broker_unreachable", error=type(error).__name__)
        return False


def beat(name: str, *, now: datetime) -> None:
    """Write that `name` (worker, beat) was alive at `now`. Raises: RedisError."""
    redis().set(f"issuing:pulse:{name}", to_wire(now), ex=KEPT_SECONDS)


def last(name: str) -> datetime | None:
    """When `name` was last alive; None when it never was, or the broker does not answer."""
    try:
        found = redis().get(f"issuing:pulse:{name}")
    except RedisError as error:
        log.warning("broker_unreachable", error=type(error).__name__)
        return None
    return from_wire(str(found)) if found else None


def backlog(queues: tuple[str, ...]) -> dict[str, int] | None:
    """Messages that wait in each queue; None when the broker does not answer."""
    try:
        connection = redis()
        return {queue: int(connection.llen(queue)) for queue in queues}  # type: ignore[arg-type]
    except RedisError as error:
        log.warning("broker_unreachable", error=type(error).__name__)
        return None
