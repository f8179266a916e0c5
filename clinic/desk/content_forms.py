"""What coordinators type about a page. The guard checks the session's token; what is wrong stays typed."""

import re
from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form
from wtforms.validators import DataRequired, InputRequired

from clinic.booking import typed
from clinic.booking.forms import Parsed
from clinic.safety.pages import markup
from clinic.safety.pages.editing import Draft
from clinic.safety.pages.models import PageVersion

NEEDED = _l("Fill in this field.")
MOST_SOURCES = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _line(most: int, value: str) -> str:
    return typed.text(value, most)


class Lines(Parsed):
    """A text of several lines; `data` keeps their ends as \\n."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed_last = valuelist[-1] if valuelist else ""
        kept = typed_last.replace("\r\n", "\n").replace("\r", "\n")
        self.raw = kept.replace("\x00", "")[: self.most]
        self.data = None
        if len(kept) > self.most:
            raise ValueError(_l("This is too long."))
        if _CONTROL.search(kept) or any(0xD800 <= ord(sign) <= 0xDFFF for sign in kept):
            raise ValueError(_l("There is a sign here that we cannot read."))
        self.data = kept.strip() or None


class PageForm(Form):
    """A version of a page, and who has checked it."""

    heading = Parsed(_l("Heading"), partial(_line, 80), most=80, validators=[DataRequired(NEEDED)])
    summary = Parsed(_l("One line for lists"), partial(_line, 160), most=160)
    text = Lines(_l("Text"), str, most=markup.MOST_SIGNS, validators=[DataRequired(NEEDED)])
    words = Parsed(_l("Other words that people type when they look for it"), partial(_line, 300), most=300)
    sources = Lines(_l("What this rests on"), str, most=MOST_SOURCES)
    checked_by = Parsed(_l("Who has checked it"), partial(_line, 80), most=80)
    checked_on = Parsed(_l("On which day"), typed.day, most=20)
    base = Parsed("", partial(typed.number, low=0, high=10**6), most=10, validators=[InputRequired(NEEDED)])

    def fill(self, version: PageVersion | None) -> None:
        """What stands there now; who checked the old text has not checked a new one."""
        self.base.raw = str(0 if version is None else version.n)
        if version is not None:
            for field in (self.heading, self.summary, self.text, self.words, self.sources):
                field.raw = getattr(version, field.name)

    def draft(self) -> Draft:
        """The text as it was typed."""
        values: dict[str, Any] = {name: self[name].data or "" for name in Draft.__slots__}
        return Draft(**values)


class BackForm(Form):
    """Which version comes back, and which was the newest when that was pressed."""

    n = Parsed("", partial(typed.number, low=1, high=10**6), most=10, validators=[InputRequired()])
    base = Parsed("", partial(typed.number, low=1, high=10**6), most=10, validators=[InputRequired()])
