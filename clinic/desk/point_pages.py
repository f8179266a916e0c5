"""How a point's answers are drawn: the whole page, its moving parts for desk.js, and the order beside them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Response, abort, make_response, render_template, request, session, url_for
from flask_babel import gettext as _

from clinic import clock, wording
from clinic.db import db, writing
from clinic.desk.pages import Said, scripted
from clinic.desk.point_forms import WalkInForm
from clinic.directory import catalogue, openness
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.gazetteer import distance_m
from clinic.kits import counter, lately, warnings
from clinic.kits.catalogue import KitCatalogue, PointInfo, kits
from clinic.kits.counter import CounterOrder, StockRow
from clinic.staff import memberships
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

POINT_ROLES = ("point_keeper", "receptionist", "coordinator")
COORDINATOR = ("coordinator",)
UNATTENDED = ("post", "locker")  # nobody stands there: the keeper enters word or number, and says what was taken
DEEDS = "deeds"  # in the session: what this browser did in the last five minutes, and how it is undone
SAID = "said"  # in the session: one sentence for the next page
MOST_DEEDS = 5
SOON = timedelta(days=warnings.SOON_DAYS)


@dataclass(frozen=True, slots=True)
class Counter:
    """Who stands at which point, when."""

    person: SignedIn
    location: LocationInfo
    point: PointInfo
    cat: Catalogue
    known: KitCatalogue
    now: datetime

    @property
    def today(self) -> date:
        return clock.local(self.now).date()

    def url(self) -> str:
        """The address of the point's page."""
        address: str = url_for("desk.show_point", slug=self.location.slug)
        return address

    def letter(self, kit_id: int) -> str:
        """What the counter says instead of the kit's name."""
        kit = self.known.kit_by_id.get(kit_id)
        return kit.letter if kit is not None else "?"

    def family(self) -> tuple[LocationInfo, ...]:
        """The other points of the same organization, the nearest first."""
        others = [
            p.location
            for p in self.known.points.values()
            if p.location.organization_id == self.location.organization_id and p.id != self.location.id
        ]
        return tuple(sorted(others, key=self.away))

    def away(self, other: LocationInfo) -> int:
        """Metres to another point."""
        return distance_m(self.location.lat, self.location.lng, other.lat, other.lng)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A live order in the table. `until` None: it waits for a delivery; `word`, `give`: at a locker or post only."""

    ticket: int
    letter: str
    quantity: int
    until: datetime | None
    last_day: bool
    word: str | None
    give: str


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot at this point as the table shows it; `weeks` until it expires when that is near."""

    lot_id: int
    letter: str
    lot: str
    expires_on: date
    state: str
    on_hand: int
    reserved: int
    free: int
    weeks: int | None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done just now that can still be undone by the button `undo`."""

    text: str
    undo: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Got:
    """An order that was found, or why there is none."""

    order: CounterOrder | None = None
    sentence: str = ""


def at(person: SignedIn, location: LocationInfo) -> Counter:
    """The counter of a location; 404 when it hands over no kits."""
    s = db.session()
    cat = catalogue.current(s)
    known = kits(s, cat)
    point = known.points.get(location.id)
    if point is None:
        abort(404)
    return Counter(person, location, point, cat, known, clock.now())


def points_of(staff_id: int, desk_id: int | None = None) -> tuple[LocationInfo, ...]:
    """The points at which this person may hand over, by city and name; at a shared desk that one's alone."""
    s = db.session()
    known = kits(s, catalogue.current(s))
    every = (point.location for point in known.points.values() if desk_id in (None, point.id))
    places = memberships.places_of(s, staff_id, POINT_ROLES, every)
    language = language_now()
    return tuple(sorted(places, key=lambda place: (place.city[language], place.name[language])))


def note_seen(desk: Counter) -> None:
    """Somebody looks at this page: for the next seven days the point takes orders."""
    if counter.unseen_today(desk.point, desk.now):
        db.session.rollback()
        with writing() as s:
            counter.seen(s, desk.point, desk.now)


