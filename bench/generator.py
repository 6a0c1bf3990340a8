"""The load generator: one process of its own, one thread, keep-alive sockets and select().

`python -m bench.generator` reads a Load and writes an Outcome. Requests are signed and put into bytes before the clock
starts, so that it spends some tens of microseconds on each while it measures; select() and not epoll, whose timeout is
counted in whole milliseconds. It imports no Django.
"""

import gc
import json
import random
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

import msgspec

from bench.figures import arrivals, percentile
from bench.loads import Load, Outcome
from issuing_portal.core import signing

LEAD_IN = 0.02
HOST = "127.0.0.1"


def body_of(reference: str, card: str) -> bytes:
    """One authorisation as processors send it (API.md §3)."""
    return json.dumps({
        "network_reference": reference, "kind": "authorisation", "card": card, "amount": 1250, "currency": "GBP",
        "merchant": {"id": "333301802529120", "name": "COFFEE SHOP", "mcc": "5814", "city": "LEEDS", "country": "GB"},
        "channel": "contactless", "finality": "final",
        "verification": {"cvv": "match", "avs": "not_provided", "expiry": "match", "pin": "not_present", "cryptogram": "match"},
    }).encode()


def signed_request(load: Load, reference: str, card: str, timestamp: int) -> bytes:
    """The whole HTTP request."""
    body = body_of(reference, card)
    headers = signing.headers(secrets_in_force=[load.secret], message_id=f"msg_{reference}", timestamp=timestamp, body=body)
    lines = [f"POST {load.path} HTTP/1.1", f"Host: {HOST}:{load.port}", "Content-Type: application/json", f"Content-Length: {len(body)}",
             *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class Line:
    """One keep-alive connection: at most one request under way."""

    port: int
    wire: socket.socket = field(init=False)
    due: float = 0.0
    free_since: float = 0.0
    buffer: bytes = b""

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        self.wire = socket.create_connection((HOST, self.port), timeout=5)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self) -> tuple[int, bytes] | None:
        """(status, body) when the answer is whole. Raises OSError when the server hung up."""
        chunk = self.wire.recv(65536)
        if not chunk:
            raise ConnectionResetError("the server closed the connection")
        self.buffer += chunk
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        if not whole(head.lower(), body):
            return None
        self.buffer = b""
        return int(head[9:12]), body


def whole(head: bytes, body: bytes) -> bool:
    """Whether nothing of the answer is still to come: by its length, or, in chunks, by the empty last one. `head` in lower case."""
    _, told, rest = head.partition(b"content-length:")
    if told:
        return len(body) >= int(rest.split(b"\r\n")[0])
    if b"transfer-encoding: chunked" not in head:
        raise ConnectionError(f"an answer without length: {head[:200]!r}")
    return body == b"0\r\n\r\n" or body.endswith(b"\r\n0\r\n\r\n")


class Run:
    """One load as it runs."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.due = arrivals(rate=load.rate, seconds=load.seconds, seed=load.seed) if load.rate else [0.0] * load.most
        chance, now = random.Random(load.seed), int(time.time())  # noqa: S311 - load, not secrets
        self.requests = [signed_request(load, f"{load.run}{number:08d}", chance.choice(load.cards), now) for number in range(len(self.due))]
        self.free = deque(Line(load.port) for _ in range(load.connections))
        self.busy: dict[socket.socket, Line] = {}
        self.next = 0
        self.latencies: list[int] = []
        self.behind: list[int] = []
        self.errors, self.first_error = 0, ""

    def go(self) -> Outcome:
        """Send everything that is due and read what comes, until all is answered or the time is over."""
        gc.disable()
        try:
            return self._loop()
        finally:
            gc.enable()
            for line in (*self.free, *self.busy.values()):
                line.wire.close()

    def _loop(self) -> Outcome:
        began = time.perf_counter() + LEAD_IN
        stop_sending = began + self.load.seconds
        give_up = stop_sending + self.load.grace
        last = began
        while True:
            now = time.perf_counter()
            self._send_due(began, now, stop_sending)
            idle_until = self._next_due(began, stop_sending)
            if (not self.busy and idle_until is None) or now > give_up:
                break
            wait = min(give_up, idle_until if idle_until is not None and self.free else give_up) - time.perf_counter()
            for ready in select.select(list(self.busy), [], [], max(0.0, wait))[0]:
                last = self._receive(self.busy[ready])
        answered = len(self.latencies)
        unserved = len(self.due) - answered - self.errors if self.load.rate else len(self.busy)
        return Outcome(answered=answered, errors=self.errors, unserved=unserved, per_second=answered / max(last - began, 1e-9),
                       latencies_us=self.latencies, behind_us=round(percentile(self.behind, 99) or 0), first_error=self.first_error)

    def _next_due(self, began: float, stop_sending: float) -> float | None:
        """When the next request is due; None when none is to come."""
        if self.next >= len(self.due) or (not self.load.rate and time.perf_counter() >= stop_sending):
            return None
        return began + self.due[self.next]

    def _send_due(self, began: float, now: float, stop_sending: float) -> None:
        while self.free:
            due = self._next_due(began, stop_sending)
            if due is None or due > now:
                return
            line = self.free.popleft()
            if self.load.rate:
                line.due = due
                self.behind.append(int((time.perf_counter() - max(due, line.free_since)) * 1_000_000))
            else:
                line.due = time.perf_counter()
            request = self.requests[self.next]
            self.next += 1
            self.busy[line.wire] = line
            try:
                line.wire.sendall(request)
            except OSError as error:
                self._failed(line, str(error))

    def _receive(self, line: Line) -> float:
        now = time.perf_counter()
        try:
            answer = line.read()
        except OSError as error:
            self._failed(line, str(error))
            return now
        if answer is None:
            return now
        self._release(line, now)
        status, body = answer
        if status == 200 and b'"approved"' in body:
            self.latencies.append(int((now - line.due) * 1_000_000))
        else:
            self._count_error(f"{status} {body[:300].decode(errors='replace')}")
        return now

    def _failed(self, line: Line, why: str) -> None:
        self._count_error(why)
        del self.busy[line.wire]
        line.wire.close()
        line.buffer = b""
        line.connect()
        line.free_since = time.perf_counter()
        self.free.append(line)

    def _release(self, line: Line, now: float) -> None:
        del self.busy[line.wire]
        line.free_since = now
        self.free.append(line)

    def _count_error(self, why: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or why


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(Run(msgspec.json.decode(sys.stdin.buffer.read(), type=Load)).go()))
