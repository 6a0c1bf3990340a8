"""The face: what templates may hold, what packages serve, how values look, and that a list keeps its promises."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.urls import include, path
from django.utils import timezone

from issuing_portal.core.money import Money
from issuing_portal.portal import formats
from issuing_portal.portal.charts import Chart, Series
from issuing_portal.portal.context import portal
from issuing_portal.portal.details import Fact, Moment
from issuing_portal.portal.lists import Column, Empty, Filter, ListPage, safe_cell
from issuing_portal.portal.middleware import ViewerZoneMiddleware
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.portal.static_files import PACKAGE_FILES, PackageStorage, PortalStaticStorage
from issuing_portal.portal.statuses import STATUSES, colour, word

urlpatterns = [path("cards", include(([path("", lambda request: HttpResponse(), name="list")], "cards")))]
pytestmark = pytest.mark.urls(__name__)
"""A site of one section: the face must not depend on which pages exist."""

ROOT = Path(settings.BASE_DIR)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CARD = "crd_01h455vb4pex5vsknk084sn02q"

FORBIDDEN = {
    "a script without a file": r"<script(?![^>]*\bsrc=)[^>]*>",
    "a style element": r"<style\b",
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "hx-on": r"\shx-on[:-]",
    "a js: value": r"=\s*[\"'](?:js|javascript):",
    "a trigger filter": r"hx-trigger\s*=\s*\"[^\"]*\[",
}


def faults(text: str) -> list[str]:
    """What a template holds that the strict policy would block."""
    return [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]


def request_for(url: str, **headers: str):
    request = RequestFactory().get(url, headers=headers)
    request.user = SimpleNamespace(is_authenticated=True, name="Ada Lovelace", email="ada@example.com", may=lambda verb: True)
    request.session = {}
    return request


def render(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context({"now": NOW} | context))


# --- templates and packages ---------------------------------------------------------------------------------------


def test_no_template_holds_what_the_policy_blocks():
    found = {str(file.relative_to(ROOT)): faults(file.read_text()) for file in (ROOT / "templates").rglob("*.html")}
    assert found and not {name: what for name, what in found.items() if what}


@pytest.mark.parametrize("planted", [
    "<script>go()</script>", "<style>p{}</style>", '<p style="width:3%">', '<a onclick="go()">', '<div hx-on:click="go()">',
    "<a href='javascript:go()'>", '<div hx-vals="js:{a:1}">', '<p hx-trigger="click[ctrlKey]">',
])
def test_the_lint_sees_a_planted_fault(planted):
    assert faults(planted)


def test_own_scripts_evaluate_nothing():
    for file in (ROOT / "static").rglob("*.js"):
        assert not re.search(r"\beval\(|new Function|innerHTML|\.onclick\b", file.read_text()), file


def test_the_lock_names_no_registry_and_every_version_is_exact():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert wanted and all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_every_listed_package_file_is_found_and_nothing_else():
    for name in PACKAGE_FILES:
        assert Path(str(finders.find(name))).is_file()
    assert finders.find("vendor/../package.json") is None
    assert finders.find("vendor/tabler.css") is None
    with pytest.raises(SuspiciousFileOperation):
        PackageStorage().path("../settings.py")


def test_the_collected_set_asks_for_no_source_map():
    rules = [rule if isinstance(rule, str) else rule[0] for _, group in PortalStaticStorage.patterns for rule in group]
    assert rules and not any("sourceMappingURL" in rule for rule in rules)


@pytest.mark.parametrize("page", ["403.html", "404.html", "403_csrf.html", "429.html", "500.html"])
def test_error_pages_need_no_context(page):
    html = render_to_string(page)
    assert not faults(html) and "Issuing Portal" in html


# --- how values look ----------------------------------------------------------------------------------------------


def test_a_status_is_a_word_in_the_colour_of_the_one_table():
    html = render('{% status_badge "AWAITING_SECOND_APPROVAL" "kyc_case" %}')
    assert html == '<span class="badge bg-purple-lt text-nowrap">Awaiting second approval</span>'
    assert colour("card", "frozen") == STATUSES["card"]["FROZEN"]
    assert colour("card", "never heard of") == "secondary"
    assert word("PART_ACKNOWLEDGED") == "Part acknowledged"


def test_every_status_of_every_model_has_its_colour():
    missing = []
    for model in apps.get_models():
        if hasattr(model, "TRANSITIONS"):
            noun = getattr(model, "noun", model._meta.model_name)
            values = [str(value) for value, _ in model._meta.get_field("status").choices or []]
            missing += [(noun, value) for value in values if value not in STATUSES.get(noun, {})]
    assert not missing


def test_money_keeps_its_currency_and_its_sign():
    assert "1,234.50 <span" in render("{% money amount %}", amount=Money(123450, "GBP"))
    assert "1,250 <span" in render('{% money 1250 "JPY" %}')
    assert "amount-negative" in render("{% money amount %}", amount=Money(-1, "KWD"))


@pytest.mark.parametrize(("gap", "text"), [
    (timedelta(seconds=3), "just now"), (timedelta(minutes=5), "5 min ago"), (timedelta(hours=3), "3 h ago"),
    (timedelta(days=12), "12 d ago"), (timedelta(days=200), "7 May 2026"), (timedelta(hours=-3), "in 3 h"), (timedelta(seconds=-9), "in a moment"),
])
def test_time_is_relative_and_the_exact_one_is_in_the_title(gap, text):
    assert formats.relative(NOW - gap, NOW) == text


def test_the_exact_time_is_in_the_zone_of_the_viewer():
    with timezone.override("Europe/Berlin"):
        html = render("{% ago at %}", at=NOW)
    assert 'title="Mon 23 Nov 2026, 13:00:00 CET"' in html and 'datetime="2026-11-23T12:00:00Z"' in html


@pytest.mark.parametrize(("own", "cookie", "zone"), [
    ("Asia/Tokyo", "Europe/Berlin", "Asia/Tokyo"), ("", "Europe/Berlin", "Europe/Berlin"), ("", "../../etc/passwd", "UTC"), ("", "", "UTC"),
])
def test_the_zone_is_the_users_else_the_browsers_else_utc(own, cookie, zone):
    seen = []
    request = RequestFactory().get("/")
    request.user, request.COOKIES = SimpleNamespace(timezone=own), {"zone": cookie}
    ViewerZoneMiddleware(lambda _: seen.append(timezone.get_current_timezone_name()) or HttpResponse())(request)
    assert seen == [zone]


def test_an_id_is_short_copyable_and_escaped():
    html = render("{% short_id id %}", id=CARD)
    assert f'data-copy="{CARD}"' in html and ">crd_…084sn02q<" in html
    assert "<b>" not in render("{% short_id id %}", id="<b>x</b>_aaaaaaaaaaaaaaaaaa")
    assert "–" in render("{% short_id id %}", id=None)


def test_icons_are_inlined_and_an_unknown_one_is_an_error():
    assert 'aria-hidden="true"' in formats.icon("snowflake")
    assert 'aria-label="Frozen"' in formats.icon("snowflake", "Frozen")
    for name in ("no-such-icon", "../../package"):
        with pytest.raises(formats.UnknownIcon):
            formats.icon(name)


def test_a_form_field_ties_its_errors_to_its_control():
    class Card(forms.Form):
        number = forms.CharField(help_text="Four digits")

    html = render("{% field form.number %}", form=Card({"number": ""}))
    assert 'aria-describedby="id_number_help id_number_errors"' in html and 'id="id_number_errors"' in html and "is-invalid" in html


def test_a_chart_has_its_table():
    html = render("{% chart spec %}", spec=Chart("rate", "Is it better?", ["Mon"], [Series("Approved", [90])], links=["/a?x=1&y=2"]))
    assert "<canvas" in html and ">90</td>" in html and 'href="/a?x=1&amp;y=2"' in html and not faults(html)


# --- the shell ----------------------------------------------------------------------------------------------------


def test_the_environment_is_always_said():
    assert portal(request_for("/"))["environment"]["mode"] == "test data"
    with override_settings(ENVIRONMENT="production"):
        live = portal(request_for("/"))["environment"]
    assert (live["name"], live["mode"], live["css"]) == ("PRODUCTION", "live data", "environment-live")


def test_sections_are_those_that_exist_and_that_the_viewer_may_open():
    request = request_for("/cards/crd_1")
    assert [(item["name"], item["url"], item["current"]) for item in portal(request)["nav"]] == [("Cards", "/cards", True)]
    request.user.may = lambda verb: verb != "cards.read"
    assert portal(request)["nav"] == []
    assert portal(RequestFactory().get("/"))["viewer"] is None


def test_a_detail_page_draws_facts_timeline_and_action_without_inline_code():
    html = render_to_string("portal/detail.html", {
        "title": "Card ending 4242", "noun": "card", "status": "FROZEN", "identifier": CARD, "back": ("Cards", "/cards"),
        "facts": [Fact("Available", Money(5, "GBP"), "money"), Fact("Frozen by", None)],
        "timeline": [Moment(NOW, "Frozen", actor="Ada", reason="<script>")],
    }, request_for("/cards/1"))
    assert "0.05" in html and "Frozen</span>" in html and "“&lt;script&gt;”" in html and not faults(html)


def test_a_dangerous_act_says_its_consequence_and_wants_a_reason():
    act = DangerousAct(title="Freeze", verb="Freeze card", consequence="3 cards will stop.", back="/cards", codes=[("lost", "Lost")])
    asked = ask_reason(request_for("/x"), act, ReasonForm(codes=act.codes))
    assert asked.status_code == 200 and "3 cards will stop." in asked.render().content.decode()
    refused = ask_reason(request_for("/x"), act, ReasonForm({"code": "lost", "reason": "no"}, codes=act.codes))
    assert refused.status_code == 422
    given = ReasonForm({"code": "lost", "reason": "Left in a taxi"}, codes=act.codes)
    assert given.is_valid() and (given.code_given, given.words) == ("lost", "Left in a taxi")


# --- lists: Django's own permissions are rows that exist in every database --------------------------------------------


class Permissions(ListPage):
    title = "Permissions"
    name = "permissions"
    columns = (
        Column("codename", "Code", kind="code", sort="codename"),
        Column("app", "App", "content_type.app_label", sort="content_type__app_label"),
    )
    filters = (
        Filter("app", "App", lookup="content_type__app_label", choices=[("auth", "Auth"), ("sessions", "Sessions")]),
        Filter("made", "Made", kind="dates", lookup="content_type__session__expire_date"),
    )
    search = ("codename__icontains",)
    default_sort = "codename"
    page_size = 5
    empty = Empty("No permissions", "They come with the first migration.")

    def row_url(self, row):
        return f"/permissions/{row.pk}"


class Endless(Permissions):
    paging = "cursor"


def served(url: str, page: type[ListPage] = Permissions, rows=None, **headers: str):
    answer = page(Permission.objects.select_related("content_type") if rows is None else rows).render(request_for(url, **headers))
    return answer.render() if hasattr(answer, "render") else answer


def codes(answer) -> list[str]:
    return re.findall(r'row-link"><code class="text-nowrap">([^<]+)<', answer.content.decode())


@pytest.mark.django_db
def test_a_list_filters_sorts_searches_and_counts():
    html = served("/p?app=sessions&sort=-codename").content.decode()
    everything = sorted(Permission.objects.filter(content_type__app_label="sessions").values_list("codename", flat=True), reverse=True)
    assert codes(served("/p?app=sessions&sort=-codename")) == everything[:5]
    assert f"<strong>{len(everything)}</strong>" in html and 'aria-sort="descending"' in html and "App: Sessions" in html
    assert all("session" in code for code in codes(served("/p?q=session"))) and not faults(html)


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/p?app=nonsense", "/p?made_from=tomorrow", "/p?made_to=9999-12-31"])
def test_an_unreadable_filter_empties_the_list_and_says_so(url):
    answer = served(url)
    assert codes(answer) == [] and "The list stays empty" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/p?page=junk", "/p?page=99999", "/p?page=-1", "/p?sort=password", "/p?cursor=junk", "/p?q=%00x", "/p?app=%00"])
def test_a_mangled_address_still_answers(url):
    assert served(url).status_code == served(url, Endless).status_code == 200


@pytest.mark.django_db
def test_htmx_gets_the_table_alone_and_the_readable_address():
    answer = served("/p?app=auth&q=&made_from=", HX_Request="true")
    assert b"<html" not in answer.content and b'id="list"' in answer.content
    assert answer["HX-Push-Url"] == "/p?app=auth" and "HX-Request" in answer["Vary"]


@pytest.mark.django_db
def test_a_cursor_sees_every_row_once_while_rows_come_in():
    before, seen, url = set(Permission.objects.values_list("codename", "pk")), [], "/p"
    kind = Permission.objects.earliest("pk").content_type
    for step in range(len(before)):
        answer = served(url, Endless)
        links = re.findall(r'/permissions/(\d+)" class="row-link"><code class="text-nowrap">([^<]+)<', answer.content.decode())
        seen += [(code, int(pk)) for pk, code in links]
        Permission.objects.create(codename=f"a_first_{step}", name="New", content_type=kind)
        onward = re.search(r'rel="next" id="page-on" href="([^"]+)"', answer.content.decode())
        if not onward:
            break
        url = "/p" + onward.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) and before <= set(seen)
    assert 'rel="prev"' in answer.content.decode()


@pytest.mark.django_db
def test_an_empty_list_says_what_would_fill_it():
    assert "They come with the first migration." in served("/p", rows=Permission.objects.none()).content.decode()
    assert "Nothing matches" in served("/p?q=zzzzz").content.decode()


@pytest.mark.django_db
def test_the_export_is_the_whole_filtered_set():
    answer = served("/p?app=auth&format=csv&page=2")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["codename", "app"] and len(rows) - 1 == Permission.objects.filter(content_type__app_label="auth").count()
    assert answer["Content-Disposition"] == 'attachment; filename="permissions.csv"'


@pytest.mark.parametrize(("value", "cell"), [
    ("=cmd()", "'=cmd()"), ("+44 20", "'+44 20"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"), ("-cmd", "'-cmd"),
    ("-12.50", "-12.50"), (-3, "-3"), (None, ""), ("plain", "plain"), (NOW, "2026-11-23T12:00:00+00:00"),
])
def test_no_cell_of_an_export_runs_as_a_formula(value, cell):
    assert safe_cell(value) == cell


def test_money_exports_as_a_number_and_a_currency():
    column = Column("amount", "Amount", kind="money")
    assert column.csv_cells({"amount": Money(-123450, "GBP")}) == ["-1234.50", "GBP"]
    assert column.csv_labels() == ["amount", "amount_currency"]
