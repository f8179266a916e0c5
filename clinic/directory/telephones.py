"""The telephone numbers that a place publishes, as they come from a form or a spreadsheet.

Unlike the number of a woman (`passes/phones`) they may be several in one line, of a land line, short ("112") or with
an extension. What a spreadsheet has shortened is refused: it would become a button that calls somebody else.
"""

import re
import unicodedata
from collections.abc import Callable

import flask_babel
import phonenumbers

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

_SHORTENED = re.compile(r"\d[.,]?\d*\s?[eе]\s?\+?\d{1,2}\b|#{2,}", re.IGNORECASE)  # 7,70123E+10, ####
_DECIMAL = re.compile(r"(\+?\d{10,12})[.,]0+")  # 77012345678,0
_WORDS = re.compile(r"^(tel|тел|телефон|phone|whatsapp|ватсап|вотсап|wa)\s*[.:]?\s*", re.IGNORECASE)
_FEWEST, _MOST = 3, 15


class TelephoneError(ValueError):
    """This is no number that can be called; its text is a sentence for the person who typed it."""


def published(text: str) -> str:
    """The numbers of a place in one line, as they will stand on its page; "" stays "". Raises TelephoneError.

    Mended is only what loses nothing: a spreadsheet's ".0", a plus that it took away, "tel:" in front.
    """
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if _SHORTENED.search(text):
        raise TelephoneError(
            _("The spreadsheet has shortened this number. Format the column as text and type the number again.")
        )
    parts = [_one(part.strip()) for part in re.split(r"[;,]", _DECIMAL.sub(r"\1", text)) if part.strip()]
    return ", ".join(parts)


def _one(part: str) -> str:
    part = _WORDS.sub("", part)
    digits = re.sub(r"\D", "", part)
    if not _FEWEST <= len(digits) <= _MOST:
        raise TelephoneError(_("“%(part)s” is no telephone number.", part=part[:40]))
    if re.fullmatch(r"\+?\d{10,11}", part):
        return _spaced(part)
    return part


def _spaced(typed: str) -> str:
    """A number that is nothing but digits, as people read it; as it was where it is none of Kazakhstan."""
    national = typed.lstrip("+")[-10:]
    number = phonenumbers.parse(f"+7{national}", None)
    whole = len(typed.lstrip("+")) == 10 or typed.lstrip("+")[0] in "78"
    if not whole or not phonenumbers.is_valid_number(number):
        return typed
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)).replace("-", " ")
