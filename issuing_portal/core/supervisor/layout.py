"""What one run of the product consists of: paths, ports, and the environment of its processes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from issuing_portal.core.embedded import ports
from issuing_portal.core.embedded.errors import LauncherError

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 8000
DEFAULT_PROCESSOR_PORT = 8001


@dataclass(frozen=True)
class Layout:
    """Where a run keeps its files and listens."""

    root: Path
    data: Path
    port: int
    processor_port: int
    remarks: tuple[str, ...] = ()

    @property
    def portal_origin(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def processor_origin(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.processor_port}"

    @property
    def env_file(self) -> Path:
        return self.data / "env"

    @property
    def run_file(self) -> Path:
        return self.data / "run.json"

    @property
    def demo_file(self) -> Path:
        return self.data / "demo.json"

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"


def choose(environment: Mapping[str, str] = os.environ, *, root: Path = ROOT) -> Layout:
    """The layout of a run that starts now: a taken port is stepped over, and `remarks` says so.

    Raises: LauncherError when PORT or PROCESSOR_PORT is no port number.
    """
    wanted = _port(environment, "PORT", DEFAULT_PORT)
    wanted_processor = _port(environment, "PROCESSOR_PORT", DEFAULT_PROCESSOR_PORT)
    port = ports.first_free(wanted, besides=frozenset({wanted_processor} - {wanted}))
    processor_port = ports.first_free(wanted_processor, besides=frozenset({port}))
    remarks = [
        f"port {asked} is taken, the {what} listens on {given} instead"
        for what, asked, given in (("portal", wanted, port), ("processor entry", wanted_processor, processor_port))
        if asked != given
    ]
    return Layout(root=root, data=root / ".data", port=port, processor_port=processor_port, remarks=tuple(remarks))


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name) or str(default)
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65536:
        raise LauncherError(f"{name} must be a port number between 1 and 65535, not {given!r}.")
    return int(given)
