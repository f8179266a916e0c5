"""The forms of the kits: what she chooses, where it waits, when a test was begun, what she chose to tell.

Fields are the ones of booking's forms: bounded, parsed by value objects, kept as typed for the page that
comes back. Position and code go on in hidden fields, never in an address.
"""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import HiddenInput

from clinic.booking import typed
from clinic.booking.forms import OpenForm, Parsed, ParsedList, as_typed, degrees, flag, her_code, one_of, phone_number
from clinic.kits import follow_up
from clinic.messaging.covers import COVERS

MOST_PER_ORDER = 3  # what the table holds; the operator may allow fewer
MOST_POINTS = 30
SLUG = re.compile(r"[a-z0-9]{3,12}")
MOST_MINUTES = 4_000_000_000 // 60  # a moment in minutes since 1970, until 2096


def _kit(value: str) -> int:
    return typed.number(value, 1, 999)


def _quantity(value: str) -> int:
    try:
        return typed.number(value, 1, MOST_PER_ORDER)
    except typed.Unreadable as error:
        raise typed.Unreadable(_l("Choose 1, 2 or 3 tests.")) from error


def _point(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise typed.Unreadable(_l("We do not know this point."))
    return value


def _order(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", value):
        raise typed.Unreadable(_l("We do not know this order."))
    return bytes.fromhex(value)


def _minute(value: str) -> int:
    return typed.number(value, 1, MOST_MINUTES)


class OrderForm(OpenForm):
    """Which test, how many, where and when; then the point and, if she wants it, a message."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "order", "tell", "ticket")), widget=HiddenInput())
    kit = Parsed(_l("Which test"), _kit)
    q = Parsed(_l("How many"), _quantity)
    near = Parsed(_l("Where is it convenient for you to collect it"), as_typed)
    lat = Parsed(_l("Where"), degrees, widget=HiddenInput())
    lng = Parsed(_l("Where"), degrees, widget=HiddenInput())
    day = Parsed(_l("Day"), typed.day)
    after = Parsed(_l("From what time"), typed.hour)
    point = Parsed(_l("Point"), _point)
    line = ParsedList(_l("Point"), _point, MOST_POINTS)  # the points that were shown as having nothing left
    phone = Parsed(_l("Phone number"), phone_number)
    cover = Parsed(_l("What the SMS says"), one_of(COVERS))
    remind = Parsed(_l("Remind me"), flag)
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


class BeganForm(OpenForm):
    """When she began a test: the moment in minutes, for browsers without a script."""

    at = Parsed(_l("Time"), _minute, widget=HiddenInput())


class ToldForm(OpenForm):
    """The page of what she sees: under her code or not, and what she chose to tell."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "told", "harm")), widget=HiddenInput())
    what = Parsed(_l("What you see"), one_of(follow_up.TOLD), widget=HiddenInput())
    order = Parsed(_l("Order"), _order, widget=HiddenInput())
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


class MyOrderForm(OpenForm):
    """An order under her code: see other points, move it there, cancel it."""

    act = Parsed(_l("What to do"), one_of(("points", "move", "cancel")), widget=HiddenInput())
    order = Parsed(_l("Order"), _order, widget=HiddenInput())
    point = Parsed(_l("Point"), _point)
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


FORMS: tuple[Any, ...] = (OrderForm, BeganForm, ToldForm, MyOrderForm)
