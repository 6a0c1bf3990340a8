"""A purchase file of our own, and both of the product's HTTP entries in this process."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.db import connections
from django.test import Client

from issuing_portal.sandbox.replay import lines, reading
from tests.processor import ProcessorEntry


class BothEntries(httpx.BaseTransport):
    """`/v1` and `/processor` to an HTTP client, from any thread."""

    def __init__(self, processor: ProcessorEntry) -> None:
        self.processor = processor
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        try:
            if request.url.path.startswith("/processor/"):
                return self.processor.handle_request(request)
            names = {name: value for name, value in request.headers.items() if name in ("authorization", "idempotency-key")}
            answer = Client().generic(request.method, str(request.url.copy_with(scheme="", host="", port=None)) or "/", request.read(),
                                      request.headers.get("content-type", ""), headers=names)
            return httpx.Response(answer.status_code, headers=dict(answer.items()), content=answer.content)
        finally:
            if threading.current_thread() is not threading.main_thread():
                connections.close_all()


@pytest.fixture
def entries(committed_db: None, processor_entry: ProcessorEntry, monkeypatch: pytest.MonkeyPatch, settings: object,
            tmp_path: Path) -> Iterator[BothEntries]:
    """The replay's lines lead here, and its memory is a folder of this test."""
    transport = BothEntries(processor_entry)
    monkeypatch.setattr(lines, "client", lambda origin, clients: httpx.Client(transport=transport, base_url="http://product.test"))
    settings.DATA_DIR = tmp_path / "data"  # type: ignore[attr-defined]
    yield transport


HEADER = ",".join(reading.COLUMNS)
GOOD_ROWS = (
    "2018-01-08,************1111,PARKS,Lake,seed merchant,Equip Operational,100.00,GBP,100.00,GBP",
    "2018-01-08,************1111,PARKS,Lake,seed merchant,Equip Operational,100.00,GBP,100.00,GBP",
    "2018-01-05,************1111,Parks,Lake,www.tools.example,Books,19.99,GBP,19.99,GBP",
    "2018-01-09,************2222, parks ,Lake,rail,Travel Bus/Rail,7.01,GBP,7.01,GBP",
    "2018-01-09,************1111,Libraries,Central,cloud,Computing Other,20.90,USD,15.95,GBP",
    "2018-01-10,************3333,Libraries,Central,hotel,Travel Foreign,25737.00,HUF,75.52,GBP",
    "2018-01-11,************3333,Libraries,Central,hotel,Travel Foreign,-20.00,GBP,-20.00,GBP",
    "2018-01-12,************2222,PARKS,Lake,seed merchant,A heading nobody mapped,-120.00,GBP,-120.00,GBP",
)
BAD_ROWS = (
    "2018-13-01,************1111,PARKS,Lake,x,Books,1.00,GBP,1.00,GBP",
    "2018-01-12,4000000000000002,PARKS,Lake,x,Books,1.00,GBP,1.00,GBP",
    "2018-01-12,************1111,PARKS,Lake,x,Books,one,GBP,1.00,GBP",
    "2018-01-12,************1111,PARKS,Lake,x,Books,1.001,GBP,1.001,GBP",
    "2018-01-12,************1111,PARKS,Lake,x,Books,0.00,GBP,0.00,GBP",
    "2018-01-12,************1111,PARKS,Lake,x,Books,1.00,GBP,-1.00,GBP",
    "2018-01-12,************1111,,Lake,x,Books,1.00,GBP,1.00,GBP",
    "2018-01-12,************1111,PARKS,Lake,x,Books,1.00,XXQ,1.00,GBP",
    "2018-01-12,************1111,PARKS,Lake,card 4000 0000 0000 0002,Books,1.00,GBP,1.00,GBP",
    "2018-01-12,too,few",
)


@pytest.fixture
def purchase_file(tmp_path: Path) -> Path:
    """Good rows with a double, another case and spacing, foreign money and refunds; and one bad row of each kind at the end."""
    place = tmp_path / "purchases.csv"
    place.write_text("\n".join((HEADER, *GOOD_ROWS, *BAD_ROWS)) + "\n", encoding="utf-8")
    return place
