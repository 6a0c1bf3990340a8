"""load_demo: the demo programme, once, in one transaction: either all of it stands or none."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings

from authorisations.operations.taps import Line
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.operations import operation
from issuing_portal.partners import queries as partners
from issuing_portal.sandbox.demo import people
from issuing_portal.sandbox.demo.spending import DAYS, Spending
from issuing_portal.sandbox.demo.stage import Stage
from issuing_portal.sandbox.operations.partners import NewPartner, set_up_test_partner

PARTNER = "Demo Payments"


class DemoInProduction(DomainError):
    code, status, title = "demo_refused", 403, "There is no demo where ENVIRONMENT is production."


@dataclass(frozen=True)
class Loaded:
    """`made` is None where the demo stood already: its key and secret were shown once."""

    made: NewPartner | None


@operation
def load_demo(*, by: Actor, now: datetime) -> Loaded:
    """People who may sign in, and a partner whose programme has lived for some weeks. Raises: DemoInProduction."""
    if settings.PRODUCTION:
        raise DemoInProduction
    staff = people.employ(by=by, now=now)
    if partners.partners().filter(name=PARTNER).exists():
        return Loaded(None)
    began = datetime.combine(now.date() - timedelta(days=DAYS + 14), time(9), tzinfo=now.tzinfo)
    made = set_up_test_partner(name=PARTNER, by=by, now=began)
    partner = Actor(kind="api_key", id=made.key.pk, label=made.key.name, channel="api", partner_id=made.partner.pk, livemode=False)
    stage = Stage(made.programme, partner, staff, began)
    stage.put_council()
    stage.put_individuals()
    stage.put_stopped_cards()
    processor = Actor(kind="processor", id=made.connection.pk, label="processor", channel="processor", partner_id=made.partner.pk, livemode=False)
    line = Line(id=made.connection.pk, partner_id=made.partner.pk, livemode=False, actor=processor)
    stage.suspend_somebody()
    first_day = datetime.combine(now.date() - timedelta(days=DAYS - 1), time(0), tzinfo=now.tzinfo)
    Spending(line, made.programme.currency, stage.spending, stage.refused, first_day, now).run()
    return Loaded(made)
