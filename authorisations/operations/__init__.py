"""Writes of the authorisations app: one module per message, siblings of `taps.authorise`."""

from authorisations.operations.advices import advise
from authorisations.operations.expiries import EXPIRE_BATCH, expire, expire_due
from authorisations.operations.increments import increment
from authorisations.operations.presentments import clear, refund
from authorisations.operations.reversals import needs_second_person, propose_release, release_hold, reverse
from authorisations.operations.taps import authorise

__all__ = [
    "EXPIRE_BATCH", "advise", "authorise", "clear", "expire", "expire_due", "increment", "needs_second_person",
    "propose_release", "refund", "release_hold", "reverse",
]
