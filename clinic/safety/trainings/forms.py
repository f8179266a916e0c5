"""The forms of a seat: taken on the training's page, given up under her code."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import HiddenInput

from clinic.booking import typed
from clinic.booking.forms import OpenForm, Parsed, flag, her_code, one_of, phone_number
from clinic.messaging.covers import COVERS

LEADS = (60, 180, 1440)  # minutes before it at which a reminder may come


def _lead(value: str) -> int:
    minutes = typed.number(value, 1, 100_000)
    if minutes not in LEADS:
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return minutes


def _seat(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", value):
        raise typed.Unreadable(_l("We do not know this seat."))
    return bytes.fromhex(value)


class SeatForm(OpenForm):
    """A seat, or a place in line where the page said that it is full (`line`); a message if she wants one."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "take", "tell", "ticket")), widget=HiddenInput())
    line = Parsed(_l("Wait in line"), flag, widget=HiddenInput())
    phone = Parsed(_l("Phone number"), phone_number)
    cover = Parsed(_l("What the SMS says"), one_of(COVERS))
    lead = Parsed(_l("When to send it"), _lead)
    code = Parsed(_l("Code"), her_code)


class MySeatForm(OpenForm):
    """A seat under her code: give it up."""

    act = Parsed(_l("What to do"), one_of(("leave",)), widget=HiddenInput())
    seat = Parsed(_l("Seat"), _seat, widget=HiddenInput())
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


FORMS: tuple[Any, ...] = (SeatForm, MySeatForm)
