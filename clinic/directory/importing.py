"""Locations from a CSV file and back: checked whole, written whole or not at all, as often as one likes.

A location is known by its `key`; its slug, five random signs, is made once. A column that the file
does not have leaves what is stored as it is.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flask_babel
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.db import LANGUAGES, Text3
from clinic.directory import hours, tables, telephones
from clinic.directory.models import (
    KINDS,
    VISIBILITIES,
    Location,
    LocationService,
    Organization,
    Room,
    RoomService,
    Service,
)
from clinic.directory.placing import Towns, position_of
from clinic.directory.tables import Cells, Mistake, TableRefused

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

SPOKEN = ("kk", "ru", "en", "uz", "ky", "tg", "ug", "tr", "uk", "tt", "de", "zh", "sgn")
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"


def _three(base: str) -> tuple[str, ...]:
    return tuple(f"{base}_{language}" for language in LANGUAGES)


REQUIRED = ("key", "organization", "kind", *_three("name"), *_three("city"), "lat", "lng")
OPTIONAL = (
    *_three("organization"),
    "visibility",
    "consent_on",
    *_three("district"),
    *_three("address"),
    *_three("way_in"),
    "approximate",
    "phone",
    "hours",
    "hours_ph",
    "languages",
    "step_free",
    "all_genders",
    "with_migrants",
    "bookable",
    "lead_minutes",
    "days_ahead",
    "cancel_minutes",
    "grace_minutes",
    "reveal_minutes",
    "source",
    "source_date",
    "checked_on",
    "checked_by",
    *_three("must_tell"),
    "must_tell_on",
    "example",
    "services",
    *_three("cost"),
)
_KIND_WORDS = {
    word: kind
    for kind, words in {
        "clinic": "клиника|поликлиника|больница|медцентр|медицинский центр|центр спид|емхана|аурухана|орталық",
        "ngo": "нко|нпо|ооо|оо|фонд|организация|общественная организация|общественный фонд|үеұ|ұйым|қоғамдық ұйым|қор",
        "distribution_point": "пункт|пункт выдачи|пункт доверия|аптека|почта|постамат|тарату пункті|дәріхана|пункті",
        "legal_aid": "юрист|юридическая помощь|адвокат|правовая помощь|заңгер|құқықтық көмек|заң көмегі",
        "mobile": "автобус|мобильный пункт|передвижной пункт|выездной|мобильный|жылжымалы пункт|жылжымалы",
    }.items()
    for word in words.split("|")
}
_MINUTES = {"lead_minutes": 20, "cancel_minutes": 0, "grace_minutes": 10, "reveal_minutes": 60}


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A checked row: `values` are columns of Location.

    `services` is None where the file says nothing of them; `cost` is theirs, except those of `own_cost`
    (written with a star in the file), which keep the cost they have.
    """

    number: int
    key: str
    organization: str
    organization_name: Text3
    values: Mapping[str, Any]
    cost: Text3
    services: tuple[str, ...] | None = None
    own_cost: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()  # columns of a language that is empty beside a filled one


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did; `hours_changed` are the keys whose appointments somebody has to look at."""

    added: int
    changed: int
    unchanged: int
    hours_changed: tuple[str, ...]


Progress = Callable[[int, int], None]


def _silent(done: int, of: int) -> None: ...


def import_locations(s: Session, data: bytes, progress: Progress = _silent) -> Report:
    """Write the locations of a CSV file; `progress(done, of)` after each. `s` must be a writing session.

    Raises TableRefused with every mistake before the first row is written.
    """
    return store(s, check_locations(s, data), progress)


def check_locations(s: Session, data: bytes) -> tuple[LocationRow, ...]:
    """The rows of a CSV file, all of them right. Raises TableRefused."""
    table = tables.read(data, REQUIRED, OPTIONAL)
    services = set(s.scalars(select(Service.slug)))
    numbers = {str(number): slug for number, slug in s.execute(select(Service.number, Service.slug))}
    organizations = set(s.scalars(select(Organization.slug)))
    towns = Towns(s)
    found: list[LocationRow] = []
    mistakes: list[Mistake] = []
    rows_of: dict[str, int] = {}
    for row in table.rows:
        cells = Cells(row, mistakes)
        checked = _location(cells, table.columns, towns)
        words = cells.several("services")
        named = tuple(numbers.get(word.rstrip("*"), word.rstrip("*")) for word in words)
        own_cost = frozenset(name for name, word in zip(named, words, strict=True) if word.endswith("*"))
        for word in named:
            if word not in services:
                cells.wrong("services", _("There is no service “%(word)s”.", word=word))
        if checked.organization not in organizations and not checked.organization_name:
            cells.wrong("organization_ru", _("This organization is new: give its name."))
        organizations.add(checked.organization)
        if checked.key in rows_of:
            cells.wrong("key", _("Row %(row)s has the same key.", row=rows_of[checked.key]))
        rows_of[checked.key] = row.number
        listed = named if "services" in table.columns else None
        found.append(replace(checked, services=listed, own_cost=own_cost, gaps=frozenset(cells.gaps)))
    if mistakes:
        raise TableRefused(mistakes)
    return tuple(found)


def store(s: Session, rows: Sequence[LocationRow], progress: Progress = _silent) -> Report:
    """Insert or update each row by its key."""
    organizations = {o.slug: o for o in s.scalars(select(Organization))}
    locations = {x.key: x for x in s.scalars(select(Location))}
    slugs = {x.slug for x in locations.values()}
    service_ids = dict(s.execute(select(Service.slug, Service.id)).all())
    offered: dict[int, dict[int, Text3]] = {}
    for listed in s.scalars(select(LocationService)):
        offered.setdefault(listed.location_id, {})[listed.service_id] = listed.cost
    added = changed = 0
    hours_changed: list[str] = []
    for done, row in enumerate(rows, 1):
        organization = organizations.get(row.organization)
        renamed = False
        if organization is None:
            organization = Organization(slug=row.organization, name=_filled(row.organization_name, None))
            organizations[row.organization] = organization
            s.add(organization)
            s.flush()
        elif row.organization_name:
            called = _filled(row.organization_name, organization.name)
            renamed = organization.name != called
            organization.name = called
        place = locations.get(row.key)
        values = {**completed(row, place), "organization_id": organization.id}
        if place is None:
            place = Location(key=row.key, slug=new_slug(slugs), **values)
            s.add(place)
            s.flush()
            added += 1
            _offer(s, place.id, row, service_ids, {})
        else:
            different = [name for name, value in values.items() if getattr(place, name) != value]
            for name in different:
                setattr(place, name, values[name])
            if {"hours", "hours_ph"} & set(different):
                hours_changed.append(row.key)
            other_services = _offer(s, place.id, row, service_ids, offered.get(place.id, {}))
            changed += bool(different) or other_services or renamed
        progress(done, len(rows))
    s.flush()
    if added or changed:
        from clinic.directory import catalogue  # it reads what is written here

        catalogue.changed(s)
    return Report(added, changed, len(rows) - added - changed, tuple(hours_changed))


def completed(row: LocationRow, place: Location | None) -> dict[str, Any]:
    """What a row makes of a place: a text that is empty in one language keeps what it was, or takes another's."""
    return {
        name: _filled(value, getattr(place, name) if place else None) if isinstance(value, Text3) else value
        for name, value in row.values.items()
    }


