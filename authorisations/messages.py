"""The processor's messages, typed: parsed once at the border, from raw bytes (API.md §3).

Amounts are integer minor units of `currency`. A message without what §3 requires is refused, not declined.
Names outside the contract are ignored: a processor may send more than we read.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from issuing_portal.core.money import AMOUNT_MAX
from issuing_portal.core.redaction import REDACTED, clean_json, redact, redact_value

TapKind = Literal["authorisation", "cash", "account_verification", "balance_inquiry", "refund_authorisation"]
TAP_KINDS: tuple[str, ...] = ("authorisation", "cash", "account_verification", "balance_inquiry", "refund_authorisation")
HOLDING_KINDS = ("authorisation", "cash")
"""Kinds that hold money and take windows; the others tell or ask."""
Channel = Literal["chip", "contactless", "magstripe", "ecommerce", "manual", "atm", "recurring"]
Wallet = Literal["apple_pay", "google_pay", "samsung_pay"]

Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
Mcc = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}$")]
Short = Annotated[str, msgspec.Meta(max_length=64)]
Name = Annotated[str, msgspec.Meta(max_length=120)]
City = Annotated[str, msgspec.Meta(max_length=80)]


class NotUnderstood(Exception):
    """The bytes are no message of this kind; the text says where."""

    def __init__(self, text: str, *, malformed: bool) -> None:
        super().__init__(text)
        self.malformed = malformed


class _Acceptor(msgspec.Struct, frozen=True):
    """A card acceptor whose free texts lose any card number as they come in."""

    def __post_init__(self) -> None:
        for name in ("id", "name", "city"):
            text = getattr(self, name)
            if len(text) >= 12 and (clean := redact(text)) != text:
                msgspec.structs.force_setattr(self, name, clean)


class Merchant(_Acceptor, frozen=True):
    """The card acceptor (ISO 8583 fields 18, 42, 43)."""

    id: Short
    name: Name
    mcc: Mcc
    country: Country
    city: City = ""


class PartialMerchant(_Acceptor, frozen=True):
    """The card acceptor of a clearing or refund, as far as the network told it."""

    id: Short = ""
    name: Name = ""
    mcc: Mcc | None = None
    country: Country | None = None
    city: City = ""


class Verification(msgspec.Struct, frozen=True):
    """What the processor checked before it asked us: `match`, `mismatch`, `not_provided`, `not_present` …"""

    cvv: Short = "not_provided"
    avs: Short = "not_provided"
    expiry: Short = "not_provided"
    pin: Short = "not_present"
    cryptogram: Short = "not_present"
    three_ds: Short = "not_provided"

    def __post_init__(self) -> None:
        # Results are words. Whatever has digits in this place is a code that must not be kept (PCI DSS 3.3).
        for name in self.__struct_fields__:
            text = getattr(self, name)
            if text and not text.replace("_", "").isalpha():
                msgspec.structs.force_setattr(self, name, REDACTED)


class Sca(msgspec.Struct, frozen=True):
    exemption: Literal["none", "low_value", "tra", "trusted", "secure_corporate"] = "none"
    initiator: Literal["cardholder", "merchant"] = "cardholder"


class Tap(msgspec.Struct, frozen=True, kw_only=True):
    """One request for approval."""

    network_reference: Reference
    kind: TapKind
    amount: Amount
    currency: Currency
    merchant: Merchant
    channel: Channel
    card: Short | None = None
    pan_token: Short | None = None
    card_expiry: Short | None = None
    card_sequence: int | None = None
    merchant_amount: Amount | None = None
    merchant_currency: Currency | None = None
    wallet: Wallet | None = None
    partial_supported: bool = False
    cash_amount: Amount = 0
    verification: Verification = Verification()
    sca: Sca = Sca()
    finality: Literal["final", "pre_authorisation", "unknown"] = "unknown"
    single_message: bool = False
    requested_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.card is None and self.pan_token is None:
            raise ValueError("Object missing required field `card` or `pan_token`")

    @property
    def holds(self) -> bool:
        return self.kind in HOLDING_KINDS


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a dry run: a tap without card and network reference."""

    kind: TapKind = "authorisation"
    amount: Amount
    currency: Currency
    merchant: Merchant
    channel: Channel
    merchant_amount: Amount | None = None
    merchant_currency: Currency | None = None
    wallet: Wallet | None = None
    partial_supported: bool = False
    cash_amount: Amount = 0
    verification: Verification = Verification()
    sca: Sca = Sca()
    finality: Literal["final", "pre_authorisation", "unknown"] = "unknown"
    single_message: bool = False
    requested_at: datetime | None = None

    def as_tap(self, *, card: str, network_reference: str) -> Tap:
        return Tap(card=card, network_reference=network_reference, **msgspec.structs.asdict(self))


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """Takes back what was held: `amount` of it, or the whole."""

    network_reference: Reference
    original_network_reference: Reference
    currency: Currency | None = None
    amount: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)] | None = None
    card: Short | None = None


