"""The list of places: from what she typed or tapped to a spot and a wish."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from clinic import clock, wording
from clinic.booking import cities, find
from clinic.booking.find import Wish
from clinic.booking.forms import NearForm
from clinic.directory import gazetteer
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.directory.gazetteer import NotFound, OutOfReach, Spot
from clinic.wording import gettext as _

FIRST_PAGE, MOST = 10, 50
HOURS = ("18:00", "20:00", "22:00")
DAYS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Chip:
    """A quick filter above the list: its words, the fields it sets, whether it is on."""

    words: str
    fields: tuple[tuple[str, str], ...]
    on: bool


def spot_of(cat: Catalogue, form: NearForm, remembered: PlaceInfo | None) -> Spot | NotFound | None:
    """Where to measure from: her position, what she typed, else the city of this visit.

    A mistake in the position becomes an error of the field `near`.
    """
    if form.lat.data is not None or form.lng.data is not None:
        try:
            return gazetteer.position(cat, _degrees(form.lat.data), _degrees(form.lng.data))
        except OutOfReach:
            form.near.errors = [*form.near.errors, _("We know no place near this position. Type a town or a district.")]
            return None
    if form.near.data:
        return gazetteer.locate(cat, form.near.data)
    return cities.spot_of(remembered) if remembered else None


def _degrees(value: float | None) -> float:
    return float("nan") if value is None else value


def services_of(cat: Catalogue, form: Any) -> frozenset[int]:
    """Ids of the chosen services; an unknown number becomes an error of the field."""
    known = [cat.service_by_number.get(number) for number in form.service.data or ()]
    if any(service is None for service in known):
        form.service.errors = [*form.service.errors, _l("We do not know this service.")]
    return frozenset(service.id for service in known if service)


def wish_of(form: NearForm, services: frozenset[int]) -> Wish:
    """What she looks for; near a spot within 30 km."""
    return Wish(
        services=services,
        day=form.day.data,
        after=form.after.data,
        open_now=bool(form.open_now.data),
        kind=form.kind.data,
        migrants=bool(form.migrants.data),
        language=form.language.data,
        limit=form.limit.data or FIRST_PAGE,
        within_m=find.NEAR_M,
    )


def days(now: datetime) -> list[tuple[str, str]]:
    """The days of the search form: value and words."""
    today = clock.local(now).date()
    shown = (today + timedelta(days=n) for n in range(DAYS_SHOWN))
    return [(day.isoformat(), wording.day_words(day, today)) for day in shown]


def chips(wish: Wish, now: datetime) -> list[Chip]:
    """Now, after 18:00, the weekend."""
    today = clock.local(now).date()
    saturday = today + timedelta(days=(5 - today.weekday()) % 7)
    evening = time(18)
    return [
        Chip(_("Now"), (("open_now", "1"),), wish.open_now),
        Chip(
            wording.after(clock.at(today, 18 * 60))[:1].upper() + wording.after(clock.at(today, 18 * 60))[1:],
            (("after", "18:00"),),
            wish.after == evening and not wish.open_now and wish.day in (None, today),
        ),
        Chip(_("Weekend"), (("day", saturday.isoformat()),), wish.day == saturday and not wish.open_now),
    ]


def summary(cat: Catalogue, spot: Spot | None, wish: Wish, language: str, now: datetime) -> str:
    """The search in one line: where, when, what."""
    parts = []
    if spot is not None:
        parts.append(spot.label[language] if spot.label else _("Near you"))
    today = clock.local(now).date()
    if wish.open_now:
        parts.append(_("now"))
    else:
        parts.append(wording.day_words(wish.day or today, today))
        if wish.after:
            parts.append(wording.after(clock.at(today, wish.after.hour * 60 + wish.after.minute)))
    parts += [cat.services[i].name[language] for i in sorted(wish.services)]
    return ", ".join(part for part in parts if part)
