"""Visits in figures, for the coordinator: where an evening room would help most, all places in a table of sums; then
one place by weeks and evenings. Which place and how many weeks is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from clinic import clock, wording
from clinic.booking import demand, insight, tally, typed
from clinic.booking.insight import Evening, Need, OfPlace, Week
from clinic.db import db
from clinic.desk import bp, plots, spreadsheet
from clinic.desk.forms import LARGEST_ID
from clinic.directory import catalogue
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROLES = ("coordinator",)
PERIODS = (4, insight.WEEKS, 26, 52)  # weeks
MOST_LABELS = 12  # under a drawing


@dataclass(frozen=True, slots=True)
class Part:
    """A table of weeks with the drawing beside it; the drawing shows the first `drawn` columns."""

    heading: str
    note: str
    columns: tuple[tuple[str, str], ...]
    drawn: int
    rows: tuple[Week, ...]
    sums: dict[str, int]
    plot: plots.Plot


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the page shows it."""

    name: str
    weeks: Part
    leads: tuple[tuple[str, int], ...]
    evenings: tuple[tuple[str, Evening, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are shown: of a place, or of all (None); of so many weeks."""

    place: int | None
    weeks: int


@dataclass(frozen=True, slots=True)
class Theirs:
    """What this person may see: places by name, the areas near each, and the figures."""

    names: dict[int, str]
    areas: dict[int, tuple[str, ...]]
    area_names: dict[str, str]
    places: dict[int, OfPlace]
    unmet: dict[str, tuple[Week, ...]]


@bp.get("/insight")
@staff_only(*ROLES)
def show_insight(person: SignedIn) -> ResponseReturnValue:
    """The ranking and the sums of every place; or a table and a drawing of one place and the areas near it."""
    names, asked = _names(person), _asked()
    theirs = _theirs(names, asked)
    needs = insight.rank(theirs.places.values(), theirs.areas, theirs.unmet)
    one = asked.place or (next(iter(names)) if len(names) == 1 else None)
    columns = insight.COLUMNS
    return render_template(
        "desk/insight.html",
        person=person,
        needs=[(need.location_id, theirs.names[need.location_id], _why(need)) for need in needs],
        sums=[(number, name, theirs.places[number].sums) for number, name in theirs.names.items()],
        total={column: sum(place.sums[column] for place in theirs.places.values()) for column in columns},
        columns=[(column, label(column)) for column in columns],
        place=_place(theirs.names[one], theirs.places[one]) if one is not None else None,
        areas=[_area(theirs.area_names[area], weeks) for area, weeks in theirs.unmet.items()],
        week_words=_week_words,
        searched=[_unmet_words(area, weeks, theirs) for area, weeks in theirs.unmet.items()],
        all_names=names,
        asked=asked,
        periods=[(weeks, ngettext("%(num)s week", "%(num)s weeks", weeks)) for weeks in PERIODS],
    )


@bp.get("/insight/weeks.csv")
@staff_only(*ROLES)
def weeks_file(person: SignedIn) -> ResponseReturnValue:
    """The numbers by place and week for a spreadsheet."""
    theirs = _theirs(_names(person), _asked())
    head = [_("Place"), _("Week from"), *(label(name) for name in insight.COLUMNS)]
    rows = (
        [theirs.names[number], week.week.isoformat(), *(week.numbers[name] for name in insight.COLUMNS)]
        for number in theirs.names
        for week in theirs.places[number].weeks
    )
    return spreadsheet.file("weeks.csv", [head, *rows])


@bp.get("/insight/searches.csv")
@staff_only(*ROLES)
def searches_file(person: SignedIn) -> ResponseReturnValue:
    """Searches without a free time by area and week for a spreadsheet."""
    theirs = _theirs(_names(person), _asked())
    rows = (
        [theirs.area_names[area], week.week.isoformat(), week.numbers[tally.EVENING], week.numbers[tally.DAY]]
        for area, weeks in theirs.unmet.items()
        for week in weeks
    )
    head = [_("District or town"), _("Week from"), label(tally.EVENING), label(tally.DAY)]
    return spreadsheet.file("searches.csv", [head, *rows])


def label(column: str) -> str:
    """What a column counts, in the language of the page."""
    words = {
        insight.OFFERED: _("Offered"),
        insight.BOOKED: _("Booked"),
        insight.KEPT: _("Came"),
        tally.LATE: _("Of them late"),
        tally.MISSED: _("Did not come"),
        insight.UNKNOWN: _("Not marked"),
        tally.CANCELLED: _("Cancelled"),
        tally.WALK_IN: _("Without booking"),
        tally.FIRST: _("First time this year"),
        "lead_3h": _("under 3 hours"),
        "lead_1d": _("3 to 24 hours"),
        "lead_3d": _("1 to 3 days"),
        "lead_7d": _("3 to 7 days"),
        tally.LEAD_MORE: _("over a week"),
        tally.EVENING: _("In the evening"),
        tally.DAY: _("By day"),
    }
    return str(words[column])


def _asked() -> Asked:
    def number(name: str) -> int | None:
        if not request.args.get(name):
            return None
        try:
            return typed.number(request.args[name], 1, LARGEST_ID)
        except typed.Unreadable:
            abort(404)

    weeks = number("weeks") or insight.WEEKS
    if weeks not in PERIODS:
        abort(404)
    return Asked(number("place"), weeks)


def _names(person: SignedIn) -> dict[int, str]:
    """Her places with rooms, by name."""
    s, language = db.session(), language_now()
    mine = memberships.places_of(s, person.staff_id, ROLES, catalogue.current(s).locations.values())
    found = sorted((place for place in mine if place.rooms), key=lambda place: (place.name[language], place.id))
    return {place.id: place.name[language] for place in found}


def _theirs(names: dict[int, str], asked: Asked) -> Theirs:
    s = db.session()
    cat, language, today = catalogue.current(s), language_now(), clock.today()
    if asked.place is not None and asked.place not in names:
        abort(404)
    chosen = {number: name for number, name in names.items() if asked.place in (None, number)}
    areas = {number: demand.areas_of(cat, cat.locations[number]) for number in chosen}
    return Theirs(
        names=chosen,
        areas=areas,
        area_names={area.key: area.name[language] for area in cat.places},
        places=insight.read(s, list(chosen), today, asked.weeks),
        unmet=insight.unmet(s, {area for near in areas.values() for area in near}, today, asked.weeks),
    )


def _unmet_words(area: str, weeks: Sequence[Week], theirs: Theirs) -> tuple[str, dict[str, int]]:
    return theirs.area_names[area], insight.total(weeks, (tally.EVENING, tally.DAY))


def _place(name: str, figures: OfPlace) -> Place:
    return Place(
        name=name,
        weeks=_part(
            _("Weeks"), _("Visits, not people: who comes twice counts twice."), insight.COLUMNS, 3, figures.weeks
        ),
        leads=tuple((label(band), figures.leads[band]) for band in insight.LEADS),
        evenings=tuple(
            (wording.weekday_long(_weekday(evening.weekday)), evening, _full(evening))
            for evening in figures.evenings
            if evening.offered or evening.booked
        ),
    )


def _area(name: str, weeks: tuple[Week, ...]) -> Part:
    note = _("Searches, not people: who searches twice counts twice.")
    return _part(name, note, (tally.EVENING, tally.DAY), 2, weeks)


def _part(heading: str, note: str, columns: Sequence[str], drawn: int, rows: tuple[Week, ...]) -> Part:
    series = [[row.numbers[name] for row in rows] for name in columns[:drawn]]
    words = tuple((name, label(name)) for name in columns)
    every = -(-len(rows) // MOST_LABELS)
    labels = ["" if n % every else f"{row.week:%d.%m}" for n, row in enumerate(rows)]
    return Part(heading, note, words, drawn, rows, insight.total(rows, columns), plots.bars(labels, series))


def _why(need: Need) -> str:
    """The reason in a sentence or two."""
    searches = ngettext(
        "About %(num)s search near here found no free evening time.",
        "About %(num)s searches near here found no free evening time.",
        need.unmet,
    )
    said = [str(searches)]
    if not need.offered:
        said.append(_("No evening times are offered here."))
    elif not need.tells:
        said.append(_("Too few evening times are offered here to say how full they are."))
    else:
        said.append(_("Evenings are about %(percent)s full.", percent=_percent(need.full)))
    if need.tells and need.full_days:
        days = ", ".join(wording.weekday_long(_weekday(day)) for day in need.full_days)
        said.append(_("The fullest: %(days)s.", days=days))
    return " ".join(said)


def _full(evening: Evening) -> str:
    if not evening.offered:
        return str(_("nothing offered"))
    if not evening.tells:
        return str(_("too few to say"))
    said = str(_("about %(percent)s", percent=_percent(evening.full)))
    full = _("full")
    return f"{said}, {full}" if evening.full >= insight.FULL else said


def _percent(share: float) -> str:
    return f"{round(share * 100)}\u00a0%"


def _weekday(number: int) -> date:
    """A day that is this weekday, for its name."""
    return date(2024, 1, 1 + number)  # a Monday


def _week_words(row: Week) -> str:
    return f"{row.week:%d.%m.%Y}"
