"""The shapes of the JSON face. What is read is checked here; what is sent is only described here."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validates_schema

from clinic.api import fields as read
from clinic.api.problems import MEANINGS
from clinic.db import LANGUAGES
from clinic.directory.models import KINDS
from clinic.kits.models import ORDER_STATUSES, SAMPLES
from clinic.messaging.covers import COVERS

LIMIT, LIMIT_MOST = 20, 100
DAYS, DAYS_MOST = 7, 14
CODE_LONGEST = 60
KITS_MOST = 3  # in one order; the operator may allow fewer
NEEDS_PHONE = _l("This needs a phone number.")
UNKNOWN = _l("There is no such field.")
NOT_AN_OBJECT = _l("The body has to be a JSON object.")
EITHER = _l("Name either a point or a position, not both.")
_MESSAGES = {"unknown": UNKNOWN, "type": NOT_AN_OBJECT}

_SERVICES = "Slugs of services; a place has to offer all of them in one visit."
_PLACE = "A city, district or landmark in Kazakh, Russian, English or Latin letters."
_OPEN_NOW = "Only places that are open at this moment."
_LANG = "Language of names and messages; without it, Accept-Language."
_WHICH = "Which visit of this code is meant, by ticket number; without it, the next one."
_WHICH_ORDER = "Which order of this code is meant, by ticket number; without it, the one to be collected next."
_KIT = "Slug of a kit."


class Asked(Schema):
    """What arrives. Unknown names are refused, so that a misspelt one is noticed."""

    error_messages = _MESSAGES

    class Meta:
        unknown = RAISE


class InQuery(Schema):
    """What arrives in a query string, where others may add names of their own."""

    error_messages = _MESSAGES

    class Meta:
        unknown = EXCLUDE


# ---- what is asked ---------------------------------------------------------------------------


class LocationsQuery(InQuery):
    near = read.position()
    q = read.words(100, _PLACE)
    service = read.slugs(_SERVICES)
    day = read.day("Free times and hours of this day.")
    after = read.hour("Free times from this hour on; a night runs on until 06:00.")
    open_now = read.yes_no_in_query(_OPEN_NOW)
    kind = read.choice(KINDS, "Only places of this kind.")
    limit = read.whole_in_query(1, LIMIT_MOST, f"How many places at most; {LIMIT} if absent.")
    lang = read.choice(LANGUAGES, _LANG)


class LocationsSearch(Asked):
    near = read.position()
    q = read.words(100, _PLACE)
    service = read.slugs(_SERVICES)
    day = read.day("Free times and hours of this day.")
    after = read.hour("Free times from this hour on; a night runs on until 06:00.")
    open_now = read.yes_no(_OPEN_NOW)
    kind = read.choice(KINDS, "Only places of this kind.")
    limit = read.whole(1, LIMIT_MOST, f"How many places at most; {LIMIT} if absent.")
    lang = read.choice(LANGUAGES, _LANG)


class LangQuery(InQuery):
    lang = read.choice(LANGUAGES, _LANG)


class SlotsQuery(InQuery):
    service = read.slugs(_SERVICES, required=True)
    from_ = read.day("The first day; today if absent.", "from")
    days = read.whole_in_query(1, DAYS_MOST, f"How many days; {DAYS} if absent.")
    lang = read.choice(LANGUAGES, _LANG)


class AppointmentBody(Asked):
    location = read.words(8, "Slug of the place.", required=True)
    services = read.slugs("Slugs of the services of this one visit.", required=True)
    start = read.moment("The start of a free time, as /slots gave it.")
    phone = read.words(40, "Only for a message; in any form that people write.")
    language = read.choice(LANGUAGES, "Language of the ticket and of the messages.")
    cover = read.choice(COVERS, "What the messages pretend to be about.")
    remind_minutes = read.whole(60, 1440, "A reminder so many minutes before; absent: none.")
    confirm = read.yes_no("One message at once.")
    code = read.words(CODE_LONGEST, "A code she has: the visit hangs from it, and no new code is given.")

    @validates_schema(skip_on_field_errors=True)
    def messages_need_a_number(self, data: dict[str, Any], **kwargs: Any) -> None:  # noqa: ARG002
        """A message without a number to send it to; a pass she has may hold one."""
        if "phone" in data or "code" in data:
            return
        wanting = [name for name in ("remind_minutes", "confirm") if data.get(name)]
        if wanting:
            raise ValidationError({name: [NEEDS_PHONE] for name in wanting})


class CodeBody(Asked):
    code = read.words(CODE_LONGEST, "Her code, in either script and any case.", required=True)
    ticket = read.whole(1, 9999, _WHICH)


class MoveBody(CodeBody):
    start = read.moment("The new start, as /slots gave it.")


class PointsQuery(InQuery):
    near = read.position()
    q = read.words(100, _PLACE)
    kit = read.words(read.SLUG_LONGEST, _KIT)
    limit = read.whole_in_query(1, LIMIT_MOST, f"How many points at most; {LIMIT} if absent.")
    lang = read.choice(LANGUAGES, _LANG)


class PointsSearch(Asked):
    near = read.position()
    q = read.words(100, _PLACE)
    kit = read.words(read.SLUG_LONGEST, _KIT)
    limit = read.whole(1, LIMIT_MOST, f"How many points at most; {LIMIT} if absent.")
    lang = read.choice(LANGUAGES, _LANG)


class KitOrderBody(Asked):
    kit = read.words(read.SLUG_LONGEST, _KIT, required=True)
    quantity = read.whole(1, KITS_MOST, "How many; the operator may allow fewer.", required=True)
    near = read.position()
    point = read.words(8, "Slug of the point she chose; without it, `near` is needed and the best point is taken.")
    phone = read.words(40, "Only for messages: when what she waits for is there, and before the last day.")
    language = read.choice(LANGUAGES, "Language of the ticket and of the messages.")
    cover = read.choice(COVERS, "What the messages pretend to be about.")
    code = read.words(CODE_LONGEST, "A code she has: the order hangs from it, and no new code is given.")

    @validates_schema(skip_on_field_errors=True)
    def one_of_two(self, data: dict[str, Any], **kwargs: Any) -> None:  # noqa: ARG002
        """Where: at a point she chose, or at the best one near her."""
        if ("near" in data) == ("point" in data):
            raise ValidationError({name: [EITHER] for name in ("near", "point")})


class OrderCodeBody(Asked):
    code = read.words(CODE_LONGEST, "Her code, in either script and any case.", required=True)
    ticket = read.whole(1, 9999, _WHICH_ORDER)


# ---- what is answered ------------------------------------------------------------------------


def _text(about: str = "", **more: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": about, **more} if about else more)


def _moment(about: str) -> fields.String:
    return fields.String(
        required=True,
        metadata={"description": about, "format": "date-time", "example": "2026-12-14T19:00:00+05:00"},
    )


def _or_null(schema: type[Schema], about: str) -> fields.Nested:
    return fields.Nested(schema, required=True, allow_none=True, metadata={"description": about})


class Slot(Schema):
    start = _moment("When she comes.")
    end = _moment("When the visit ends.")


class PositionAnswer(Schema):
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)


class Location(Schema):
    slug = _text("Five random signs.")
    name = _text()
    kind = _text(enum=list(KINDS))
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "null where only the district is published."}
    )
    position = _or_null(PositionAnswer, "null where only the district is published.")
    distance_m = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "From `near` or `q`; measured from the district's centre where that is all we say."},
    )
    open_now = fields.Boolean(required=True)
    hours = _text("The week as an OpenStreetMap opening_hours expression; empty when not published.")
    services = fields.List(fields.String(), required=True, metadata={"description": "Slugs."})
    bookable = fields.Boolean(required=True, metadata={"description": "Whether free times are given here now."})
    next_slot = _or_null(Slot, "The next free time for what was asked, or for any one service.")


class Meant(Schema):
    name = _text("Its name in the language of the answer.")
    q = _text("Send this as `q` to search there.")


class Understood(Schema):
    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The place that distances are measured from; null where nothing was found."},
    )
    exact = fields.Boolean(
        required=True, metadata={"description": "false where it is a guess, or a part of the words was not understood."}
    )
    missed = _text("Words of `q` that were not understood; the middle of the city stands for them.")
    others = fields.List(
        fields.Nested(Meant),
        required=True,
        metadata={"description": "What else may have been meant; what may have been meant where nothing was found."},
    )


_UNDERSTOOD = "What was understood of `q`; null where none was sent. Show `name` to whoever typed it."


class LocationList(Schema):
    locations = fields.List(fields.Nested(Location), required=True)
    understood = _or_null(Understood, _UNDERSTOOD)


class Service(Schema):
    slug = _text("A neutral word.")
    name = _text()
    minutes = fields.Integer(required=True)


class ServiceList(Schema):
    services = fields.List(fields.Nested(Service), required=True)


class SlotList(Schema):
    minutes = fields.Integer(required=True, metadata={"description": "How long the whole visit takes."})
    slots = fields.List(fields.Nested(Slot), required=True)


class Ticket(Schema):
    number = fields.Integer(required=True)
    noun = _text("In the language of the booking.")


class Appointment(Schema):
    ticket = fields.Nested(Ticket, required=True)
    status = _text(enum=["booked", "here", "in_room", "done", "missed", "cancelled"])
    start = _moment("When she comes.")
    end = _moment("When the visit ends.")
    location = _text("Slug of the place.")
    services = fields.List(fields.String(), required=True)


class Booked(Schema):
    ticket = fields.Nested(Ticket, required=True)
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Her secret, shown this once; null when the request named a code she has."},
    )
    start = _moment("When she comes.")
    end = _moment("When the visit ends.")
    location = _text("Slug of the place.")
    services = fields.List(fields.String(), required=True)


class Kit(Schema):
    slug = _text("A neutral word.")
    name = _text()
    sample = _text(enum=list(SAMPLES))
    read_minutes = fields.List(
        fields.Integer(),
        required=True,
        metadata={
            "description": "After how many minutes the answer may be read, and until when.",
            "minItems": 2,
            "maxItems": 2,
            "example": [20, 40],
        },
    )


class KitList(Schema):
    kits = fields.List(fields.Nested(Kit), required=True)


class Point(Schema):
    slug = _text("Five random signs; the same as the place's.")
    name = _text()
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "null where only the district is published."}
    )
    distance_m = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "From `near` or `q`; measured from the district's centre where that is all we say."},
    )
    hours = _text("The week as an OpenStreetMap opening_hours expression; empty when not published.")
    in_stock = fields.Boolean(
        required=True, metadata={"description": "Whether an order of one `kit` (or of any) would be set aside now."}
    )


class PointList(Schema):
    points = fields.List(fields.Nested(Point), required=True)
    understood = _or_null(Understood, _UNDERSTOOD)


class KitOrder(Schema):
    status = _text(enum=list(ORDER_STATUSES))
    point = _text("Slug of the point.")
    collect_by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The last day; null while she waits for a delivery.", "format": "date"},
    )
    ticket = fields.Nested(Ticket, required=True)


class KitsOrdered(Schema):
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Her secret, shown this once; null when the request named a code she has."},
    )
    ticket = fields.Nested(Ticket, required=True)
    status = _text(enum=["reserved", "backordered"])
    point = _text("Slug of the point.")
    collect_by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The last day; null while she waits for a delivery.", "format": "date"},
    )


class Problem(Schema):
    """RFC 9457, with our own members `code`, `fields`, `alternatives`."""

    type = _text("A page that explains the code.", format="uri-reference")
    title = _text("What happened, in the language of the request.")
    status = fields.Integer(required=True)
    detail = _text("What to do about it.")
    code = _text("Stable; look at this.", enum=list(MEANINGS))
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        data_key="fields",
        metadata={"description": "Messages by the name of the field."},
    )
    alternatives = fields.List(fields.Nested(Slot), metadata={"description": "The nearest free times."})
