"""What she sends with a signal. In need nothing is refused for its form: the unreadable is left out."""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import HiddenInput, TextArea

from clinic.booking import typed
from clinic.booking.forms import OpenForm, Parsed, as_typed, degrees, flag, one_of

LONGEST_TEXT = 300


def _token(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{32}", value):
        raise typed.Unreadable(_l("We do not know this signal."))
    return value


class SignalForm(OpenForm):
    """Her page of a signal: give it, look, tell more, write, end it."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("start", "state", "add", "say", "safe")), widget=HiddenInput())
    alert = Parsed(_l("Signal"), _token, widget=HiddenInput())
    whole = Parsed(_l("What to do"), flag, widget=HiddenInput())  # the form with every answer, not a position alone
    where = Parsed(_l("Where you are, in your own words"), as_typed, LONGEST_TEXT, widget=TextArea())
    lat = Parsed(_l("Where"), degrees, widget=HiddenInput())
    lng = Parsed(_l("Where"), degrees, widget=HiddenInput())
    phone = Parsed(_l("A number to call you back"), as_typed, 40)
    may_103 = Parsed(_l("Ambulance, 103"), flag)
    may_102 = Parsed(_l("Police, 102"), flag)
    quiet = Parsed(_l("Quiet: do not call me, only write here"), flag)
    follow = Parsed(_l("Send my position again while the signal is on"), flag)
    text = Parsed(_l("Your answer"), as_typed, LONGEST_TEXT, widget=TextArea())


FORMS: tuple[Any, ...] = (SignalForm,)
