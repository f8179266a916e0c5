"""What arrives in the JSON face, read strictly; each mistake is answered in our own words.

Marshmallow's own messages are English only, so every reader here raises texts of ours. What can be
read safely is read (direction marks and full-width digits around a number); all else is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields

from clinic.booking import typed

MISSING = _l("This is needed.")
EMPTY = _l("This may not be empty.")
NO_TEXT = _l("This has to be text.")
TOO_LONG = _l("This is too long.")
UNREADABLE = _l("This has signs that cannot be read.")
NO_LIST = _l("This has to be a list.")
NO_YES_NO = _l("This has to be true or false.")
NO_NUMBER = _l("This has to be a whole number.")
NO_DAY = _l("This is not a day. Write it like 2026-12-14.")
NO_HOUR = _l("This is not a time of day. Write it like 18:30.")
NO_MOMENT = _l("This is not a time. Write it like 2026-12-14T19:00:00+05:00.")
NO_POSITION = _l("This is not a position. Write latitude and longitude, like 43.24,76.95.")
NO_CHOICE = _l("This is not one of the possible values.")
ONE_EACH = _l("Each may stand here once.")

MOST_SLUGS, SLUG_LONGEST = 10, 40

_DIRECTION = dict.fromkeys([0x200E, 0x200F, 0x061C, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_POSITION = re.compile(r"(-?\d{1,3}(?:\.\d{1,20})?),(-?\d{1,3}(?:\.\d{1,20})?)", re.ASCII)


class Read(fields.Field[Any]):
    """A field that is read by a plain function; `told` is its JSON Schema, `name` its name if not Python's."""

    def __init__(
        self,
        read: Callable[[Any], Any],
        told: Mapping[str, Any],
        required: bool = False,
        name: str | None = None,
    ) -> None:
        messages = {"required": MISSING, "null": EMPTY}
        super().__init__(required=required, data_key=name, error_messages=messages, metadata=dict(told))
        self.read = read
        self.is_multiple = told["type"] == "array"  # webargs: take every value of the name from a query string

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ARG002
        return self.read(value)


def words(longest: int, about: str, required: bool = False) -> Read:
    """A short text."""
    told = {"type": "string", "minLength": 1, "maxLength": longest, "description": about}
    return Read(lambda value: plain(value, longest), told, required)


def choice(values: tuple[str, ...], about: str) -> Read:
    """One of a few words."""

    def read(value: Any) -> str:
        text = plain(value, 40)
        if text not in values:
            raise ValidationError(NO_CHOICE)
        return text

    return Read(read, {"type": "string", "enum": list(values), "description": about})


def day(about: str, name: str | None = None) -> Read:
    """A calendar day, YYYY-MM-DD."""
    return Read(read_day, {"type": "string", "format": "date", "description": about}, name=name)


def hour(about: str) -> Read:
    """A time of day, HH:MM."""
    return Read(read_hour, {"type": "string", "pattern": _as_schema(_HOUR), "description": about})


def moment(about: str) -> Read:
    """An RFC 3339 time with its offset, always needed."""
    example = "2026-12-14T19:00:00+05:00"
    told = {"type": "string", "format": "date-time", "description": about, "example": example}
    return Read(read_moment, told, required=True)


def position() -> Read:
    """Where she is, "latitude,longitude"."""
    about = "Latitude and longitude. Rounded to two decimals on arrival, never stored, never logged."
    told = {"type": "string", "pattern": _as_schema(_POSITION), "description": about, "example": "43.24,76.95"}
    return Read(read_position, told)


def whole(low: int, high: int, about: str, required: bool = False) -> Read:
    """A whole number between two bounds, as JSON writes it."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError(NO_NUMBER)
        return _between(value, low, high)

    return Read(read, {"type": "integer", "minimum": low, "maximum": high, "description": about}, required)


def whole_in_query(low: int, high: int, about: str) -> Read:
    """A whole number between two bounds, as it stands in a query string."""

    def read(value: Any) -> int:
        text = plain(value, 40)
        if not _WHOLE.fullmatch(text):
            raise ValidationError(NO_NUMBER)
        return _between(int(text), low, high)

    return Read(read, {"type": "integer", "minimum": low, "maximum": high, "description": about})


def yes_no(about: str) -> Read:
    """true or false, as JSON writes it."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(NO_YES_NO)
        return value

    return Read(read, {"type": "boolean", "description": about})


