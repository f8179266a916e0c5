"""What a coordinator types about a place, its rooms and its hand-over; every mistake gets a sentence at its field."""

import re
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, HiddenField
from wtforms.validators import Length, StopValidation

from clinic.booking import typed
from clinic.booking.forms import Parsed, ParsedList, flag, one_of
from clinic.db import LANGUAGES, Text3
from clinic.desk import labels
from clinic.desk.point_forms import CHOOSE, NEEDED, a_number
from clinic.directory import gazetteer, map_links, telephones
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo
from clinic.directory.gazetteer import NotFound, Spot
from clinic.directory.importing import SPOKEN
from clinic.directory.models import KINDS, VISIBILITIES
from clinic.directory.placing import Towns, misplaced
from clinic.kits.models import POINT_KINDS
from clinic.safety.pages import neutral

TRISTATE = ("", "1", "0")
LIMITS = {"name": 80, "address": 200, "way_in": 600, "how_to_ask": 300}
MOST_SERVICES = 60
_POSITION = re.compile(r"(-?\d{1,3}(?:[.,]\d{1,12})?)[\s,;]+(-?\d{1,3}(?:[.,]\d{1,12})?)", re.ASCII)
_PHONE = re.compile(r"[0-9+()\-\s,;./]{5,60}", re.ASCII)
_ID = partial(a_number, 2**31 - 1)


def needed(_form: Form, field: Field) -> None:
    """Something that can be read must stand here; blanks are nothing."""
    if field.data is None and not field.process_errors:
        raise StopValidation(NEEDED)


def chosen(_form: Form, field: Field) -> None:
    """One of the answers must be chosen."""
    if field.data is None and not field.process_errors:
        raise StopValidation(CHOOSE)


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value) or sum(sign.isdigit() for sign in value) < 3:
        raise typed.Unreadable(_l("Write the number with digits, several with commas between them."))
    try:
        return telephones.published(value)
    except telephones.TelephoneError as error:
        raise typed.Unreadable(str(error)) from error


def _line(most: int, label: Any, **options: Any) -> Parsed:
    return Parsed(label, lambda value: typed.text(value, most), most=most, **options)


def _minutes(label: Any, most: int) -> Parsed:
    return Parsed(label, partial(labels.quantity, 0, most), most=6, validators=[needed])


def _yes(label: Any) -> Parsed:
    return Parsed(label, flag, most=1)


def _pause(value: str) -> int:
    minutes = labels.quantity(0, 120, value)
    if minutes % 5:
        raise typed.Unreadable(_l("Minutes in fives: 0, 5, 10."))
    return minutes


def _neutral(_form: Form, field: Any) -> None:
    """It is read over shoulders and said at the door."""
    if word := neutral.told_aloud(field.data or ""):
        raise StopValidation(told(word))


def told(word: str) -> str:
    """Why a name or a way in with this word is refused."""
    return str(_("This is seen on screens and said at the door, and “%(what)s” tells too much.", what=word))


class PlaceForm(Form):
    """The entry of a place."""

    organization = Parsed(_l("Organization"), _ID)
    kind = Parsed(_l("Kind of place"), one_of(KINDS), validators=[chosen])
    name_kk = _line(80, _l("In Kazakh"), validators=[_neutral])
    name_ru = _line(80, _l("In Russian"), validators=[needed, _neutral])
    name_en = _line(80, _l("In English"), validators=[_neutral])
    city = _line(80, _l("Town"), validators=[needed])
    district = _line(80, _l("District"))
    address_kk = _line(200, _l("In Kazakh"))
    address_ru = _line(200, _l("In Russian"))
    address_en = _line(200, _l("In English"))
    position = _line(1_000, _l("On the map"))
    way_in_kk = _line(600, _l("In Kazakh"), validators=[_neutral])
    way_in_ru = _line(600, _l("In Russian"), validators=[_neutral])
    way_in_en = _line(600, _l("In English"), validators=[_neutral])
    visibility = Parsed(_l("Who sees it"), one_of(VISIBILITIES), validators=[chosen])
    agreed = _yes(_l("The place has agreed to be published"))
    phone = Parsed(_l("Phone"), _phone, most=60)
    languages = ParsedList(_l("Languages spoken"), one_of(SPOKEN), len(SPOKEN))
    step_free = Parsed(_l("Step-free way in"), flag, most=1)
    all_genders = Parsed(_l("All genders are received"), flag, most=1)
    with_migrants = Parsed(_l("Works with migrants"), flag, most=1)
    service = ParsedList(_l("What is done here"), _ID, MOST_SERVICES)
    bookable = _yes(_l("Times can be booked on the site"))
    lead_minutes = _minutes(_l("Booked at the latest, minutes before"), 10_080)
    days_ahead = Parsed(
        _l("Booked at the earliest, days before"), partial(labels.quantity, 1, 90), most=4,
        validators=[needed],
    )  # fmt: skip
    cancel_minutes = _minutes(_l("Cancelled at the latest, minutes before"), 10_080)
    grace_minutes = _minutes(_l("How long a late visit is waited for, minutes"), 240)
    reveal_minutes = _minutes(_l("A hidden address opens under the code, minutes before"), 10_080)


