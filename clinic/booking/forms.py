"""The forms of the pages on which she looks for a place, books, and opens what is under her code.

Every field is bounded and parsed by a value object; what was typed stays in the field for the page
that comes back. No form needs a cookie: those that change something carry a signed token.
"""

import re
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField
from wtforms.widgets import HiddenInput, TextInput

from clinic.booking import typed
from clinic.booking.fitting import PARTS
from clinic.booking.waiting import LONGEST_DAYS, MOST_PLACES
from clinic.directory.models import KINDS
from clinic.messaging.covers import COVERS
from clinic.passes import phones
from clinic.privacy import codes

MOST_SERVICES = 12
LEADS = (15, 30, 60, 180, 1440)  # minutes before a visit at which a reminder may come
LATER = (5, 10, 15, 20, 30)  # minutes by which somebody may say that she comes later
SPOKEN = ("kk", "ru", "en", "uz", "ky", "tg", "ug", "tr")


class Parsed(Field):
    """A text field whose `data` is what `parse` makes of it (None when left empty); `raw` is as typed."""

    widget = TextInput()

    def __init__(self, label: Any, parse: Callable[[str], Any], most: int = 80, **options: Any) -> None:
        super().__init__(label, **options)
        self.parse, self.most, self.raw = parse, most, ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        typed_last = valuelist[-1] if valuelist else ""
        self.raw = typed_last[: self.most].replace("\x00", "")
        if not typed_last.strip():
            return
        if len(typed_last) > 10 * self.most:
            raise ValueError(_l("This is too long."))
        self.data = self.parse(typed.text(typed_last, self.most))

    def _value(self) -> str:
        return self.raw


class ParsedList(Field):
    """A field that may come several times; `data` is a tuple of parsed values, without repetitions."""

    widget = HiddenInput()

    def __init__(self, label: Any, parse: Callable[[str], Any], most: int, **options: Any) -> None:
        super().__init__(label, **options)
        self.parse, self.most = parse, most

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = ()
        if len(valuelist) > self.most:
            raise ValueError(_l("That is too many at once."))
        self.data = tuple(dict.fromkeys(self.parse(value) for value in valuelist if value.strip()))

    def _value(self) -> str:
        return ""


def _number(value: str) -> int:
    return typed.number(value, 1, 99_999)


