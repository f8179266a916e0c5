"""What coordinators type about a training. The guard checks the session's token; what is wrong stays typed."""

from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.booking import typed
from clinic.booking.forms import SPOKEN, Parsed, ParsedList, one_of
from clinic.db import LANGUAGES, Text3
from clinic.desk import labels
from clinic.safety.pages import neutral
from clinic.safety.trainings.models import KINDS, MOST_SEATS, WHERES
from clinic.safety.trainings.reading import TrainingView

NEEDED = _l("Fill in this field.")
CHOOSE = _l("Please choose one of the answers.")
MOST_PAGE = 9_999
MOST_MINUTES = 12 * 60


def _words(most: int, value: str) -> str:
    return typed.text(value, most)


def _heading(value: str) -> str:
    if neutral.telling(value):  # whoever looks over her shoulder reads headings first
        raise typed.Unreadable(_l("This word would stand in a heading, where others read it. Use another."))
    return typed.text(value, 80)


def _page(value: str) -> int:
    return typed.number(value, 1, MOST_PAGE)


def _way(value: str) -> str:
    return typed.text(value, 300)


_NAME = partial(Parsed, parse=_heading, most=80, validators=[InputRequired(NEEDED)])
_ABOUT = partial(Parsed, parse=partial(_words, 600), most=600)
_FOR_WHOM = partial(Parsed, parse=partial(_words, 200), most=200)


class WordsForm(Form):
    """What is said of a training, and its hour; `sure` is the hour whose message was shown."""

    name_kk = _NAME(_l("Name, in Kazakh"))
    name_ru = _NAME(_l("Name, in Russian"))
    name_en = _NAME(_l("Name, in English"))
    about_kk = _ABOUT(_l("What is done there, in Kazakh"))
    about_ru = _ABOUT(_l("What is done there, in Russian"))
    about_en = _ABOUT(_l("What is done there, in English"))
    for_whom_kk = _FOR_WHOM(_l("Open to whom, in Kazakh"))
    for_whom_ru = _FOR_WHOM(_l("Open to whom, in Russian"))
    for_whom_en = _FOR_WHOM(_l("Open to whom, in English"))
    languages = ParsedList(_l("Languages spoken"), one_of(SPOKEN), len(SPOKEN), validators=[InputRequired(CHOOSE)])
    hour = Parsed(_l("From"), typed.hour, validators=[InputRequired(NEEDED)])
    minutes = Parsed(_l("Minutes"), partial(labels.quantity, 15, MOST_MINUTES), validators=[InputRequired(NEEDED)])
    page = Parsed(_l("Number of the page with its materials"), _page)
    sure: Any = HiddenField(validators=[Length(max=20)])

    def text3(self, base: str) -> Text3:
        """A text in three languages."""
        return Text3(**{language: self[f"{base}_{language}"].data or "" for language in LANGUAGES})

    def fill(self, training: TrainingView) -> None:
        """What stands there now."""
        for base in ("name", "about", "for_whom"):
            for language in LANGUAGES:
                field: Any = self[f"{base}_{language}"]
                field.raw = getattr(training, base)[language]
        self.languages.data = training.languages
        self.hour.raw = f"{clock.local(training.starts_at):%H:%M}"
        self.minutes.raw = str(training.minutes)
        self.page.raw = str(training.page or "")


class PlanForm(WordsForm):
    """A new training."""

    kind = Parsed(_l("What is learned"), one_of(KINDS), validators=[InputRequired(CHOOSE)])
    day = Parsed(_l("Day"), typed.day, validators=[InputRequired(NEEDED)])
    place = Parsed(_l("Where"), one_of(WHERES), validators=[InputRequired(CHOOSE)])
    way = Parsed(_l("Address or link told under the code"), _way, most=300)
    seats = Parsed(_l("Seats"), partial(labels.quantity, 1, MOST_SEATS), validators=[InputRequired(NEEDED)])
    token: Any = HiddenField(validators=[InputRequired(), Length(22, 64)])


class ChangeForm(Form):
    """What may change while it is ahead."""

    seats = Parsed(_l("Seats"), partial(labels.quantity, 1, MOST_SEATS), validators=[InputRequired(NEEDED)])
    way = Parsed(_l("Address or link told under the code"), _way, most=300)


class CameForm(Form):
    """How many came."""

    came = Parsed(_l("How many came"), partial(labels.quantity, 0, MOST_SEATS), validators=[InputRequired(NEEDED)])