def page(desk: Counter, got: Got | None, said: Said | None, walk: WalkInForm | None = None, why: str = "") -> str:
    """The whole page."""
    tag = _tag(desk)  # before the rows are read: the page may be newer than its tag, never older
    coordinator = memberships.may(db.session(), desk.person.staff_id, COORDINATOR, desk.location)
    context = _context(desk)
    return render_template(
        "desk/point.html",
        **context,
        tag=tag,
        **_found(desk, got),
        said=said,
        token=secrets.token_urlsafe(16),
        walk=WalkInForm() if walk is None else walk,
        walk_sentence=why,
        coordinator=coordinator,
        free_kits=[k for k in desk.known.kits if k.id in desk.point.kits],
        open_words=openness.words(openness.openness(desk.cat, desk.location, desk.now), desk.now),
    )


def parts(desk: Counter, said: Said | None) -> Response:
    """The moving parts alone; 304 while nothing has changed and there is nothing to say."""
    tag = _tag(desk)
    if said is None and request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = make_response(render_template("desk/_point_board.html", **_context(desk), said=said))
    response.set_etag(tag, weak=True)
    return response


def beside(desk: Counter, got: Got) -> Response:
    """The answer to a search: the order alone for the script, the whole page otherwise."""
    if scripted():
        return make_response(render_template("desk/_point_got.html", **_names(desk), **_found(desk, got)))
    return make_response(page(desk, got, None))


def lots(desk: Counter) -> tuple[LotRow, ...]:
    """All lots that lie here, by kit, the first to expire first."""
    return _lots(desk, counter.day(db.session(), desk.cat, desk.point, desk.now).stock)


def give(order: CounterOrder) -> str:
    """The press that hands an order over: it says which boxes the card showed."""
    return f"give:{order.rid.hex()}:{'.'.join(map(str, order.holdings))}"


def why_not(order: CounterOrder) -> str:
    """Why an order can't be handed over now; nothing when it can."""
    if order.status == "backordered":
        return str(_("This order waits for a delivery: nothing is set aside for it yet."))
    if order.stopped:
        return str(_("These kits may not be given any more. Wait a minute: others are being set aside."))
    return ""


def _lots(desk: Counter, rows: Sequence[StockRow]) -> tuple[LotRow, ...]:
    found = []
    for row in rows:
        left = row.expires_on - desk.today
        near = left < SOON and row.state == "good"
        found.append(
            LotRow(
                lot_id=row.lot_id,
                letter=row.kit.letter,
                lot=row.lot,
                expires_on=row.expires_on,
                state=row.state,
                on_hand=row.on_hand,
                reserved=row.reserved,
                free=row.on_hand - row.reserved,
                weeks=left.days // 7 if near else None,
            )
        )
    return tuple(found)


def _first_lots(shelf: Sequence[LotRow]) -> dict[str, LotRow]:
    """By letter: the lot from which somebody without an order gets a kit, the first to expire with a free one."""
    found: dict[str, LotRow] = {}
    for row in shelf:
        if row.state == "good" and row.free:
            found.setdefault(row.letter, row)
    return found


def _waiting(desk: Counter, rows: Sequence[counter.WaitingRow]) -> tuple[WaitingRow, ...]:
    return tuple(_waiting_row(desk, row) for row in rows)


def _waiting_row(desk: Counter, row: counter.WaitingRow) -> WaitingRow:
    word, press = None, ""
    if desk.point.kind in UNATTENDED and row.status == "reserved":
        order = counter.order(db.session(), desk.cat, desk.point, row.rid, desk.now)
        word, press = order.word, "" if why_not(order) else give(order)
    last_day = row.until is not None and row.until <= clock.at(desk.today, 1440)
    return WaitingRow(row.ticket, row.kit.letter, row.quantity, row.until, last_day, word, press)


def _found(desk: Counter, got: Got | None) -> dict[str, object]:
    if got is None or got.order is None:
        return {"got": got}
    here = [row for row in lots(desk) if row.state == "good" and row.letter == got.order.kit.letter]
    first = here[0].lot if len(here) > 1 else ""
    return {
        "got": got,
        "why_not": why_not(got.order),
        "give": give(got.order),
        "first_lot": first,
    }


def _tag(desk: Counter) -> str:
    version = lately.version(db.session(), desk.point.id)
    minute = int(desk.now.timestamp()) // 60
    own = len(session.get(DEEDS, []))
    return f"{version}.{desk.cat.version}.{minute}.{language_now()}.{own}"


def _names(desk: Counter) -> dict[str, object]:
    return {
        "person": desk.person,
        "location": desk.location,
        "point": desk.point,
        "day": desk.today,
        "now": desk.now,
        "until_short": until_short,
    }


