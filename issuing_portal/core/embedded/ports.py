"""TCP ports on the loopback address."""

import socket

from issuing_portal.core.embedded.errors import LauncherError

LOOPBACK = "127.0.0.1"
STEPS = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that a port in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port that the system says is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def first_free(wanted: int, *, besides: frozenset[int] = frozenset()) -> int:
    """The wanted port, or the next one above it that is free and not in `besides`.

    Raises: LauncherError when a hundred ports in a row are taken.
    """
    for port in range(wanted, min(wanted + STEPS, 65536)):
        if port not in besides and is_free(port):
            return port
    raise LauncherError(f"No free port between {wanted} and {wanted + STEPS - 1}; choose another with PORT or PROCESSOR_PORT.")
