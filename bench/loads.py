"""What a load is, and what came of it: the two messages between the bench and its generator (JSON on its stdin and stdout)."""

import msgspec


class Load(msgspec.Struct, kw_only=True):
    """One run against one server. Open loop where `rate` is given, else closed: each connection sends as soon as it was answered."""

    port: int
    path: str
    secret: str
    cards: list[str]
    """Public ids; each request takes one by chance."""
    seconds: float
    seed: int
    run: str
    """Stands before every network reference, so that no two runs share one."""
    connections: int
    rate: int | None = None
    most: int = 0
    """Requests made ahead in a closed loop: more than can be served."""
    grace: float = 3.0
    """Seconds after the last arrival in which an answer still counts."""


class Outcome(msgspec.Struct, kw_only=True):
    """Latencies in microseconds, in a closed loop from sending, in an open one from the scheduled time."""

    answered: int
    errors: int
    unserved: int
    per_second: float
    latencies_us: list[int]
    behind_us: int
    """How late, at the 99th percentile, the generator itself was with a due request and a free connection: its share of the latencies."""
    first_error: str = ""
