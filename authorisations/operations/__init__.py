"""Writes of the authorisations app: one module per message, siblings of `taps.authorise`."""

from authorisations.operations.presentments import clear, refund
from authorisations.operations.reversals import release_hold, reverse
from authorisations.operations.taps import authorise

__all__ = ["authorise", "clear", "refund", "release_hold", "reverse"]
