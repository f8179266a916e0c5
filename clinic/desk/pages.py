"""How the desk's answers are drawn: whole pages, the moving parts for desk.js, and the card beside them."""

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Response, abort, make_response, render_template, request, url_for
from flask_babel import gettext as _

from clinic import clock, wording
from clinic.booking import appointments, lateness
from clinic.db import Text3, db
from clinic.desk import board, roster, shift
from clinic.desk.words import Words
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.staff import guard, memberships
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

SERVICES_ROLES = ("clinician",)
NOUN_SECONDS = 30
LATE_MINUTES = (0, 10, 20, 30, 45, 60, 90, 120)
FARTHEST = timedelta(days=100)  # no day is kept, or offered, farther away


@dataclass(frozen=True, slots=True)
class Desk:
    """Who looks at which day of which place; `room`: the clinician's own room instead of the roster."""

    person: SignedIn
    location: LocationInfo
    day: date
    now: datetime
    room: RoomInfo | None = None

    @property
    def service_day(self) -> date:
        return clock.service_day(self.now)

    def url(self, fragment: str = "") -> str:
        """The address of this very page."""
        room = None if self.room is None else self.room.id
        address: str = url_for(
            "desk.show_roster", slug=self.location.slug, day=self.day.isoformat(), room=room, _anchor=fragment or None
        )
        return address


@dataclass(frozen=True, slots=True)
class Said:
    """What has just happened, in words, and the step that undoes it ("27:here:booked"), or that is asked for."""

    text: str
    undo: str = ""
    done: str = ""  # "15:in_room:done" on the button that answers "Done?"
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A note for the next shift that was refused: as typed, and why."""

    typed: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """A card beside the roster: a number that was found, a walk-in just taken, or why there is none."""

    card: roster.Card | None = None
    noun: Text3 | None = None
    sentence: str = ""
    first: str = ""  # what stands for the visit where "first time this year" is counted
    counted: str = ""  # the same, once it was


def desk_of(person: SignedIn, location: LocationInfo, day: str) -> Desk:
    """Who looks at what, from the address; 404 for a day that is none, or a room that is not theirs."""
    try:
        found = date.fromisoformat(day) if re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or abs(found - clock.today()) > FARTHEST:
        abort(404)
    return Desk(person, location, found, clock.now(), _own_room(person, location))


def _own_room(person: SignedIn, location: LocationInfo) -> RoomInfo | None:
    """`?room=`: a clinician's own room; it does not exist for others."""
    if "room" not in request.args:
        return None
    room = next((r for r in location.rooms if str(r.id) == request.args["room"]), None)
    if room is None or not is_clinician(person, location):
        abort(404)
    return room


def is_clinician(person: SignedIn, location: LocationInfo) -> bool:
    """Whether this person may see, at this place, what a visit is for."""
    return memberships.may(db.session(), person.staff_id, SERVICES_ROLES, location)


def scripted() -> bool:
    """Whether desk.js asks: it wants the moving parts only."""
    return guard.POLL in request.headers


def page(desk: Desk, got: Got | None, said: Said | None, note: Note | None = None) -> str:
    """The whole page; `note` is one that was refused."""
    template = "desk/roster.html" if desk.room is None else "desk/room.html"
    tag = _tag(desk)  # before the rows are read: the page may be newer than its tag, never older
    return render_template(
        template,
        **_context(desk),
        tag=tag,
        got=got,
        said=said,
        token=secrets.token_urlsafe(16),
        yesterday=desk.day - timedelta(days=1),
        tomorrow=desk.day + timedelta(days=1),
        walk_in_minutes=roster.WALK_IN_MINUTES,
        late_minutes=LATE_MINUTES,
        note=note or Note(),
        shift_notes=shift.of_location(db.session(), desk.location.id, clock.today()),
    )


