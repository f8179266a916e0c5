"""The list of places: from what she typed or tapped to a spot and a wish."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from clinic import clock, wording
from clinic.booking import cities, find, showing
from clinic.booking.find import Wish
from clinic.booking.forms import NearForm
from clinic.directory import gazetteer, needs
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.directory.gazetteer import NotFound, OutOfReach, Spot
from clinic.wording import gettext as _

FIRST_PAGE, MOST = 10, 50
HOURS = ("18:00", "20:00", "22:00")
DAYS_SHOWN = 7
SUNDAY = 6


KEPT = ("near", "day", "evenings", "after", "open_now", "kind", "migrants", "spoken")  # what may stand in an address

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chip:
    """A quick choice above the list: its words, the whole choice it leads to, whether it is on."""

    words: str
    pairs: Pairs
    on: bool


def kept(form: Any, *without: str) -> Pairs:
    """What she chose so far, as pairs for an address or for hidden fields, without some of it; never what is secret."""
    pairs = [
        (name, form[name].raw)
        for name in KEPT
        if name in form and name not in without and form[name].raw and not form[name].errors
    ]
    if "service" not in without and "service" in form:
        pairs += [("service", str(number)) for number in form.service.data or ()]
    return pairs


def carried(form: Any) -> Pairs:
    """What must not stand in an address and so goes on in hidden fields: her position and her code."""
    pairs = []
    for name in ("lat", "lng"):
        if name in form and form[name].data is not None:
            pairs.append((name, f"{form[name].data:.2f}"))
    if form.code.data:
        pairs.append(("code", form.code.data))
    return pairs


def spot_of(cat: Catalogue, form: NearForm, remembered: PlaceInfo | None) -> Spot | NotFound | None:
    """Where to measure from: what she typed, else her position, else the city of this visit.

    Her position goes on in hidden fields, so what is typed is the later word. A mistake in the position
    becomes an error of the field `near`.
    """
    if form.near.data:
        return gazetteer.locate(cat, form.near.data, remembered)
    if form.lat.data is not None or form.lng.data is not None:
        try:
            return gazetteer.position(cat, _degrees(form.lat.data), _degrees(form.lng.data))
        except OutOfReach:
            form.near.errors = [*form.near.errors, _("We know no place near this position. Type a town or a district.")]
            return None
    return cities.spot_of(remembered) if remembered else None


def _degrees(value: float | None) -> float:
    return float("nan") if value is None else value


def services_of(cat: Catalogue, form: Any) -> frozenset[int]:
    """Ids of the chosen services; an unknown number becomes an error of the field."""
    known = [cat.service_by_number.get(number) for number in form.service.data or ()]
    if any(service is None for service in known):
        form.service.errors = [*form.service.errors, _l("We do not know this service.")]
    return frozenset(service.id for service in known if service)


def wished(cat: Catalogue, form: Any) -> frozenset[int]:
    """The chosen services; where she chose neither one nor a kind of place, what is usually meant: a test."""
    chosen = services_of(cat, form)
    usual = needs.usual(cat)
    if chosen or form.service.errors or form["kind"].data or usual is None:
        return chosen
    return frozenset({usual.id})


def wish_of(form: NearForm, services: frozenset[int]) -> Wish:
    """What she looks for; near a spot within 30 km."""
    return Wish(
        services=services,
        day=form.day.data,
        days=form.evenings.data or 1,
        after=form.after.data,
        open_now=bool(form.open_now.data),
        kind=form.kind.data,
        migrants=bool(form.migrants.data),
        language=form.spoken.data,
        limit=form.limit.data or FIRST_PAGE,
        within_m=find.NEAR_M,
    )


def days(now: datetime) -> list[tuple[str, str]]:
    """The days of the search form: value and words."""
    today = clock.local(now).date()
    shown = (today + timedelta(days=n) for n in range(DAYS_SHOWN))
    return [(day.isoformat(), wording.day_words(day, today)) for day in shown]


def chips(form: NearForm, wish: Wish, now: datetime) -> list[Chip]:
    """Now, after 18:00, the weekend: what is left of it, or both days of the next."""
    today = clock.local(now).date()
    first = today + timedelta(days=max(0, 5 - today.weekday()))
    both = "1" if today.weekday() == SUNDAY else "2"
    rest = kept(form, "day", "evenings", "after", "open_now")
    evening = wording.after(clock.at(today, 18 * 60))
    weekend = wish.day == first and wish.days == int(both) and not wish.open_now
    return [
        Chip(_("Now"), [*rest, ("open_now", "1")], wish.open_now),
        Chip(
            evening[:1].upper() + evening[1:],
            [*rest, ("after", "18:00")],
            wish.after == time(18) and not wish.open_now and wish.day in (None, today) and not weekend,
        ),
        Chip(_("Weekend"), [*rest, ("day", first.isoformat()), ("evenings", both)], weekend),
    ]


def need_chips(cat: Catalogue, form: NearForm, chosen: frozenset[int], language: str) -> tuple[list[Chip], list[Chip]]:
    """What one may come for, and the services of the chosen group where it has several; each keeps the rest."""
    rest = kept(form, "service")
    mine = next((found for i in chosen if (found := needs.of_service(cat, i)) is not None), None)
    groups = [
        Chip(need.name[language], [*rest, ("service", str(need.services[0].number))], need == mine)
        for need in needs.read(cat)
    ]
    several = mine.services if mine is not None and len(mine.services) > 1 else ()
    services = [
        Chip(service.name[language], [*rest, ("service", str(service.number))], service.id in chosen)
        for service in several
    ]
    return groups, services


def what(cat: Catalogue, services: frozenset[int], language: str) -> str:
    """The services in words, one after another."""
    return ", ".join(cat.services[i].name[language] for i in sorted(services))


def summary(spot: Spot | None, form: NearForm, wish: Wish, language: str, now: datetime) -> str:
    """The search in one line: where, when, and every condition that makes the list shorter."""
    parts = []
    if spot is not None:
        label = spot.label[language] if spot.label else _("Near you")
        parts.append(_("%(city)s, from the centre", city=label) if spot.kind in cities.KINDS else label)
    today = clock.local(now).date()
    if wish.open_now:
        parts.append(_("now"))
    else:
        parts.append(_("today") if wish.day in (None, today) else wording.day_words(wish.day or today, today))
        if wish.days > 1:
            parts.append(wording.day_words((wish.day or today) + timedelta(days=wish.days - 1), today))
        if wish.after:
            parts.append(wording.after(clock.at(today, wish.after.hour * 60 + wish.after.minute)))
    return ", ".join(part for part in [*parts, *conditions(form)] if part)


def conditions(form: NearForm) -> list[str]:
    """What else she asked for: kind of place, language, work with migrants."""
    found = []
    if form.kind.data:
        found.append(showing.kind_words(form.kind.data))
    if form.spoken.data:
        found.append(showing.spoken_words(form.spoken.data))
    if form.migrants.data:
        found.append(_("works with migrants"))
    return found
