"""What support sees of personal data: enough to recognise, too little to copy. Pure."""

from datetime import date


def masked_email(email: str) -> str:
    """`ada@example.com` → `a…@example.com`."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}…{at}{domain}" if at else ""


def masked_phone(number: str) -> str:
    """`+442079460123` → `…123`."""
    return f"…{number[-3:]}" if number else ""


def masked_day(on: date | None) -> str:
    """A date of birth as its year."""
    return f"… {on.year}" if on else ""
