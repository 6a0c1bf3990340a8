"""Setting a password: Django's validators, and none of the last four (PCI DSS 8.3.7). Not an operation: used by several."""

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from issuing_portal.core.errors import InvalidInput
from issuing_portal.staff.models import User

REMEMBERED = 4


def set_password(user: User, password: str) -> None:
    """Put a new password on the object (not saved). Raises: InvalidInput for `password`."""
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        raise InvalidInput(*(("password", str(one.code), " ".join(one.messages)) for one in refusal.error_list)) from refusal
    used = [user.password, *user.former_passwords] if user.has_usable_password() else list(user.former_passwords)
    if any(check_password(password, former) for former in used[:REMEMBERED]):
        raise InvalidInput(("password", "password_reused", f"This is one of your last {REMEMBERED} passwords; choose another."))
    user.former_passwords = used[:REMEMBERED - 1]
    user.password = make_password(password)
