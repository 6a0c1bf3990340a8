"""Is a process of ours doing its work? One small question per kind of process."""

import http.client
from collections.abc import Callable
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError

from issuing_portal.core.embedded import ports

Check = Callable[[], bool]


def answers_http(port: int, *paths: str) -> Check:
    """Every path answers 200."""

    def check() -> bool:
        connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=5)
        try:
            for path in paths:
                connection.request("GET", path, headers={"Connection": "close"})
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    return False
                connection.close()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    return check


def worker_pongs(broker_url: str, node: str) -> Check:
    """The worker of this name answers Celery's remote `ping`."""
    app = Celery("supervisor", broker=broker_url)
    app.conf.broker_transport_options = {"socket_timeout": 3, "socket_connect_timeout": 2}

    def check() -> bool:
        try:
            return bool(app.control.ping(destination=[node], timeout=0.7))
        except (OperationalError, OSError):
            return False

    return check


def touched_since(path: Path, moment: Callable[[], float]) -> Check:
    """The file was touched after that moment (seconds of the epoch)."""

    def check() -> bool:
        # A second of grace: file times are coarser than the clock.
        return path.exists() and path.stat().st_mtime >= moment() - 1

    return check
