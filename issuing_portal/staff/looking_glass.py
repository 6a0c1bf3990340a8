"""/admin, the looking-glass: every row to be read, none to be touched (STYLE §17).

    @admin.register(Card)
    class CardGlass(LookingGlass):
        verb = "cards.read"                       # asked beside `admin.read`, in every programme
        list_display = ("public_id", "status", "last4")
        personal = ("external_id",)               # columns for holders of `personal.read` alone
        hidden = ("vault_entry",)                 # columns that nobody reads here

Binary columns are never shown: they are ciphertext, hashes and keys. A model's own PERSONAL counts as `personal`. A table
that is not registered (the vault, stored answers) is not there at all. Opening a row is an event, `record.viewed`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone

from issuing_portal.audit.operations import Viewed, record_view
from issuing_portal.staff.queries import actor_for, programmes_of


class OnTheRecord(admin.ModelAdmin):
    """Whoever opens a row is on the record, once per look."""

    def render_change_form(self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
                           obj: Any = None) -> Any:
        if obj is not None:
            record_view(subject=viewed(obj), where="looking-glass", by=actor_for(request), now=timezone.now())
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)


class LookingGlassSite(admin.AdminSite):
    """Django's admin without a door of its own: who comes has given both factors at ours and reads every programme."""

    site_header = site_title = "Issuing Portal: looking-glass"
    index_title = "Read only. Work is done in the portal."
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_authenticated and user.is_verified() and programmes_of(user, "admin.read") is None)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Other packages bring admins of their own (auditlog, axes): what they open is on the record as well."""
        wanted = admin_class or admin.ModelAdmin
        super().register(model_or_iterable, wanted if issubclass(wanted, OnTheRecord) else type(wanted.__name__, (OnTheRecord, wanted), {}), **options)

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """There is one way in, and it is not here."""
        if self.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from issuing_portal.staff.portal.entry import sign_out
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("staff:password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("staff:profile")


class LookingGlass(OnTheRecord):
    """A model to be looked at."""

    verb: ClassVar[str] = "admin.read"
    personal: ClassVar[Sequence[str]] = ()
    hidden: ClassVar[Sequence[str]] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return all(programmes_of(user, verb) is None for verb in ("admin.read", self.verb))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Every column, save those that this viewer may not read."""
        return [field.name for field in self.model._meta.concrete_fields
                if not isinstance(field, models.BinaryField) and field.name not in self._withheld(request)]

    def get_list_display(self, request: HttpRequest) -> Any:
        return [name for name in super().get_list_display(request) if name not in self._withheld(request)]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("-pk")

    def _withheld(self, request: HttpRequest) -> set[str]:
        user: Any = request.user
        private = set() if programmes_of(user, "personal.read") is None else {*self.personal, *getattr(self.model, "PERSONAL", ())}
        return {*self.hidden, *private}


def viewed(row: models.Model) -> Viewed:
    """A row as the subject of an event. Rows that have no noun go by their model's name, rows that are numbered by their number."""
    noun = getattr(row, "noun", "object")
    return Viewed(
        noun=noun if noun != "object" else str(row._meta.model_name), id=row.pk if isinstance(row.pk, UUID) else UUID(int=int(row.pk)),
        **{name: getattr(row, name, None) for name in ("partner_id", "livemode", "programme_id")})
