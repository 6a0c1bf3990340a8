"""The colour of every status, in one table: the same status looks the same on every page.

The word is always shown; the colour only helps the eye. Meaning of the colours: green works, azure moves on its own,
yellow waits for somebody, orange is held back, red is refused or lost, secondary is over, purple is somebody's choice.
Keys are the models' own `noun`. A new status gets its line here (tests/portal/test_face.py fails until it has one).
"""

OVER = "secondary"

STATUSES: dict[str, dict[str, str]] = {
    "cardholder": {"PENDING": "yellow", "ACTIVE": "green", "RESTRICTED": "orange", "SUSPENDED": "red", "CLOSED": OVER},
    "kyc_case": {
        "DRAFT": OVER, "SUBMITTED": "azure", "IN_REVIEW": "blue", "AWAITING_APPLICANT": "yellow",
        "AWAITING_SECOND_APPROVAL": "purple", "CLOSED": OVER,
    },
    "document": {
        "UPLOADED": "azure", "ACCEPTED": "green", "REJECTED": "red", "RESUBMISSION_REQUESTED": "yellow",
        "SUPERSEDED": OVER, "EXPIRED": OVER,
    },
    "hit": {"OPEN": "yellow", "TRUE_MATCH": "red", "FALSE_POSITIVE": "green"},
    "account": {"OPEN": "green", "RESTRICTED": "orange", "BLOCKED": "red", "CLOSED": OVER},
    "card": {
        "INACTIVE": "yellow", "ACTIVE": "green", "FROZEN": "azure", "TERMINATED": "red", "EXPIRED": OVER,
    },
    "card_design": {"DRAFT": OVER, "IN_REVIEW": "blue", "APPROVED": "green", "REJECTED": "red", "RETIRED": OVER},
    "authorisation": {
        "APPROVED": "green", "DECLINED": "red", "PARTIALLY_CLEARED": "azure", "CLEARED": "teal",
        "REVERSED": OVER, "EXPIRED": OVER,
    },
    "batch": {
        "OPEN": "blue", "LOCKED": "purple", "GENERATED": "azure", "SENT": "azure", "ACKNOWLEDGED": "teal",
        "PART_ACKNOWLEDGED": "orange", "REFUSED": "red", "IN_PRODUCTION": "azure", "DISPATCHED": "teal",
        "RECONCILED": "green", "CANCELLED": OVER,
    },
    "shipment": {
        "ORDERED": "blue", "LABEL_CREATED": "blue", "PICKED_UP": "azure", "IN_TRANSIT": "azure",
        "OUT_FOR_DELIVERY": "azure", "READY_FOR_PICKUP": "yellow", "ATTEMPT_FAILED": "orange", "DELAYED": "orange",
        "DELIVERED": "green", "RETURNING": "orange", "RETURNED": "red", "LOST": "red", "DESTROYED": OVER,
    },
    "wallet_token": {
        "REQUESTED": "blue", "PENDING_ACTIVATION": "yellow", "ACTIVE": "green", "SUSPENDED": "orange", "DELETED": OVER,
    },
    "delivery": {"PENDING": "yellow", "DELIVERED": "green", "EXHAUSTED": "red"},
    "webhook_endpoint": {"ENABLED": "green", "DISABLED": "red"},
    "rule": {"DRAFT": OVER, "SHADOW": "purple", "LIVE": "green", "RETIRED": OVER},
    "alert": {"OPEN": "yellow", "ASSIGNED": "blue", "RESOLVED": "green"},
    "challenge": {"REQUESTED": "yellow", "COMPLETED": "green", "DECLINED": "red", "EXPIRED": OVER},
    "dispute": {
        "OPEN": "blue", "EVIDENCE_DUE": "yellow", "SUBMITTED": "azure", "WON": "green", "LOST": "red", "WITHDRAWN": OVER,
    },
    "partner": {"ACTIVE": "green", "SUSPENDED": "red", "CLOSED": OVER},
    "programme": {"DRAFT": OVER, "ACTIVE": "green", "PAUSED": "orange", "SUSPENDED": "red", "CLOSED": OVER},
    "api_key": {"ACTIVE": "green", "ROTATING": "yellow", "ROTATED": OVER, "REVOKED": "red", "EXPIRED": OVER},
    "processor_connection": {"ACTIVE": "green", "DISABLED": "red"},
    "user": {"INVITED": "yellow", "ACTIVE": "green", "DEACTIVATED": "red", "LOCKED": "red", "SUSPENDED": "red", "LEFT": OVER},
    "grant": {"PROPOSED": "yellow", "ACTIVE": "green", "ENDED": OVER, "REFUSED": "red"},
    "proposal": {"PENDING": "yellow", "APPROVED": "green", "REFUSED": "red", "EXPIRED": OVER},
    # Not a status of a row, but shown as one.
    "kyc": {"NOT_STARTED": OVER, "PENDING": "yellow", "APPROVED": "green", "REJECTED": "red"},
    "screening": {"PENDING": "yellow", "CLEAR": "green", "HIT": "red"},
    "decision": {"APPROVED": "green", "DECLINED": "red"},
    "outcome": {
        "APPROVED": "green", "REJECTED": "red", "WITHDRAWN": OVER, "ABANDONED": OVER, "PASSED": "green", "FAILED": "red", "SKIPPED": OVER,
    },
    "risk": {"LOW": "green", "MEDIUM": "yellow", "HIGH": "red"},
    "seal": {"WHOLE": "green", "WAITING": "yellow", "MISSING": "red", "BROKEN": "red"},
    "health": {"OK": "green", "LATE": "orange", "DOWN": "red", "UNKNOWN": OVER},
}


def colour(noun: str, status: str) -> str:
    """The Tabler colour name of a status, whatever its case; `secondary` where the table has no line for it."""
    return STATUSES.get(noun, {}).get(status.upper(), OVER)


ABBREVIATIONS = {"kyc": "KYC", "mcc": "MCC", "mccs": "MCCs", "pin": "PIN", "api": "API", "atm": "ATM"}


def word(status: str) -> str:
    """A status as staff read it: `AWAITING_SECOND_APPROVAL` → `Awaiting second approval`."""
    spoken = [ABBREVIATIONS.get(part, part) for part in status.lower().replace("_", " ").split()]
    return " ".join([spoken[0][:1].upper() + spoken[0][1:], *spoken[1:]]) if spoken else ""
