"""Structured logs to standard error, with a redaction that no card number and no secret survives.

Every record goes through it: ours by structlog, Django's, Celery's and the server's by the same formatter.
"""

import logging
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from issuing_portal.core.redaction import redact, redact_value


def redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: the last one before rendering."""
    return redact_value(event)


def plain_traceback(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Tracebacks as text without local variables: frames may hold card numbers."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    elif isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if found and found[0]:
        event["exception"] = "".join(traceback.format_exception(*found))
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """ProcessorFormatter whose finished line is redacted once more, whatever a renderer put together."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """The LOGGING setting, and structlog's own configuration with it."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(), cache_logger_on_first_use=False,
    )
    return {
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"lines": {
            "()": RedactingFormatter, "foreign_pre_chain": _SHARED,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, plain_traceback, redact_event, renderer],
        }},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": "INFO"}, "django.server": {"level": "WARNING"}, "axes": {"level": "WARNING"},
            "httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}, "celery": {"level": "INFO"},
        },
    }