def parts(desk: Desk, said: Said | None) -> Response:
    """The moving parts alone; 304 while nothing has changed and there is nothing to say."""
    tag = _tag(desk)
    if said is None and request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        template = "desk/_board.html" if desk.room is None else "desk/_room_board.html"
        response = make_response(render_template(template, **_context(desk), said=said))
    response.set_etag(tag, weak=True)
    return response


def beside(desk: Desk, got: Got, said: Said | None = None) -> Response:
    """The answer to a search or a walk-in: the card alone for the script, the whole page otherwise."""
    if scripted():
        parts_ = {"got": got, "said": said, "token": secrets.token_urlsafe(16)}
        return make_response(render_template("desk/_beside.html", **names(desk), **parts_))
    response = make_response(page(desk, got, said))
    if got.noun is not None:  # the word leaves the screen without the script, too
        response.headers["Refresh"] = f"{NOUN_SECONDS}; url={desk.url()}"
    return response


def _tag(desk: Desk) -> str:
    s = db.session()
    version = board.version(s, catalogue.current(s), desk.location.id, desk.day, desk.now)
    return f"{version}.{language_now()}.{'all' in request.args}.{desk.room.id if desk.room else ''}"


def names(desk: Desk) -> dict[str, object]:
    """What every template of a day needs."""
    language = language_now()
    return {
        "person": desk.person,
        "location": desk.location,
        "day": desk.day,
        "now": desk.now,
        "service_day": desk.service_day,
        "begun": desk.day <= desk.service_day,
        "room": desk.room,
        "room_names": {r.id: r.name[language] for r in desk.location.rooms},
        "looks": roster.LOOKS,
        "signs": roster.SIGNS,
        "next_steps": roster.NEXT,
        "steps_back": roster.BEFORE,
        "visits_url": _visits_url(desk),
        "w": Words(),
        "early_words": lambda card: _early_words(card, desk.now),
    }


def _visits_url(desk: Desk) -> str:
    """The address of a visit of this day, up to its number."""
    found: str = url_for("desk.show_visit", slug=desk.location.slug, day=desk.day.isoformat(), ticket=1)
    return found[:-1]


def _context(desk: Desk) -> dict[str, object]:
    s = db.session()
    cat = catalogue.current(s)
    location = cat.locations.get(desk.location.id, desk.location)
    if desk.room is not None:
        return names(desk) | _room(desk, desk.room)
    shown = board.read(s, cat, location, desk.day, desk.now, "all" in request.args)
    language = language_now()
    return names(desk) | {
        "roster": shown.roster,
        "messages": shown.messages,
        "held_up": shown.held_up,
        "unsure": shown.unsure,
        "room_names": {r.id: r.name[language] for r in shown.roster.rooms},
        "columns": {r.id: n for n, r in enumerate(shown.roster.rooms)},
        "free_rooms": shown.free_rooms,
        "untold": shown.untold,
        "cancelled": shown.cancelled,
        "clinician": is_clinician(desk.person, location),
    }


def _room(desk: Desk, room: RoomInfo) -> dict[str, object]:
    """A clinician's own day, the only place where services are named."""
    s = db.session()
    visits = appointments.for_room(s, catalogue.current(s), room, desk.day)
    late = lateness.of_day(s, desk.location.id, desk.day)
    rows = lateness.promised(s, desk.location.id, desk.day, [v.row for v in visits])
    language = language_now()
    return {
        "cards": roster.cards_of(rows, desk.location.grace_minutes, late, desk.now),
        "late": late,
        "notes": {v.row.ticket: v.notes for v in visits},
        "names": {v.row.ticket: ", ".join(service.name[language] for service in v.services) for v in visits},
    }


def _early_words(card: roster.Card, now: datetime) -> str:
    """How far from her time she is, for one who is expected."""
    minutes = int((card.start - now).total_seconds() // 60)
    if card.status != "booked" or minutes == 0:
        return ""
    if minutes > 0:
        return str(_("%(time)s early.", time=wording.hours_minutes(minutes)))
    return str(_("%(time)s late.", time=wording.hours_minutes(-minutes)))
