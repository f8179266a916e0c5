"""What the pages show of kits, points and orders: words and values ready for a template."""

import math
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _l

from clinic import clock, wording
from clinic.booking import showing
from clinic.config import settings
from clinic.directory.catalogue import Catalogue
from clinic.directory.openness import openness, words
from clinic.kits import collecting, follow_up, routing, routing_words
from clinic.kits.catalogue import KitCatalogue, KitInfo, PointInfo
from clinic.kits.routing import Proposal
from clinic.wording import gettext as _

DRAWN = ("wait", "gums", "tube", "wash", "prick", "drop", "read")  # what templates/kits/_pictures.html draws

BY_WORD = ("post", "locker")  # kinds of points that open to a word or number of the order
_WORDS = {"post": _l("The word to say"), "locker": _l("The number to type")}


@dataclass(frozen=True, slots=True)
class Card:
    """A point that is proposed: `waiting` where she would stand in line, `later` why others come before it."""

    slug: str
    name: str
    open_words: str
    open: bool
    where: str
    how_to_ask: str
    why: str
    later: str
    until: str
    waiting: bool
    expected: str
    example: bool


@dataclass(frozen=True, slots=True)
class Face:
    """A clock face's sector and hands for a reading window, as paths of an SVG of 260 by 120."""

    sector: str
    hands: str


def shown(kits: KitCatalogue) -> tuple[KitInfo, ...]:
    """The kits that may be shown: with steps and leaflet, and checked by a doctor; in the demo unchecked ones too."""
    return tuple(kit for kit in kits.kits if kit.offered and (kit.checked_on is not None or settings().demo))


def card(proposal: Proposal, language: str, now: datetime) -> Card:
    """A proposal in words."""
    point, loc = proposal.point, proposal.point.location
    expected = next((r.values[0] for r in (*proposal.why, *proposal.later_because) if r.kind == routing.DELIVERY), None)
    return Card(
        slug=loc.slug,
        name=loc.name[language],
        open_words=words(proposal.openness, now),
        open=proposal.openness.open,
        where=where(point, proposal.distance_m, language),
        how_to_ask=point.how_to_ask[language],
        why=sentence(proposal.why),
        later=sentence(proposal.later_because),
        until=until_words(point, proposal.collect_by),
        waiting=not proposal.in_stock,
        expected=expected_words(expected, now),
        example=loc.example,
    )


def sentence(reasons: tuple[routing.Reason, ...]) -> str:
    """Reasons one after another, without a point at the end."""
    return ", ".join(said for reason in reasons if (said := routing_words.words(reason)))


def where(point: PointInfo, distance_m: int | None, language: str) -> str:
    """Distance and address; for a point that hides its address its district alone."""
    loc = point.location
    if loc.visibility == "district":
        district = showing.address(loc, language)
        return f"{district}. {_('The address opens under your code while the point is open.')}"
    far = "" if distance_m is None or loc.approximate else wording.km(distance_m)
    street = showing.street(loc, language) or f"{loc.city[language]}, {_('address not published')}"
    return " · ".join(part for part in (far, street) if part)


def until_words(point: PointInfo, day: date) -> str:
    """ "чт 26 ноября, 23:00": the last day, and when the point closes on it."""
    end = collecting.until(point, day)
    on = wording.day_words(day, clock.today())
    return on if end == clock.at(day, 1440) else f"{on}, {wording.time_words(end)}"


def expected_words(day: date | None, now: datetime) -> str:
    """When a delivery is expected; "" where nobody knows."""
    if day is None:
        return ""
    return _("A delivery is expected on %(day)s.", day=wording.day_words(day, clock.local(now).date()))


def open_words(cat: Catalogue, point: PointInfo, now: datetime) -> str:
    """ "Открыто до 21:00" as a sentence."""
    said = words(openness(cat, point.location, now), now)
    return f"{said[:1].upper()}{said[1:]}."


def address_open(cat: Catalogue, point: PointInfo, now: datetime) -> bool:
    """Whether her code shows the address now: always for an open point, for a hidden one only around its hours."""
    loc = point.location
    if loc.visibility != "district":
        return True
    state = openness(cat, loc, now)
    soon = state.next_open is not None and (state.next_open - now).total_seconds() <= 60 * loc.reveal_minutes
    return state.open or soon


def word_name(point: PointInfo) -> str:
    """What the second word or number of an order is for at this kind of point."""
    return str(_WORDS.get(point.kind, _("The word to say")))


def face(kit: KitInfo) -> Face:
    """The minutes of a kit's reading window on a clock face."""

    def at(minute: int, radius: float) -> str:
        turn = math.radians(minute * 6)
        return f"{78 + radius * math.sin(turn):.0f} {56 - radius * math.cos(turn):.0f}"

    large = int(kit.read_to - kit.read_from > 30)
    sector = f"M78 56L{at(kit.read_from, 38)}A38 38 0 {large} 1 {at(kit.read_to, 38)}z"
    return Face(sector, f"M78 56V24M78 56L{at(kit.read_from, 26)}")


def window(kit: KitInfo) -> str:
    """ "20–40 мин"."""
    return wording.minutes_short(kit.read_from).replace(str(kit.read_from), f"{kit.read_from}–{kit.read_to}")


def confirming_words(cat: Catalogue) -> str:
    """What the second test will ask for: said before she orders."""
    service = cat.service_by_slug.get(follow_up.SERVICE)
    if service is None:
        return _(
            "If the test shows two lines, a second test at a clinic gives the answer. Ask by phone about documents."
        )
    if service.asks_id:
        return _("If the test shows two lines, a second test at a clinic gives the answer. They will ask for ID there.")
    return _(
        "If the test shows two lines, a second test at a clinic gives the answer. They ask for the ticket, "
        "not for a name. For treatment they will ask for ID."
    )


def pep_number(cat: Catalogue) -> int | None:
    """The number of the service whose pills help within 72 hours."""
    service = cat.service_by_slug.get(follow_up.PEP)
    return service.number if service else None
