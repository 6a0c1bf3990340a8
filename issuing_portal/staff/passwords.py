"""What a password must be beyond Django's own validators (PCI DSS 8.3.6)."""

from typing import Any

from django.core.exceptions import ValidationError


class LettersAndDigitsValidator:
    """Letters and digits both, as PCI DSS 8.3.6 asks (OWASP ASVS would leave composition alone: drop it in settings then)."""

    def validate(self, password: str, user: Any = None) -> None:
        if not (any(sign.isalpha() for sign in password) and any(sign.isdigit() for sign in password)):
            raise ValidationError("The password must hold letters and digits.", code="password_letters_and_digits")

    def get_help_text(self) -> str:
        return "Your password must hold letters and digits."
