"""The figures of the programme for its coordinator: tables, a drawing beside each, and files for a spreadsheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from clinic import clock
from clinic.db import db
from clinic.desk import bp, plots, spreadsheet
from clinic.directory import catalogue
from clinic.kits import counting, figures
from clinic.kits.catalogue import KitCatalogue, kits
from clinic.kits.figures import CityMonth, Figures, OfLot
from clinic.kits.follow_up import CONFIRMED, HARM, REACTIVE
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROLES = ("coordinator",)
PERIODS = (3, 6, figures.MONTHS)
ORDERS = (counting.ORDERED, counting.COLLECTED, counting.CANCELLED, counting.RELEASED)
STOCK = (figures.DRY, figures.EXPIRED, counting.WALK_IN)
TOLD = (REACTIVE, CONFIRMED, figures.UNTOLD, figures.OTHER, figures.SILENT, HARM)


@dataclass(frozen=True, slots=True)
class Part:
    """A table of one city with the drawing beside it; the drawing shows the first `drawn` columns."""

    heading: str
    note: str
    columns: tuple[tuple[str, str], ...]
    drawn: int
    rows: tuple[CityMonth, ...]
    plot: plots.Plot


@dataclass(frozen=True, slots=True)
class City:
    name: str
    parts: tuple[Part, ...]


@bp.get("/figures")
@staff_only(*ROLES)
def show_figures(person: SignedIn) -> ResponseReturnValue:
    """Tables and drawings of the cities in which this person coordinates a point."""
    known, every = _theirs(person)
    names, months = _chosen(every)
    found = _read(known, names)
    return render_template(
        "desk/figures.html",
        person=person,
        cities=[City(names[key], _parts(rows)) for key in names if (rows := _lately(found, key, months))],
        lots=[(lot, _letter(known, lot)) for lot in found.lots],
        month=clock.today().replace(day=1),
        month_words=_month_words,
        every=every,
        asked={"city": request.args.get("city", ""), "months": months},
        periods=[(n, ngettext("%(num)s month", "%(num)s months", n)) for n in PERIODS],
    )


@bp.get("/figures/months.csv")
@staff_only(*ROLES)
def months_file(person: SignedIn) -> ResponseReturnValue:
    """The numbers by city and month for a spreadsheet."""
    known, every = _theirs(person)
    names, months = _chosen(every)
    found = _read(known, names)
    rows = (row for key in names for row in _lately(found, key, months))
    return spreadsheet.file("months.csv", _month_lines(names, rows))


@bp.get("/figures/lots.csv")
@staff_only(*ROLES)
def lots_file(person: SignedIn) -> ResponseReturnValue:
    """The numbers by lot for a spreadsheet."""
    known, names = _theirs(person)
    return spreadsheet.file("lots.csv", _lot_lines(known, _read(known, names).lots))


def label(column: str) -> str:
    """What a column counts, in the language of the page."""
    words = {
        counting.ORDERED: _("Ordered"),
        counting.COLLECTED: _("Collected"),
        counting.CANCELLED: _("Cancelled"),
        counting.RELEASED: _("Not collected"),
        counting.WALK_IN: _("Without an order"),
        figures.EXPIRED: _("Expired"),
        figures.DRY: _("Days out of stock"),
        "near_1": _("Up to 1 km"),
        "near_3": _("1 to 3 km"),
        "near_10": _("3 to 10 km"),
        counting.FAR: _("Over 10 km"),
        REACTIVE: _("Two lines"),
        CONFIRMED: _("Confirmed"),
        figures.UNTOLD: _("Not confirmed, or not told"),
        figures.OTHER: _("Another result"),
        figures.SILENT: _("Told nothing"),
        HARM: _("Harm"),
    }
    return str(words[column])


def _theirs(person: SignedIn) -> tuple[KitCatalogue, dict[str, str]]:
    """The kits, and the cities (counted name → name on the page) in which this person coordinates a point."""
    s = db.session()
    known = kits(s, catalogue.current(s))
    points = [point.location for point in known.points.values()]
    theirs = {place.id for place in memberships.places_of(s, person.staff_id, ROLES, points)}
    language = language_now()
    names = {
        counting.city_of(point): point.location.city[language]
        for point in known.points.values()
        if point.location.id in theirs
    }
    return known, dict(sorted(names.items(), key=lambda pair: pair[1]))


def _chosen(every: dict[str, str]) -> tuple[dict[str, str], int]:
    """The cities that the address asks for, one or all, and how many months; 404 for what is none."""
    city, months = request.args.get("city", ""), request.args.get("months", "") or str(PERIODS[-1])
    if (city and city not in every) or months not in map(str, PERIODS):
        abort(404)
    return {key: name for key, name in every.items() if city in ("", key)}, int(months)


def _lately(found: Figures, city: str, months: int) -> tuple[CityMonth, ...]:
    """A city's months among the last so many."""
    first = figures.months(clock.today())[-months]
    return tuple(row for row in found.of_city(city) if row.month >= first)


def _read(known: KitCatalogue, names: Iterable[str]) -> Figures:
    points: dict[str, list[int]] = {name: [] for name in names}
    for point in known.points.values():
        if counting.city_of(point) in points:
            points[counting.city_of(point)].append(point.id)
    return figures.read(db.session(), points, clock.today())


def _parts(rows: tuple[CityMonth, ...]) -> tuple[Part, ...]:
    return (
        _part(_("Orders"), _("Kits, by the month in which it happened."), ORDERS, 2, rows),
        _part(_("How far from the point"), _("Ordered kits, where a place was typed."), figures.BANDS, 4, rows),
        _part(_("Stock"), _("Days: each test at each point counts."), STOCK, 1, rows),
        _part(_("What was told"), _("Only by those who chose to tell it; the others told nothing."), TOLD, 2, rows),
    )


def _part(heading: str, note: str, columns: Sequence[str], drawn: int, rows: tuple[CityMonth, ...]) -> Part:
    series = [[row.numbers[name] for row in rows] for name in columns[:drawn]]
    return Part(
        heading,
        note,
        tuple((name, label(name)) for name in columns),
        drawn,
        rows,
        plots.bars([f"{row.month:%m.%y}" for row in rows], series),
    )


def _month_words(row: CityMonth) -> str:
    return f"{row.month:%m.%Y}"


def _letter(known: KitCatalogue, lot: OfLot) -> str:
    kit = known.kit_by_id.get(lot.kit_id)
    return kit.letter if kit is not None else ""


def _month_lines(names: dict[str, str], rows: Iterable[CityMonth]) -> Iterable[Sequence[object]]:
    held_back = _("held back")
    yield [_("City"), _("Month"), *(label(name) for name in figures.PUBLISHED)]
    for row in rows:
        numbers = (row.numbers[name] for name in figures.PUBLISHED)
        yield [names[row.city], f"{row.month:%Y-%m}", *(held_back if n is None else n for n in numbers)]


def _lot_lines(known: KitCatalogue, lots: Iterable[OfLot]) -> Iterable[Sequence[object]]:
    less = _("under 5")
    yield [
        _("Kit"), _("Lot"), _("Good until"), _("Recalled"),
        _("Handed over, at least"), _("Did not work, at least"), _("False, at least"),
    ]  # fmt: skip
    for lot in lots:
        numbers = (less if n is None else n for n in (lot.given, lot.invalid, lot.false))
        recalled = _("yes") if lot.recalled else _("no")
        yield [_letter(known, lot), lot.number, lot.expires_on.isoformat(), recalled, *numbers]
