"""The form of a note, and of what is added to one. Everything may stay empty but one thing."""

import re
import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.widgets import HiddenInput, TextArea

from clinic.booking import typed
from clinic.booking.forms import OpenForm, Parsed, ParsedList, as_typed, flag, her_code, one_of
from clinic.safety.reports import content, labels

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MOST_WORDS = 300


class Words(Parsed):
    """Her own words over several lines; what was typed stays whole, also when it is too long."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        whole = valuelist[-1] if valuelist else ""
        self.raw = whole.replace("\x00", "")
        text = unicodedata.normalize("NFC", whole).replace("\r\n", "\n").strip()
        if not text:
            return
        if _UNSEEN.search(text) or any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
            raise typed.Unreadable(_l("There is a sign here that we cannot read."))
        if len(text) > self.most:
            raise typed.Unreadable(
                _l(
                    "This is too long: at most %(most)s signs. Send the rest afterwards, under the code.",
                    most=self.most,
                )
            )
        self.data = text


def _lookup(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise typed.Unreadable(_l("We could not read that"))
    return bytes.fromhex(value)


class NoteForm(OpenForm):
    """Write a note; or open one by its code, add to it, take it back."""

    token = HiddenField()
    act = Parsed(_l("What to do"), one_of(("show", "send", "open", "more", "forget")), widget=HiddenInput())
    what = ParsedList(labels.QUESTIONS["what"], one_of(content.WHAT), len(content.WHAT))
    when = Parsed(labels.QUESTIONS["when"], one_of(content.WHEN))
    when_words = Parsed(labels.QUESTIONS["when_words"], as_typed, MOST_WORDS)
    region = Parsed(labels.QUESTIONS["region"], one_of(content.REGIONS))
    where = Parsed(labels.QUESTIONS["where"], as_typed, MOST_WORDS)
    who = ParsedList(labels.QUESTIONS["who"], one_of(content.WHO), len(content.WHO))
    who_words = Parsed(labels.QUESTIONS["who_words"], as_typed, MOST_WORDS)
    evidence = ParsedList(labels.QUESTIONS["evidence"], one_of(content.EVIDENCE), len(content.EVIDENCE))
    status = Parsed(labels.QUESTIONS["status"], one_of(content.STATUS))
    text = Words(labels.QUESTIONS["text"], as_typed, content.MOST_TEXT, widget=TextArea())
    photo = Parsed(_l("Photos"), as_typed)  # the files themselves; this field carries their errors
    keep = Parsed(_l("Leave place and time in"), flag)
    code = Parsed(_l("Code"), her_code)
    lookup = Parsed(_l("Code"), _lookup, 80, widget=HiddenInput())

    def said(self) -> dict[str, Any]:
        """The answers that are not empty, by name."""
        answers = {name: self[name].data for name in labels.QUESTIONS}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in answers.items() if value}


FORMS = (NoteForm,)
