"""What is typed and pressed at a point. The session's own token is checked by the guard; what is wrong stays typed."""

from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Regexp

from clinic.booking import typed
from clinic.booking.forms import Parsed
from clinic.desk import labels
from clinic.kits import stock
from clinic.kits.refusals import BadLotNumber

NEEDED = _l("Fill in this field.")
CHOOSE = _l("Please choose one of the answers.")
MOST_SCANNED = 120
MOST_EXPECTED = 10_000
REASONS = ("miscounted", "lost", "found", "damaged", "other")  # fixed words: nobody writes about anybody here


def a_number(high: int, value: str) -> int:
    """An id or a small number of a choice."""
    return typed.number(value, 1, high)


def a_lot(value: str) -> str:
    """A lot number as it is kept."""
    try:
        return stock.lot_number_of(value)
    except BadLotNumber as error:
        raise typed.Unreadable(
            _l("A lot number has up to 20 letters, digits and dashes. Look at the box once more.")
        ) from error


_PRESS = r"(give:[0-9a-f]{32}:[0-9.]{1,60}|back:[0-9a-f]{32}|back:[0-9][0-9.]{0,30})\Z"
_ID = partial(a_number, 2**31 - 1)


def _token() -> Any:
    return HiddenField(validators=[InputRequired(), Length(22, 64)])


class PressForm(Form):
    """One press at the counter: "<what>:<order or entry>", as the button says it."""

    step = StringField(validators=[InputRequired(), Regexp(_PRESS)])


class WalkInForm(Form):
    """Kits for somebody who ordered none."""

    kit = Parsed(_l("Which test"), _ID, validators=[InputRequired(CHOOSE)])
    quantity = Parsed(_l("How many"), partial(labels.quantity, 1, 3), validators=[InputRequired(NEEDED)])
    token = _token()


class ReceiveForm(Form):
    """A delivery: what the box says, or what a scanner read from it."""

    scan = StringField(_l("Scan the box"), validators=[Length(max=MOST_SCANNED)])
    kit = Parsed(_l("Which test"), _ID, validators=[InputRequired(CHOOSE)])
    lot = Parsed(_l("Lot"), a_lot, most=40, validators=[InputRequired(NEEDED)])
    expires = Parsed(_l("Good until"), labels.expiry, most=20, validators=[InputRequired(NEEDED)])
    quantity = Parsed(_l("How many"), partial(labels.quantity, 1, stock.MOST), validators=[InputRequired(NEEDED)])
    token = _token()


class WriteOffForm(Form):
    """Kits that leave for good."""

    lot_id = Parsed(_l("Lot"), _ID, validators=[InputRequired(CHOOSE)])
    quantity = Parsed(_l("How many"), partial(labels.quantity, 1, stock.MOST), validators=[InputRequired(NEEDED)])
    kind = StringField(_l("Why"), validators=[AnyOf(stock.WRITE_OFFS, CHOOSE)])
    token = _token()


class MoveForm(Form):
    """Kits that go to another point."""

    lot_id = Parsed(_l("Lot"), _ID, validators=[InputRequired(CHOOSE)])
    quantity = Parsed(_l("How many"), partial(labels.quantity, 1, stock.MOST), validators=[InputRequired(NEEDED)])
    to = Parsed(_l("Where to"), _ID, validators=[InputRequired(CHOOSE)])
    token = _token()


class ExpectedForm(Form):
    """A delivery that will come."""

    kit = Parsed(_l("Which test"), _ID, validators=[InputRequired(CHOOSE)])
    quantity = Parsed(_l("How many"), partial(labels.quantity, 1, MOST_EXPECTED), validators=[InputRequired(NEEDED)])
    day = Parsed(_l("On which day"), labels.expiry, most=20, validators=[InputRequired(NEEDED)])
    token = _token()


class RecallForm(Form):
    """The lot to stop."""

    lot_id = Parsed(_l("Lot"), _ID, validators=[InputRequired(CHOOSE)])
