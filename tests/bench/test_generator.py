"""The load generator against a server of its own: every request is counted once, and waiting counts from the schedule."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bench.generator import Run, signed_request, whole
from bench.loads import Load
from issuing_portal.core import signing

SECRET = signing.new_secret()


class Server:
    """Answers each request by the next word of `plan` (then by its last): ok, no, hangup or silence."""

    def __init__(self, plan: list[str]) -> None:
        self.plan, self.lock = plan, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return  # closed: the test is over
            self.open.append(taken)
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with taken:
            while data := self._read(taken):
                with self.lock:
                    word = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
                if word == "hangup" or not data:
                    return
                if word != "silence":
                    body = b'{"decision":"approved"}' if word == "ok" else b'{"decision":"declined"}'
                    taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    @staticmethod
    def _read(taken: socket.socket) -> bytes:
        try:
            return taken.recv(65536)
        except OSError:
            return b""

    def close(self) -> None:
        self.listener.close()
        for one in self.open:
            one.close()


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for one in started:
        one.close()


def load(port: int, **over: object) -> Load:
    return Load(**({"port": port, "path": "/processor/v1/prc_x/authorisations", "secret": SECRET, "cards": ["crd_a", "crd_b"], "seconds": 0.2,
                    "seed": 3, "run": "t", "connections": 2, "rate": 100, "grace": 10.0} | over))  # type: ignore[arg-type]


def test_an_open_loop_sends_the_whole_schedule(servers: list[Server]):
    servers.append(Server(["ok"]))
    outcome = Run(load(servers[0].port)).go()
    assert (outcome.answered, outcome.errors, outcome.unserved) == (20, 0, 0)
    assert len(outcome.latencies_us) == 20 and min(outcome.latencies_us) > 0


def test_what_is_no_approval_is_an_error_and_so_is_a_broken_connection(servers: list[Server]):
    servers.append(Server(["ok", "no", "hangup", "ok"]))
    outcome = Run(load(servers[0].port)).go()
    assert (outcome.answered, outcome.errors, outcome.unserved) == (18, 2, 0)
    assert "declined" in outcome.first_error


def test_a_server_that_falls_silent_leaves_requests_unserved(servers: list[Server]):
    servers.append(Server(["ok", "ok", "ok", "silence"]))
    outcome = Run(load(servers[0].port, grace=1.0)).go()
    assert (outcome.answered, outcome.errors, outcome.unserved) == (3, 0, 17)


def test_a_closed_loop_ends_with_its_time_or_its_requests(servers: list[Server]):
    servers.append(Server(["ok"]))
    outcome = Run(load(servers[0].port, rate=None, most=5)).go()
    assert (outcome.answered, outcome.errors, outcome.unserved) == (5, 0, 0)
    assert outcome.per_second > 0


def test_requests_are_signed_as_a_processor_signs_them():
    now = datetime(2026, 11, 24, tzinfo=UTC)
    head, _, body = signed_request(load(8001), "t00000001", "crd_a", int(now.timestamp())).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "POST /processor/v1/prc_x/authorisations HTTP/1.1"
    assert int(headers["Content-Length"]) == len(body) and json.loads(body)["network_reference"] == "t00000001"
    assert signing.verify(secrets_in_force=[SECRET], got=headers, body=body, now=now, tolerance=timedelta(seconds=1)) == "msg_t00000001"


@pytest.mark.parametrize(("head", "body", "is_whole"), [
    (b"http/1.1 200 ok\r\ncontent-length: 3", b"abc", True),
    (b"http/1.1 200 ok\r\ncontent-length: 3", b"ab", False),
    (b"http/1.1 200 ok\r\ntransfer-encoding: chunked", b"3\r\nabc\r\n", False),
    (b"http/1.1 200 ok\r\ntransfer-encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n", True),
])
def test_an_answer_is_whole_by_its_length_or_its_last_chunk(head: bytes, body: bytes, is_whole: bool):
    assert whole(head, body) is is_whole