class RoomForm(Form):
    """A room and what is done in it."""

    name_kk = _line(60, _l("In Kazakh"), validators=[_neutral])
    name_ru = _line(60, _l("In Russian"), validators=[needed, _neutral])
    name_en = _line(60, _l("In English"), validators=[_neutral])
    pause = Parsed(_l("Pause after each visit, minutes"), _pause, most=4, validators=[needed])
    service = ParsedList(_l("What is done in it"), _ID, MOST_SERVICES)
    token = HiddenField(validators=[Length(max=64)])


class PointForm(Form):
    """How a place hands over kits."""

    kind = Parsed(_l("How kits are handed over"), one_of(POINT_KINDS), validators=[chosen])
    kit = ParsedList(_l("Which tests"), _ID, 20)
    hold_days = Parsed(_l("How many days an order waits"), partial(labels.quantity, 0, 30), most=4, validators=[needed])
    how_to_ask_kk = _line(300, _l("In Kazakh"), validators=[_neutral])
    how_to_ask_ru = _line(300, _l("In Russian"), validators=[_neutral])
    how_to_ask_en = _line(300, _l("In English"), validators=[_neutral])


def three(form: Form, base: str) -> Text3:
    """A text in three languages; where one is left empty another one's words stand: hers first in Russian."""
    found = {language: form[f"{base}_{language}"].data or "" for language in LANGUAGES}
    instead = found["ru"] or found["kk"] or found["en"]
    return Text3(**{language: text or instead for language, text in found.items()})


def entry(cat: Catalogue, towns: Towns, form: PlaceForm, before: LocationInfo | None) -> dict[str, Any] | None:
    """The columns of a place; None, with the sentences at their fields, when something is wrong."""
    town = _town(cat, form, before)
    values: dict[str, Any] = {
        "kind": form.kind.data,
        "name": three(form, "name"),
        "address": three(form, "address"),
        "way_in": three(form, "way_in"),
        "visibility": form.visibility.data,
        "phone": form.phone.data or "",
        "languages": ",".join(form.languages.data or ()),
        "bookable": bool(form.bookable.data),
    }
    for name in ("step_free", "all_genders", "with_migrants"):
        values[name] = form[name].data
    for name in ("lead_minutes", "days_ahead", "cancel_minutes", "grace_minutes", "reveal_minutes"):
        values[name] = form[name].data
    if town is not None:
        values |= {"city": town.name, "district": _district(cat, form, before, town)}
        place = _position(cat, towns, form, town)
        if place is not None:
            values |= dict(zip(("lat", "lng", "approximate"), place, strict=True))
        if form.visibility.data == "district" and not values["district"]:
            form.district.errors = [_("A place that shows only its district needs one.")]
    if form.bookable.data and not form.service.data:
        form.service.errors = [_("Choose what can be booked here.")]
    return None if any(field.errors for field in form) else values


def _town(cat: Catalogue, form: PlaceForm, before: LocationInfo | None) -> PlaceInfo | None:
    towns = [place for place in cat.places if place.kind in ("city", "town")]
    if form.city.data is None:
        return None
    if before is not None and form.city.data in (before.city.kk, before.city.ru, before.city.en):
        stays = next((place for place in towns if place.name == before.city), None)
        if stays is not None:
            return stays
    found = gazetteer.locate(cat, form.city.data)
    if isinstance(found, Spot):
        town = next((place for place in towns if (place.lat, place.lng) == (found.lat, found.lng)), None)
        if town is not None:
            return town
        form.city.errors = [_("Write the town here; district and street stand below.")]
        return None
    form.city.errors = [_not_found(found)]
    return None


def _not_found(found: NotFound) -> str:
    from clinic.wording import language_now

    names = ", ".join(place.label[language_now()] for place in found.suggestions[:3] if place.label)
    return str(_("This is not in the gazetteer. Perhaps: %(names)s", names=names))


def _district(cat: Catalogue, form: PlaceForm, before: LocationInfo | None, town: PlaceInfo) -> Text3:
    words = form.district.data or ""
    if before is not None and words in (before.district.kk, before.district.ru, before.district.en):
        return before.district
    key = gazetteer.key_of(words)
    for place in cat.places:
        if place.kind == "district" and place.within == town.key:
            names = (place.name.kk, place.name.ru, place.name.en)
            if key and any(key == gazetteer.key_of(name) or key == gazetteer.key_of(name).split()[0] for name in names):
                return place.name
    return Text3(words, words, words)


def _position(cat: Catalogue, towns: Towns, form: PlaceForm, town: PlaceInfo) -> tuple[float, float, bool] | None:
    """Latitude, longitude, and whether they are not the door's own."""
    text = form.position.data
    if text is None:
        return town.lat, town.lng, True
    degrees, linked = _POSITION.fullmatch(text), map_links.position(text) if map_links.is_link(text) else None
    if linked is not None:
        lat, lng, approximate = *linked, False
    elif map_links.is_link(text):
        form.position.errors = [
            _("No position stands in this link. Open it on a computer, and copy the long address from there.")
        ]
        return None
    elif degrees is None:
        found = gazetteer.locate(cat, text, town)
        if isinstance(found, NotFound):
            form.position.errors = [_not_found(found)]
            return None
        lat, lng, approximate = found.lat, found.lng, True
    else:
        lat, lng, approximate = float(degrees[1].replace(",", ".")), float(degrees[2].replace(",", ".")), False
    problem = misplaced(lat, lng, (town.lat, town.lng), towns.all)
    if problem:
        form.position.errors = [problem]
        return None
    return lat, lng, approximate
