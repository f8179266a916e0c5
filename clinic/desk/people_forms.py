"""What is typed about accounts: one's own, and those of one's people."""

from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, PasswordField, StringField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Length, Regexp

from clinic.booking import typed
from clinic.booking.forms import Parsed, ParsedList, one_of
from clinic.db import LANGUAGES
from clinic.desk.forms import FOUR_DIGITS, LARGEST_ID, no_easy_pin
from clinic.staff import accounts, guessable
from clinic.staff.models import ROLES

NEEDED = _l("Fill in this field.")
CHOOSE = _l("Please choose one of the answers.")
SHORTEST_PASSWORD = 10
_ID = partial(typed.number, low=1, high=LARGEST_ID)


def _text(most: int) -> Any:
    return partial(typed.text, most=most)


def _filled(_form: Form, field: Any) -> None:
    """Spaces alone are nothing."""
    if field.data is None and not field.errors:
        raise ValidationError(NEEDED)


def _hard_to_guess(form: Form, field: Any) -> None:
    typed_login = getattr(form, "login", None)
    login = getattr(form, "of_login", "") or (typed_login.data if typed_login is not None else "") or ""
    if len(login) > 3 and login in field.data.casefold():
        raise ValidationError(_l("The login must not stand in the password."))
    if guessable.is_guessable(field.data, (login, getattr(form, "of_name", ""))):
        raise ValidationError(_l("This password would be guessed. Take four words that do not belong together."))


def new_password(label: Any) -> Any:
    """A new password: long, without the login in it, not on the lists of those who guess.

    A form for an account that exists sets `of_login` and `of_name` before it validates.
    """
    return PasswordField(
        label,
        validators=[
            InputRequired(NEEDED),
            Length(SHORTEST_PASSWORD, accounts.LONGEST_PASSWORD, _l("A password has at least 10 signs.")),
            _hard_to_guess,
        ],
    )


def new_pin(label: Any) -> Any:
    """A new PIN."""
    return PasswordField(
        label, validators=[InputRequired(FOUR_DIGITS), Regexp(r"[0-9]{4}\Z", message=FOUR_DIGITS), no_easy_pin]
    )


def a_login(value: str) -> str:
    """A login that can be typed."""
    found = accounts.normal_login(value)
    if not accounts.LOGIN.fullmatch(found):
        raise typed.Unreadable(
            _l("A login has 2 to 80 of the signs a–z, 0–9, dot, dash; it begins with a letter or digit.")
        )
    return found


def an_object(value: str) -> tuple[int | None, int | None]:
    """ "place:7" or "all:3": (organization, location), one of them None."""
    kind, _, number = value.partition(":")
    if kind not in ("place", "all"):
        raise typed.Unreadable(CHOOSE)
    found = _ID(number)
    return (None, found) if kind == "place" else (found, None)


WHERE = _l("At which place")
DOES = _l("What this person does there")
MOST_PLACES = 200


class RoleForm(Form):
    """A role at a place, or at all places of an organization."""

    role = StringField(DOES, validators=[AnyOf(ROLES, CHOOSE)])
    where = Parsed(WHERE, an_object, validators=[InputRequired(CHOOSE), _filled])


class GiveForm(Form):
    """A role at one place or at several at once."""

    role = StringField(DOES, validators=[AnyOf(ROLES, CHOOSE)])
    where = ParsedList(_l("At which places"), an_object, MOST_PLACES, validators=[InputRequired(CHOOSE)])


class InviteForm(Form):
    """Somebody new."""

    name = Parsed(_l("Name for colleagues"), _text(80), validators=[InputRequired(NEEDED), _filled])
    language = StringField(_l("Language of the pages"), validators=[AnyOf(LANGUAGES, CHOOSE)])
    where = Parsed(WHERE, an_object, validators=[InputRequired(CHOOSE), _filled])
    roles = ParsedList(DOES, one_of(ROLES), len(ROLES), validators=[InputRequired(CHOOSE)])


class AcceptForm(Form):
    """The account that an invited person makes."""

    code = Parsed(
        _l("The 8 digits that you were told"), _text(20), most=20, validators=[InputRequired(NEEDED), _filled]
    )
    login = Parsed(_l("Login"), a_login, validators=[InputRequired(NEEDED), _filled])
    password = new_password(_l("Password"))
    pin = new_pin(_l("PIN, 4 digits"))


class PasswordForm(Form):
    """Another password for one's own account, and the one that it has."""

    of_login = ""
    of_name = ""
    current = PasswordField(_l("The password you have now"), validators=[InputRequired(NEEDED), Length(max=256)])
    password = new_password(_l("New password"))


class DeskForm(Form):
    """This browser as a shared desk."""

    place = Parsed(_l("Where"), _ID, validators=[InputRequired(CHOOSE), _filled])
    name = Parsed(_l("What it is called"), _text(40), most=40, validators=[InputRequired(NEEDED), _filled])


class AppForm(Form):
    """The app on a phone, confirmed by its first code."""

    secret = StringField(validators=[InputRequired(), Length(max=400)])
    code = StringField(_l("The 6 digits that it shows"), validators=[InputRequired(NEEDED), Length(max=20)])


class PasskeyForm(Form):
    """What the device answered, and what it is called."""

    answer = StringField(validators=[InputRequired(), Length(max=20_000)])
    name = Parsed(_l("What it is called"), _text(40), most=40)
