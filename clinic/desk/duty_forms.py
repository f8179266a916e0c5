"""What is typed on duty and under a signal. The session's own token is checked by the guard."""

from functools import partial

from flask_babel import lazy_gettext as _l
from wtforms import Form, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Regexp

from clinic.booking import typed
from clinic.booking.forms import Parsed, as_typed, phone_number
from clinic.safety.alerts import duty, events
from clinic.safety.alerts.forms import LONGEST_TEXT

NEEDED = _l("Fill in this field.")
NO_SUCH = _l("This step does not exist.")


def _hours(value: str) -> int:
    hours = typed.number(value, 1, 12)
    if hours not in duty.HOURS:
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return hours


class DutyForm(Form):
    """Going on duty."""

    phone = Parsed(_l("Your mobile number"), phone_number, validators=[InputRequired(NEEDED)])
    shown_as = Parsed(_l("The name that who calls will read"), as_typed, 30, validators=[InputRequired(NEEDED)])
    hours = Parsed(_l("For how many hours"), _hours, validators=[InputRequired(NEEDED)])
    organization = Parsed(_l("Organization"), partial(typed.number, low=1, high=2**31 - 1))


class ConfirmForm(Form):
    """The number that the test brought."""

    number = StringField(validators=[InputRequired(NEEDED), Regexp(r"[0-9]{4}\Z")])


class SignalStepForm(Form):
    """One press under a signal, and the sentence that goes with an answer."""

    act = StringField(validators=[AnyOf(("take", "over", "say", "note", "close", "reopen"), NO_SUCH)])
    was = StringField(validators=[Length(max=30)])
    note = StringField(validators=[AnyOf(("", *events.NOTES), NO_SUCH)], default="")
    text = Parsed(_l("Write to her"), as_typed, LONGEST_TEXT)