def _filled(text: Text3, before: Text3 | None) -> Text3:
    if not text:
        return text
    same = before is not None and all(text[x] in ("", before[x]) for x in LANGUAGES)
    instead = text.ru or text.kk or text.en
    return Text3(*(text[x] or (before[x] if before is not None and same else "") or instead for x in LANGUAGES))


def new_slug(taken: set[str]) -> str:
    """Five random signs that no other place has."""
    while True:
        slug = "".join(secrets.choice(_SIGNS) for _i in range(5))
        if slug not in taken and not slug.isdigit():
            taken.add(slug)
            return slug


def export_locations(s: Session, only: Collection[int] | None = None) -> bytes:
    """Locations as a CSV file that `import_locations` takes back unchanged: all, or those of the ids `only`."""
    columns = (*REQUIRED, *OPTIONAL)
    slugs = dict(s.execute(select(Service.id, Service.slug).order_by(Service.number)).all())
    organizations = {o.id: o for o in s.scalars(select(Organization))}
    offered: dict[int, dict[int, Text3]] = {}
    for listed in s.scalars(select(LocationService)):
        offered.setdefault(listed.location_id, {})[listed.service_id] = listed.cost
    rows = []
    for place in s.scalars(select(Location).order_by(Location.key)):
        if only is not None and place.id not in only:
            continue
        organization = organizations[place.organization_id]
        here = offered.get(place.id, {})
        usual = next(iter(Counter(here.values()).most_common(1)), (Text3(), 0))[0]
        cells = {
            "organization": organization.slug,
            "services": " ".join(slugs[i] + ("*" if here[i] != usual else "") for i in slugs if i in here),
            **_cells3("organization", organization.name),
            **_cells3("cost", usual),
        }
        for base in ("name", "city", "district", "address", "way_in", "must_tell"):
            cells |= _cells3(base, getattr(place, base) or Text3())
        rows.append([cells.get(c) if c in cells else _cell(getattr(place, c)) for c in columns])
    return tables.write(columns, [[cell or "" for cell in row] for row in rows])


