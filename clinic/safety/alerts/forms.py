"""What she sends with a signal or a check-in. In need nothing is refused for its form: the unreadable is left out."""

import re
import unicodedata
from itertools import pairwise
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import HiddenInput, TextArea

from clinic.booking import typed
from clinic.booking.forms import OpenForm, Parsed, as_typed, degrees, flag, her_code, one_of
from clinic.privacy import codes
from clinic.safety.alerts import until

LONGEST_TEXT = 300
WORD = re.compile(r"[0-9]{4,8}", re.ASCII)


def _token(value: str) -> str:
    """The token of a signal, or the code of the check-in that it was."""
    if re.fullmatch(r"[A-Za-z0-9_-]{32}", value):
        return value
    code = codes.normal(value)
    if code is None:
        raise typed.Unreadable(_l("We do not know this signal."))
    return code


def _word(value: str) -> str:
    kept = unicodedata.normalize("NFKC", "".join(value.split()))
    if not WORD.fullmatch(kept):
        raise typed.Unreadable(_l("4 to 8 digits."))
    return kept


def guessed_first(word: str) -> bool:
    """Digits that whoever forces her tries first: all the same, a row of the keypad, its middle column."""
    steps = {int(b) - int(a) for a, b in pairwise(word)}
    return (len(steps) == 1 and steps <= {0, 1, -1}) or word in ("2580", "0852", "1379", "1212", "1122")


class SignalForm(OpenForm):
    """Her page of a signal: give it, look, tell more, write, end it."""

    token = HiddenField()
    act = Parsed(
        _l("What to do"),
        one_of(("start", "state", "add", "say", "again", "unwell", "stop", "safe")),
        widget=HiddenInput(),
    )
    alert = Parsed(_l("Signal"), _token, widget=HiddenInput())
    near = Parsed(_l("Your city"), as_typed)
    whole = Parsed(_l("What to do"), flag, widget=HiddenInput())  # the form with every answer, not a position alone
    write = Parsed(_l("What to do"), flag, widget=HiddenInput())  # a page that stands still while she writes
    where = Parsed(_l("Where you are, in your own words"), as_typed, LONGEST_TEXT, widget=TextArea())
    lat = Parsed(_l("Where"), degrees, widget=HiddenInput())
    lng = Parsed(_l("Where"), degrees, widget=HiddenInput())
    phone = Parsed(_l("A number to call you back"), as_typed, 40)
    may_103 = Parsed(_l("Ambulance, 103"), flag)
    may_102 = Parsed(_l("Police, 102"), flag)
    quiet = Parsed(_l("Quiet: do not call me, only write here"), flag)
    follow = Parsed(_l("Send my position again while the signal is on"), flag)
    text = Parsed(_l("Your answer"), as_typed, LONGEST_TEXT, widget=TextArea())


class CheckInForm(OpenForm):
    """A check-in: begin it, open it, put it off, end it."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("start", "open", "later", "end")), widget=HiddenInput())
    code = Parsed(_l("Code"), her_code)
    until = Parsed(_l("Until when"), until.read)
    hours = Parsed(_l("Until when"), lambda value: until.hours_from_now(typed.number(value, 1, 3)))
    word = Parsed(_l("Your digits: all is well"), _word)
    forced = Parsed(_l("Other digits: I am being made to say so"), _word)
    wish = Parsed(_l("What we should do then, and whom to call"), as_typed, LONGEST_TEXT, widget=TextArea())
    where = Parsed(_l("Where you will be"), as_typed, LONGEST_TEXT, widget=TextArea())
    phone = Parsed(_l("A number to call you back"), as_typed, 40)
    may_103 = Parsed(_l("Ambulance, 103"), flag)
    may_102 = Parsed(_l("Police, 102"), flag)


FORMS: tuple[Any, ...] = (SignalForm, CheckInForm)