def _context(desk: Counter) -> dict[str, object]:
    s = db.session()
    day = counter.day(s, desk.cat, desk.point, desk.now)
    shelf = _lots(desk, day.stock)
    letters = sorted({row.letter for row in shelf if row.state == "good"})
    family = desk.family()
    language = language_now()
    return _names(desk) | {
        "waiting": _waiting(desk, day.waiting),
        "unattended": desk.point.kind in UNATTENDED,
        "stock": [(x, [row for row in shelf if row.letter == x and row.state == "good"]) for x in letters],
        "first_lots": _first_lots(shelf),
        "stopped": [row for row in shelf if row.state != "good"],
        "warnings": warnings.of_point(s, desk.location, family, desk.today),
        "letters": {kit.id: kit.letter for kit in desk.known.kits},
        "names": {place.id: place.name[language] for place in family},
        "family": family,
        "recent": _recent(desk),
    }


# --- what was done just now


def note(desk: Counter, what: str, text: str, entries: Sequence[int]) -> None:
    """Remember in this browser what was done and which entries undo it."""
    deeds = [d for d in session.get(DEEDS, []) if _young(d["at"], desk.now)]
    at_ = int(desk.now.timestamp())
    deeds.append({"at": at_, "what": what, "slug": desk.location.slug, "text": text, "entries": list(entries)})
    session[DEEDS] = deeds[-MOST_DEEDS:]


def say(desk: Counter, text: str) -> None:
    """A sentence for the next page of this point, where nothing is to be undone."""
    session[SAID] = [desk.location.slug, text]


def said_before(desk: Counter) -> Said | None:
    """The sentence that the page before left; it is said once."""
    slug, text = session.pop(SAID, ("", ""))
    return Said(text) if slug == desk.location.slug and text else None


def forget_deed(entries: Sequence[int]) -> None:
    """It was undone, or can't be any more."""
    session[DEEDS] = [d for d in session.get(DEEDS, []) if d["entries"] != list(entries)]


def own_deed(desk: Counter, entries: Sequence[int]) -> str | None:
    """What this browser did at this point in the last five minutes with these entries."""
    for deed in session.get(DEEDS, []):
        if deed["entries"] == list(entries) and deed["slug"] == desk.location.slug and _young(deed["at"], desk.now):
            return str(deed["what"])
    return None


def _young(at_: int, now: datetime) -> bool:
    return int(now.timestamp()) < at_ + counter.UNDO.total_seconds()


def _recent(desk: Counter) -> list[Deed]:
    """What can still be undone: handovers of orders by anybody here, and what this browser did, the latest first."""
    found = [
        (handed.at, Deed(handed_words(handed.ticket), f"back:{handed.rid.hex()}", _left(handed.at, desk.now)))
        for handed in lately.handed(db.session(), desk.point.id, desk.now)
    ]
    for deed in session.get(DEEDS, []):
        at_ = datetime.fromtimestamp(deed["at"], desk.now.tzinfo)
        if deed["slug"] == desk.location.slug and _young(deed["at"], desk.now):
            undo = "back:" + ".".join(map(str, deed["entries"]))
            found.append((at_, Deed(deed["text"], undo, _left(at_, desk.now))))
    return [deed for _at, deed in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _left(since: datetime, now: datetime) -> int:
    """Whole minutes that are left to undo, at least one."""
    return max(1, -(-int((since + counter.UNDO - now).total_seconds()) // 60))


# --- words


def handed_words(ticket: int) -> str:
    """What is said of an order that was handed over."""
    return str(_("Handed over: %(ticket)s", ticket=ticket))


def expiry_words(day: date) -> str:
    """A last day as boxes write it: 03.2027 for the end of a month, else 17.03.2027."""
    ends_month = (day + timedelta(days=1)).day == 1
    return f"{day:%m.%Y}" if ends_month else f"{day:%d.%m.%Y}"


def until_short(moment: datetime) -> str:
    """ "чт 23:00": the day and hour until which kits wait; midnight is the end of the day before."""
    here = clock.local(moment)
    if here.hour == 0 and here.minute == 0:
        day = here.date() - timedelta(days=1)
        return f"{_near(day)} 24:00"
    return f"{_near(here.date())} {wording.time_words(moment)}"


def _near(day: date) -> str:
    today = clock.today()
    if day == today:
        return str(_("today"))
    return wording.weekday_short(day) if day - today < timedelta(days=7) else wording.short_day(day)