def yes_no_in_query(about: str) -> Read:
    """true, false, 1 or 0, as it stands in a query string."""
    known = {"true": True, "1": True, "false": False, "0": False}

    def read(value: Any) -> bool:
        if not isinstance(value, str) or value.lower() not in known:
            raise ValidationError(NO_YES_NO)
        return known[value.lower()]

    return Read(read, {"type": "boolean", "description": about})


def slugs(about: str, required: bool = False) -> Read:
    """Slugs of services, each once. Whether they exist is for the view: it has the catalogue."""
    told = {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": SLUG_LONGEST},
        "minItems": 1,
        "maxItems": MOST_SLUGS,
        "uniqueItems": True,
        "description": about,
    }
    return Read(read_slugs, told, required)


def plain(value: Any, longest: int) -> str:
    """`value` as text without direction marks and outer spaces, digits made ASCII.

    Raises ValidationError when it is no text, empty, longer than `longest`, or holds control signs.
    """
    if not isinstance(value, str):
        raise ValidationError(NO_TEXT)
    if len(value) > longest + 20:
        raise ValidationError(TOO_LONG)
    text = unicodedata.normalize("NFKC", value.translate(_DIRECTION)).strip()
    if not text:
        raise ValidationError(EMPTY)
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise ValidationError(UNREADABLE)
    if len(text) > longest:
        raise ValidationError(TOO_LONG)
    return text


def read_day(value: Any) -> date:
    """A date of the calendar, as the forms read it: 31 February is none."""
    try:
        return typed.day(plain(value, 40))
    except typed.Unreadable as no_such_day:
        raise ValidationError(NO_DAY) from no_such_day


def read_hour(value: Any) -> time:
    """A time of day, as the forms read it, in the one spelling that the document promises."""
    text = plain(value, 40)
    if not _HOUR.fullmatch(text):
        raise ValidationError(NO_HOUR)
    return typed.hour(text)


def read_moment(value: Any) -> datetime:
    """An aware moment in UTC."""
    text = plain(value, 60).upper()
    if not _MOMENT.fullmatch(text):
        raise ValidationError(NO_MOMENT)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as no_such_time:
        raise ValidationError(NO_MOMENT) from no_such_time


def read_position(value: Any) -> tuple[float, float]:
    """Latitude and longitude, rounded here to 2 decimals (about 1 km), before anyone sees them."""
    found = _POSITION.fullmatch(plain(value, 60).replace(" ", ""))
    if not found:
        raise ValidationError(NO_POSITION)
    return round(float(found[1]), 2), round(float(found[2]), 2)


def read_slugs(value: Any) -> tuple[str, ...]:
    """A list of slugs, none of them twice; in a search one may stand alone."""
    if not isinstance(value, list | tuple):
        raise ValidationError(NO_LIST)
    if not value:
        raise ValidationError(EMPTY)
    if len(value) > MOST_SLUGS:
        raise ValidationError(TOO_LONG)
    found = tuple(plain(item, SLUG_LONGEST) for item in value)
    if len(set(found)) < len(found):
        raise ValidationError(ONE_EACH)
    return found


def outside(low: int, high: int) -> LazyString:
    """What is said of a number that is outside its bounds."""
    return _l("This has to be between %(low)s and %(high)s.", low=low, high=high)


def _between(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValidationError(outside(low, high))
    return number


def _as_schema(pattern: re.Pattern[str]) -> str:
    """A Python pattern as JSON Schema wants it: anchored, digits spelled out."""
    return f"^{pattern.pattern}$".replace(r"\d", "[0-9]")
