"""What is typed about a request of an authority, and about a referral. The guard checks the session's token."""

from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField
from wtforms.validators import InputRequired, Length

from clinic.booking import typed
from clinic.booking.forms import Parsed, as_typed, flag, one_of
from clinic.safety.referrals.codes import DAYS, KINDS
from clinic.safety.register.models import GAVE

NEEDED = _l("Fill in this field.")
CHOOSE = _l("Please choose one of the answers.")
MOST_ID = 2**31 - 1


def _words(most: int, value: str) -> str:
    return typed.text(value, most)


def _nobody(most: int, value: str) -> str:
    return typed.without_numbers(value, most)


def _id(value: str) -> int:
    return typed.number(value, 1, MOST_ID)


def _days(value: str) -> int:
    days = typed.number(value, 1, 99)
    if days not in DAYS:
        raise typed.Unreadable(CHOOSE)
    return days


def _token() -> Any:
    return HiddenField(validators=[InputRequired(), Length(22, 64)])


class RequestForm(Form):
    """One entry of the register."""

    organization = Parsed(_l("Whose data was asked for"), _id, validators=[InputRequired(CHOOSE)])
    day = Parsed(_l("On which day"), typed.day, validators=[InputRequired(NEEDED)])
    authority = Parsed(_l("Who asked"), partial(_words, 200), most=200, validators=[InputRequired(NEEDED)])
    basis = Parsed(_l("On what legal ground"), partial(_words, 400), most=400, validators=[InputRequired(NEEDED)])
    asked = Parsed(_l("What was asked"), partial(_nobody, 1000), most=1000, validators=[InputRequired(NEEDED)])
    gave = Parsed(_l("What was given"), one_of(GAVE), validators=[InputRequired(CHOOSE)])
    given = Parsed(_l("What exactly"), partial(_nobody, 1000), most=1000)
    decided_by = Parsed(_l("Who decided"), partial(_words, 120), most=120, validators=[InputRequired(NEEDED)])
    lawyer_on = Parsed(_l("A lawyer was told on"), typed.day)
    void = Parsed(_l("There was no such request"), flag)
    corrects = Parsed(_l("Entry that it corrects"), _id)
    token = _token()


class ReferralForm(Form):
    """A new code."""

    sender = Parsed(_l("Sent from"), _id, validators=[InputRequired(CHOOSE)])
    to = Parsed(_l("To which organization"), _id, validators=[InputRequired(CHOOSE)])
    kind = Parsed(_l("For what"), one_of(KINDS), validators=[InputRequired(CHOOSE)])
    days = Parsed(_l("How long it is good"), _days, validators=[InputRequired(CHOOSE)])
    token = _token()


class RedeemForm(Form):
    """A code that somebody brought."""

    code = Parsed(_l("Code"), as_typed, validators=[InputRequired(NEEDED)])
    token = _token()
