"""Users, invitations, grants and proposals (four eyes). Verbs and roles are in roles.py, second factors in devices.py."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from issuing_portal.core.rows import DatedRow
from issuing_portal.core.states import Stateful, Transitions, status_check
from issuing_portal.staff.devices import Authenticator, RecoveryCodes

__all__ = ["Authenticator", "Grant", "Invitation", "Proposal", "ProposalStatus", "RecoveryCodes", "Role", "User", "UserManager"]


class Role(models.TextChoices):
    ANALYST = "analyst", "Analyst"
    COMPLIANCE_LEAD = "compliance_lead", "Compliance lead"
    MLRO = "mlro", "MLRO"
    SENIOR_MANAGER = "senior_manager", "Senior manager"
    PROGRAMME_MANAGER = "programme_manager", "Programme manager"
    FULFILMENT_OPERATOR = "fulfilment_operator", "Fulfilment operator"
    FINANCE = "finance", "Finance"
    SUPPORT = "support", "Support"
    AUDITOR = "auditor", "Auditor"
    EXTERNAL_AUDITOR = "external_auditor", "External auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class UserManager(BaseUserManager["User"]):
    """Finds users by address whatever its case; `createsuperuser` has no place here (manage.py load_demo, first_administrator)."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, DatedRow):  # type: ignore[django-manager-missing] # django-otp brings no types
    """One member of staff, known by e-mail address."""

    noun: ClassVar[str] = "user"
    email = models.EmailField()
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    timezone = models.CharField(max_length=64, default="Europe/London")
    enrolled_at = models.DateTimeField(null=True, help_text="when the second factor was confirmed")
    invited_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    former_passwords = ArrayField(models.CharField(max_length=128), default=list, help_text="hashes of the last ones, newest first (PCI DSS 8.3.7)")
    session_version = models.PositiveIntegerField(default=1, help_text="raised to end every session: deactivation, roles, factor reset")

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    @property
    def is_staff(self) -> bool:
        """Django admin's own word: only who may read it gets in (staff/roles.py, verb `admin.read`)."""
        return self.may("admin.read")

    def may(self, verb: str, programme_id: UUID | None = None) -> bool:
        """Whether a grant in force allows `verb` in that programme (None: in any)."""
        from issuing_portal.staff.queries import may
        return may(self, verb, programme_id)

    @property
    def state(self) -> str:
        """How the portal calls it: DEACTIVATED, INVITED (no second factor yet) or ACTIVE."""
        if not self.is_active:
            return "DEACTIVATED"
        return "ACTIVE" if self.enrolled_at else "INVITED"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django ends a session whose hash differs: so a new password or a raised `session_version` ends them all."""
        value = f"{self.password}:{self.session_version}"
        return salted_hmac("issuing_portal.staff.session", value, secret=secret, algorithm="sha256").hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and perm.partition(".")[2].startswith("view_") and self.may("admin.read")

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.may("admin.read")


class Invitation(DatedRow):
    """A single-use, expiring link by which a person sets a password and enrols a second factor. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    token_hash = models.BinaryField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="accepted, or withdrawn by a newer one")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="invitation_token_once")]


class Grant(DatedRow):
    """A role for some programmes (null: all), until a date perhaps. Nobody grants to themselves, and two people make one."""

    noun = "grant"
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=Role.choices)
    programme_ids = ArrayField(models.UUIDField(), null=True, help_text="null: every programme")
    valid_until = models.DateTimeField(null=True)
    given_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+",
                                 help_text="null: the first administrator, made on the command line")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="grant_not_to_oneself",
                                   condition=~models.Q(user=models.F("given_by")) & ~models.Q(user=models.F("approved_by"))),
            models.CheckConstraint(name="grant_four_eyes", condition=models.Q(given_by=None) | ~models.Q(given_by=models.F("approved_by"))),
            models.CheckConstraint(name="grant_role_known", condition=models.Q(role__in=Role.values)),
        ]


class ProposalStatus(models.TextChoices):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


class Proposal(Stateful, DatedRow):
    """Four eyes: the maker's exact payload, frozen by its hash, that a second person approves or refuses."""

    noun = "proposal"
    TRANSITIONS: ClassVar[Transitions] = {"PENDING": {"APPROVED", "REFUSED", "EXPIRED"}}
    status = models.CharField(max_length=16, choices=ProposalStatus.choices, default=ProposalStatus.PENDING)
    verb = models.CharField(max_length=64, help_text="a registered verb, e.g. staff.give_grant")
    summary = models.CharField(max_length=300, help_text="what the checker reads first")
    subject_noun = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    partner_id = models.UUIDField(null=True)
    programme_id = models.UUIDField(null=True)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict, help_text="what the maker saw; stale when the subject differs now")
    reason = models.TextField()
    maker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals_made")
    checker = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="proposals_checked")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="proposal_four_eyes", condition=models.Q(checker=None) | ~models.Q(maker=models.F("checker"))),
            models.CheckConstraint(name="proposal_checked", condition=~models.Q(status="APPROVED") | models.Q(checker__isnull=False)),
            status_check(ProposalStatus, "proposal_status_known"),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="proposal_by_status")]