class Increment(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for `amount` more on an open authorisation."""

    network_reference: Reference
    original_network_reference: Reference
    amount: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
    currency: Currency
    card: Short | None = None
    requested_at: datetime | None = None


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """Tells what was decided in our place. `channel`: as far as it is known."""

    network_reference: Reference
    decision: Literal["approved", "declined"]
    decided_by: Literal["network", "processor"]
    amount: Amount
    currency: Currency
    original_network_reference: Reference | None = None
    card: Short | None = None
    merchant: PartialMerchant = PartialMerchant()
    channel: Channel = "manual"


class Expiry(Reversal, frozen=True, kw_only=True):
    """The network let a hold lapse: `amount` of it, or the whole."""


class Presentment(msgspec.Struct, frozen=True, kw_only=True):
    """A clearing or a refund: money that the network has moved. `final`: nothing more comes for this authorisation."""

    network_reference: Reference
    currency: Currency
    original_network_reference: Reference | None = None
    amount: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)] | None = None
    card: Short | None = None
    merchant: PartialMerchant = PartialMerchant()
    merchant_amount: Amount | None = None
    merchant_currency: Currency | None = None
    final: bool = True
    cleared_at: datetime | None = None


M = TypeVar("M", bound=msgspec.Struct)
_DECODERS: dict[type[msgspec.Struct], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Tap, Simulation, Reversal, Expiry, Increment, Advice, Presentment)}


def parse(kind: type[M], body: bytes) -> M:
    """The typed message. Raises NotUnderstood: `malformed` when it is no JSON at all."""
    try:
        return _DECODERS[kind].decode(body)
    except msgspec.ValidationError as error:
        raise NotUnderstood(str(error), malformed=False) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotUnderstood(str(error), malformed=True) from error


def as_stored(message: msgspec.Struct) -> dict[str, Any]:
    """The message as it is kept: plain JSON, and no card number even where someone wrote one into a text."""
    plain: dict[str, Any] = msgspec.to_builtins(message)
    if clean_json(msgspec.json.encode(plain).decode()):
        return plain
    # Only results stand under `verification`, where keys such as `pin` name no secret.
    told = {"verification": plain["verification"]} if "verification" in plain else {}
    return redact_value(plain) | told


def fingerprint(message: Tap | Reversal | Increment | Advice | Presentment) -> bytes:
    """Tells the same message sent again from another one under the same reference: card, money and merchant."""
    merchant = getattr(message, "merchant", None)
    kind = getattr(message, "kind", getattr(message, "decision", ""))
    content = [type(message).__name__, kind, message.card, getattr(message, "pan_token", None), message.amount,
               message.currency, getattr(message, "merchant_amount", None), getattr(message, "merchant_currency", None),
               merchant.id if merchant else None, getattr(message, "original_network_reference", None)]
    return hashlib.sha256(msgspec.json.encode(content)).digest()


def instant(requested_at: datetime | None, arrived_at: datetime) -> datetime:
    """The instant for windows, hours and history: the processor's word, else arrival. A word without a zone is UTC."""
    if requested_at is None:
        return arrived_at
    return requested_at.astimezone(UTC) if requested_at.tzinfo else requested_at.replace(tzinfo=UTC)
