"""What people at the desk type and press. The session's own token is checked by the guard."""

from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, IntegerField, PasswordField, StringField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional, Regexp

from clinic.booking import lateness
from clinic.booking.models import STATUSES
from clinic.desk.board import LARGEST_TICKET
from clinic.desk.roster import WALK_IN_MINUTES

LARGEST_ID = 2**31 - 1
NOT_A_STEP = _l("This step does not exist.")
FOUR_DIGITS = _l("A PIN is four digits.")
# The PINs that everybody tries first.
EASY_PINS = {digit * 4 for digit in "0123456789"} | {"1234", "4321", "0123", "3210", "1122", "1212"}


def no_easy_pin(_form: Form, field: Any) -> None:
    """A validator of new PINs."""
    if field.data in EASY_PINS:
        raise ValidationError(_l("This PIN is easy to guess. Choose another one."))


class SignInForm(Form):
    """Login and password; the refusal is one sentence for both."""

    login = StringField(validators=[InputRequired(_l("Fill in this field.")), Length(max=200)])
    password = PasswordField(validators=[InputRequired(_l("Fill in this field.")), Length(max=256)])
    code = StringField(validators=[Length(max=40)])


class SitDownForm(Form):
    """A name and its PIN, at a shared desk."""

    who = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_ID, NOT_A_STEP)])
    pin = PasswordField(validators=[InputRequired(FOUR_DIGITS), Regexp(r"[0-9]{4}\Z", message=FOUR_DIGITS)])


class PinForm(Form):
    """Opens a covered screen."""

    pin = PasswordField(validators=[InputRequired(FOUR_DIGITS), Regexp(r"[0-9]{4}\Z", message=FOUR_DIGITS)])


class NewPinForm(Form):
    """Another PIN; the password shows that it is really she who asks."""

    password = PasswordField(validators=[InputRequired(_l("Fill in this field.")), Length(max=256)])
    pin = PasswordField(
        validators=[InputRequired(FOUR_DIGITS), Regexp(r"[0-9]{4}\Z", message=FOUR_DIGITS), no_easy_pin]
    )


class StepForm(Form):
    """One step of one ticket: `was` is what this desk saw when it pressed."""

    ticket = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_TICKET, NOT_A_STEP)])
    was = StringField(validators=[AnyOf(STATUSES, NOT_A_STEP)])
    to = StringField(validators=[AnyOf(STATUSES, NOT_A_STEP)])

    @classmethod
    def of(cls, text: str) -> "StepForm":
        """The step on a button: "27:booked:here". One button is one field, so one form serves the whole page."""
        parts = text.split(":")
        names = ("ticket", "was", "to")
        return cls(MultiDict(zip(names, parts, strict=True)) if len(parts) == len(names) else MultiDict())


class FindForm(Form):
    """Number and first letter of the noun: "27 т"."""

    q = StringField(validators=[Length(max=200)])


class WalkInForm(Form):
    """How long: the next free time of any room, or a place in the line."""

    minutes = IntegerField(default=WALK_IN_MINUTES[1], validators=[Optional(), AnyOf(WALK_IN_MINUTES, NOT_A_STEP)])
    line = IntegerField(validators=[Optional(), AnyOf((1,), NOT_A_STEP)])  # no time, but a place in the line
    token = StringField(validators=[InputRequired(NOT_A_STEP), Length(22, 64, NOT_A_STEP)])


class CallForm(Form):
    """Who comes from the line into which room: "27:3" on one button."""

    ticket = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_TICKET, NOT_A_STEP)])
    room = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_ID, NOT_A_STEP)])

    @classmethod
    def of(cls, text: str) -> "CallForm":
        """Ticket and room, as they stand on the button."""
        ticket, _, room = text.partition(":")
        return cls(MultiDict({"ticket": ticket, "room": room}))


class LateForm(Form):
    """Which room runs late, and by how many minutes."""

    room = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_ID, NOT_A_STEP)])
    minutes = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(0, lateness.MOST, NOT_A_STEP)])


class VisitForm(Form):
    """What becomes of a visit: `start` and `seen` are cells, `seen` the one at which the desk saw it."""

    start = IntegerField(validators=[Optional(), NumberRange(0, LARGEST_ID // 60, NOT_A_STEP)])
    seen = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(0, LARGEST_ID // 60, NOT_A_STEP)])
    remind = IntegerField(validators=[Optional(), AnyOf((1,), NOT_A_STEP)])
    sure = IntegerField(validators=[Optional(), AnyOf((1,), NOT_A_STEP)])  # the message was shown
    token = StringField(validators=[InputRequired(NOT_A_STEP), Length(22, 64, NOT_A_STEP)])


class ThingForm(Form):
    """What became of something awaited: "2026-11-24:27:ready" on one button."""

    day = DateField(validators=[InputRequired(NOT_A_STEP)])
    ticket = IntegerField(validators=[InputRequired(NOT_A_STEP), NumberRange(1, LARGEST_TICKET, NOT_A_STEP)])
    act = StringField(validators=[AnyOf(("ready", "fetched"), NOT_A_STEP)])

    @classmethod
    def of(cls, text: str) -> "ThingForm":
        """Day, number and act, as they stand on the button."""
        parts = text.split(":")
        names = ("day", "ticket", "act")
        return cls(MultiDict(zip(names, parts, strict=True)) if len(parts) == len(names) else MultiDict())