def flag(value: str) -> bool:
    """A yes or no as our forms write it."""
    if value not in ("0", "1"):
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return value == "1"


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """A parser that takes these values and no others."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise typed.Unreadable(_l("Please choose one of the answers."))
        return value

    return parse


def degrees(value: str) -> float:
    """Latitude or longitude."""
    if not re.fullmatch(r"-?[0-9]{1,3}([.,][0-9]{1,12})?", value):
        raise typed.Unreadable(_l("This is not a position."))
    number = float(value.replace(",", "."))
    if abs(number) > 180:
        raise typed.Unreadable(_l("This is not a position."))
    return number


def phone_number(value: str) -> str:
    """A mobile number that an SMS reaches."""
    try:
        return phones.parse(value)
    except phones.PhoneError as error:
        raise typed.Unreadable(error.message) from error


def her_code(value: str) -> str:
    """A code, in whatever script it was typed."""
    normal = codes.normal(value)
    if normal is None and re.fullmatch(r"[^\W\d]+\s+[0-9]{1,4}", value):
        raise typed.Unreadable(_l("This is your ticket: say it at the door. The code is longer, 15 signs."))
    if normal is None:
        raise typed.Unreadable(_l("A code has 15 signs: A B C E H K M P T X Y and the digits 2 to 9."))
    return normal


def lead_minutes(value: str) -> int:
    """Minutes before a visit at which a reminder may come."""
    minutes = typed.number(value, 1, 100_000)
    if minutes not in LEADS:
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return minutes


def _visit(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", value):
        raise typed.Unreadable(_l("We do not know this visit."))
    return bytes.fromhex(value)


def _later(value: str) -> int:
    minutes = typed.number(value, 0, 100)
    if minutes not in (0, *LATER):
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return minutes


def as_typed(value: str) -> str:
    """Free text: what can be made of it is seen later."""
    return value


class OpenForm(FlaskForm):
    """A form without a session: its token, where it has one, is checked by the view."""

    class Meta:
        csrf = False

    def mistake(self) -> Any:
        """The first sentence about a field, or None."""
        return next((sentences[0] for sentences in self.errors.values() if sentences), None)


class ChoiceForm(OpenForm):
    """What she chose on the list: it goes on through every page up to the ticket, so that the way back leads to it."""

    near = Parsed(_l("Where"), as_typed)
    lat = Parsed(_l("Where"), degrees, widget=HiddenInput())
    lng = Parsed(_l("Where"), degrees, widget=HiddenInput())
    day = Parsed(_l("Day"), typed.day)
    evenings = Parsed(_l("How many days"), lambda value: typed.number(value, 1, 7))
    after = Parsed(_l("From what time"), typed.hour)
    open_now = Parsed(_l("Open now"), flag)
    kind = Parsed(_l("Kind of place"), one_of(KINDS))
    migrants = Parsed(_l("Works with migrants"), flag)
    spoken = Parsed(_l("Language spoken"), one_of(SPOKEN))
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


class NearForm(ChoiceForm):
    """Where, when, what: the list of places; `other` asks for another city than the remembered one."""

    service = ParsedList(_l("What you need"), _number, MOST_SERVICES)
    other = Parsed(_l("Another city"), flag)
    limit = Parsed(_l("How many"), lambda value: typed.number(value, 1, 50))


class PlaceForm(ChoiceForm):
    """Services, day and time at one place; `picked` where the services stood on the page: none of them means none."""

    picked = Parsed(_l("What to do in one visit"), flag, widget=HiddenInput())
    service = ParsedList(_l("What to do in one visit"), _number, MOST_SERVICES)
    start = Parsed(_l("Time"), typed.start)


class BookForm(ChoiceForm):
    """The confirm page: what is booked, and a reminder if she wants one."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "plain", "check", "book", "ticket")), widget=HiddenInput())
    another = Parsed(_l("What to do"), flag, widget=HiddenInput())  # a second visit at the very time of her own
    service = ParsedList(_l("What to do in one visit"), _number, MOST_SERVICES)
    start = Parsed(_l("Time"), typed.start, widget=HiddenInput())
    without_id = Parsed(_l("Documents"), flag, widget=HiddenInput())
    phone = Parsed(_l("Phone number"), phone_number)
    cover = Parsed(_l("What the SMS says"), one_of(COVERS))
    language = Parsed(_l("Language of the SMS"), one_of(("kk", "ru", "en")))
    lead = Parsed(_l("When to send it"), lead_minutes)
    confirm = Parsed(_l("One SMS at once"), flag)


class MineForm(OpenForm):
    """Everything under a code: see, move, cancel, silence, forget."""

    act = Parsed(
        _l("What to do"),
        one_of(("open", "times", "move", "cancel", "quiet", "forget", "calendar", "silent", "late")),
        widget=HiddenInput(),
    )
    code = Parsed(_l("Code"), her_code)
    visit = Parsed(_l("Visit"), _visit, widget=HiddenInput())
    minutes = Parsed(_l("How much later"), _later, widget=HiddenInput())
    day = Parsed(_l("Day"), typed.day)
    start = Parsed(_l("Time"), typed.start)


def _place(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]{3,12}", value):
        raise typed.Unreadable(_l("We do not know this place."))
    return value


class WaitForm(ChoiceForm):
    """Any of these times at any of these places: a wish, with an SMS if she wants one."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "wait", "tell", "ticket")), widget=HiddenInput())
    at = Parsed(_l("Place"), _place, widget=HiddenInput())  # the place from whose page she came
    place = ParsedList(_l("Where it would suit you"), _place, MOST_PLACES)
    service = ParsedList(_l("What to do in one visit"), _number, MOST_SERVICES)
    part = Parsed(_l("When it would suit you"), one_of(tuple(PARTS)))
    days = Parsed(_l("Until when you wait"), lambda value: typed.number(value, 1, LONGEST_DAYS))
    phone = Parsed(_l("Phone number"), phone_number)
    cover = Parsed(_l("What the SMS says"), one_of(COVERS))
    language = Parsed(_l("Language of the SMS"), one_of(("kk", "ru", "en")))


FORMS = (NearForm, PlaceForm, BookForm, MineForm, WaitForm)