def _cells3(base: str, value: Text3) -> dict[str, str]:
    return {f"{base}_{language}": value[language] for language in LANGUAGES}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _location(cells: Cells, columns: frozenset[str], towns: Towns) -> LocationRow:
    key = _key(cells, "key", 60)
    organization = _key(cells, "organization", 40)
    values: dict[str, Any] = {"kind": cells.one_of("kind", KINDS, "", _KIND_WORDS)}
    for base, limit in (("name", 80), ("city", 60), ("district", 80), ("address", 200), ("way_in", 600)):
        values[base] = cells.text3(base, limit)
    values["city"] = towns.completed(values["city"])
    for base in ("name", "city"):
        if not values[base]:
            cells.wrong(f"{base}_ru", _("This cell is empty."))
    values["visibility"] = cells.one_of("visibility", VISIBILITIES, "open")
    if values["visibility"] == "district" and not values["district"]:
        cells.wrong("district_ru", _("A place that shows only its district needs one."))
    for column in ("consent_on", "checked_on", "must_tell_on"):
        values[column] = cells.day(column)
    values["must_tell"] = cells.text3("must_tell", 300) or None
    if (values["must_tell"] is None) != (values["must_tell_on"] is None):
        cells.wrong("must_tell_on", _("What they must tell and the day of their letter stand together."))
    for column in ("step_free", "all_genders", "with_migrants"):
        values[column] = cells.yes_no(column)
    for column in ("bookable", "example"):
        values[column] = bool(cells.yes_no(column))
    for column, limit in (("source", 300), ("source_date", 20), ("checked_by", 80)):
        values[column] = cells.text(column, limit)
    values["phone"] = read_phone(cells)
    for column, empty in _MINUTES.items():
        values[column] = cells.whole(column, 0, 10_080, empty)
    values["days_ahead"] = cells.whole("days_ahead", 1, 90, 14)
    values["languages"] = _languages(cells)
    values["hours"], values["hours_ph"] = read_hours(cells)
    values["lat"], values["lng"], values["approximate"] = position_of(cells, values["city"], towns)
    present = {c.removesuffix("_kk").removesuffix("_ru").removesuffix("_en") for c in columns}
    kept = {n: v for n, v in values.items() if n in present or (n == "approximate" and v)}
    if "hours" in present:  # its holidays may stand in it
        kept["hours_ph"] = values["hours_ph"]
    return LocationRow(
        cells.row.number, key, organization, cells.text3("organization", 160), kept, cells.text3("cost", 60)
    )


def _key(cells: Cells, column: str, limit: int) -> str:
    value = cells.needed(column, limit)
    if value and not all(c.isascii() and (c.isalnum() or c == "-") for c in value):
        cells.wrong(column, _("Use only Latin letters, digits and hyphens here."))
    return value.lower()


def _languages(cells: Cells) -> str:
    codes = cells.several("languages")
    for code in codes:
        if code not in SPOKEN:
            cells.wrong("languages", _("There is no language “%(code)s” here.", code=code))
    return ",".join(codes)


def read_phone(cells: Cells) -> str:
    """The column `phone` as it will stand on the page."""
    try:
        return telephones.published(cells.text("phone", 60))
    except telephones.TelephoneError as error:
        cells.wrong("phone", str(error))
        return ""


def read_hours(cells: Cells) -> tuple[str, str]:
    """The columns `hours` and `hours_ph` as canonical expressions; a `PH` rule may stand in the first."""
    week = on_holidays = ""
    for column in ("hours", "hours_ph"):
        text = cells.row.cells.get(column, "")
        try:
            if column == "hours":
                week, on_holidays = hours.split_holidays(text)
            elif text:
                on_holidays = hours.parse(text)
        except hours.HoursError as error:
            offer = f" {error.offer}" if error.offer and error.offer not in str(error) else ""
            cells.wrong(column, f"{error}{offer}")
    return week, on_holidays or "off"


def offers(row: LocationRow, ids: Mapping[str, int], now: Mapping[int, Text3]) -> dict[int, Text3] | None:
    """The services of a row with what they cost, by id; None where the file says nothing of them."""
    if row.services is None:
        return None
    kept = {slug: now.get(ids[slug], Text3()) for slug in row.services}
    cost = _filled(row.cost, None)
    return {ids[slug]: kept[slug] if slug in row.own_cost or not cost else cost for slug in row.services}


def _offer(s: Session, location_id: int, row: LocationRow, ids: Mapping[str, int], now: Mapping[int, Text3]) -> bool:
    """Make the services of a location those of the row, and take the others out of its rooms; whether anything changed.

    An empty cost keeps what a service costs there already.
    """
    wanted = offers(row, ids, now)
    if wanted is None or wanted == dict(now):
        return False
    s.execute(delete(LocationService).where(LocationService.location_id == location_id))
    rooms = select(Room.id).where(Room.location_id == location_id)
    s.execute(
        delete(RoomService).where(
            RoomService.room_id.in_(rooms), RoomService.service_id.in_(now.keys() - wanted.keys())
        )
    )
    s.add_all(LocationService(location_id=location_id, service_id=i, cost=cost) for i, cost in wanted.items())
    return True
