"""The roster: today's visits by room, one step per click, and what the other desks do within two seconds."""

import re
from datetime import date, timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.booking import appointments, book, tickets
from clinic.booking.refusals import NoTimeLeft, StatusChanged
from clinic.db import db, writing
from clinic.desk import board, bp, finding, pages, point_pages, roster
from clinic.desk.forms import FindForm, StepForm, WalkInForm
from clinic.desk.pages import Desk, Got, Said
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo, RoomInfo
from clinic.privacy import once
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROSTER_ROLES = ("receptionist", "clinician", "coordinator", "administrator")
FARTHEST = timedelta(days=100)  # no day is kept, or offered, farther away
# What one click may do: the next step, its undoing, a no-show, a late arrival after all.
STEPS = frozenset((*roster.NEXT.items(), *roster.BEFORE.items(), ("booked", "missed"), ("missed", "here")))
GIVEN_UP = ("here", "cancelled")  # a walk-in who does not want the time
DEFAULT_WALK_IN = 20


@bp.get("/")
@staff_only(*ROLES)
def today(person: SignedIn) -> ResponseReturnValue:
    """Today's roster of her place; a choice where there are several, or none."""
    s = db.session()
    day = clock.service_day(clock.now())
    places = memberships.places_of(s, person.staff_id, ROSTER_ROLES, catalogue.current(s).locations.values())
    if len(places) == 1:
        return redirect(url_for("desk.show_roster", slug=places[0].slug, day=day.isoformat()), 303)
    points = point_pages.points_of(person.staff_id)
    if not places and len(points) == 1:
        return redirect(url_for("desk.show_point", slug=points[0].slug), 303)
    language = language_now()
    ordered = sorted(places, key=lambda place: (place.city[language], place.name[language]))
    return render_template("desk/today.html", person=person, places=ordered, points=points, day=day)


@bp.get("/roster/<slug>/<day>")
@staff_only(*ROSTER_ROLES)
def show_roster(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """A service day of a location; opening it is what keeps the place bookable."""
    desk = _desk(person, location, day)
    if board.unseen_today(location, desk.now):
        db.session.rollback()
        with writing() as s:
            board.note_seen(s, location.id, desk.now)
            catalogue.changed(s)
    return pages.page(desk, None, None)


@bp.get("/roster/<slug>/<day>/board")
@staff_only(*ROSTER_ROLES)
def show_board(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """The moving parts of the page alone; 304 while nothing has changed."""
    return pages.parts(_desk(person, location, day), None)


@bp.get("/roster/<slug>/<day>/<any(step, find, 'walk-in'):act>")
@staff_only(*ROSTER_ROLES)
def back_to_roster(person: SignedIn, location: LocationInfo, day: str, act: str) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads the answer of a form lands on the roster."""
    return redirect(_desk(person, location, day).url(), 303)


@bp.post("/roster/<slug>/<day>/step")
@staff_only(*ROSTER_ROLES)
def step(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Move one ticket one step on, or back. 409, and the truth, when another desk was faster."""
    desk = _desk(person, location, day)
    form = StepForm.of(request.form.get("step", ""))
    if not form.validate() or desk.day > desk.service_day:
        abort(422)
    ticket, was, to = int(form.ticket.data or 0), str(form.was.data), str(form.to.data)
    if (was, to) not in STEPS and (was, to) != GIVEN_UP:
        abort(422)
    db.session.rollback()
    try:
        with writing() as s:
            rid = board.rid_of(s, location.id, desk.day, ticket)
            if rid is None:
                raise StatusChanged("")
            if (was, to) == GIVEN_UP:
                board.give_up_walk_in(s, location.id, desk.day, rid, person.login, desk.now)
            else:
                appointments.set_status(s, location.id, rid, was, to, person.login, desk.now)
    except StatusChanged as changed:
        return _after(desk, Said(_changed_words(ticket, changed.current), bad=True), 409)
    undo = "" if to == "cancelled" else f"{ticket}:{to}:{was}"
    return _after(desk, Said(_step_words(ticket, to), undo if (to, was) in STEPS else ""), 200)


@bp.post("/roster/<slug>/<day>/find")
@staff_only(*ROSTER_ROLES)
def find(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """The card of a number and the first letter of its noun; a number alone opens nothing."""
    desk = _desk(person, location, day)
    form = FindForm(request.form)
    typed = finding.parse(form.q.data or "") if form.validate() else None
    if typed is None:
        return pages.beside(
            desk, Got(sentence=_("Type the number and the first letter of the word, for example 27 t."))
        )
    s = db.session()
    row = appointments.find_by_ticket(s, catalogue.current(s), location.id, desk.day, *typed)
    if row is None:
        return pages.beside(desk, Got(sentence=_("There is no such number with this letter on this day.")))
    return pages.beside(desk, Got(card=roster.cards_of([row], location.grace_minutes, desk.now)[0]))


@bp.post("/roster/<slug>/<day>/walk-in")
@staff_only(*ROSTER_ROLES)
def walk_in(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Give somebody at the desk the next free time and a ticket; its noun is shown in this answer only."""
    desk = _desk(person, location, day)
    form = WalkInForm.of(request.form)
    if not form.validate() or desk.day != desk.service_day:
        abort(422)
    room_id, minutes = form.room.data, int(form.minutes.data or DEFAULT_WALK_IN)
    if room_id is not None and room_id not in {r.id for r in location.rooms}:
        abort(404)
    earliest = None if form.cell.data is None else clock.moment(form.cell.data)
    body = f"{location.id}:{desk.day}:{room_id}:{form.cell.data}:{minutes}".encode()
    db.session.rollback()

    def take() -> dict[str, object]:
        cat = catalogue.current(s)
        row, noun = book.walk_in(s, cat, location, room_id, minutes, desk.now, person.login, earliest)
        return {"ticket": row.ticket, "noun": noun}

    try:
        with writing() as s:
            done = once.run(s, "walk-in", str(form.token.data), body, once.FORM_KEPT, desk.now, take)
    except NoTimeLeft:
        return pages.beside(
            desk, Got(sentence=_("There is no free time of %(minutes)s min left today.", minutes=minutes))
        )
    except (once.Busy, once.Reused):
        return pages.beside(desk, Got(sentence=_("That walk-in has been taken already.")))
    card = _card(desk, int(done.answer["ticket"]))
    if card is None:
        return pages.beside(desk, Got(sentence=_("That walk-in has been taken off again.")))
    return pages.beside(desk, Got(card=card, noun=tickets.NOUNS[done.answer["noun"]]))


def _desk(person: SignedIn, location: LocationInfo, day: str) -> Desk:
    """Who looks at what, from the address; 404 for a day that is none, or a room that is not theirs."""
    try:
        found = date.fromisoformat(day) if re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or abs(found - clock.today()) > FARTHEST:
        abort(404)
    return Desk(person, location, found, clock.now(), _room(person, location))


def _room(person: SignedIn, location: LocationInfo) -> RoomInfo | None:
    """`?room=`: a clinician's own room; it does not exist for others."""
    if "room" not in request.args:
        return None
    room = next((r for r in location.rooms if str(r.id) == request.args["room"]), None)
    if room is None or not memberships.may(db.session(), person.staff_id, pages.SERVICES_ROLES, location):
        abort(404)
    return room


def _card(desk: Desk, ticket: int) -> roster.Card | None:
    s = db.session()
    rows = appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows
    cards = roster.cards_of([row for row in rows if row.ticket == ticket], desk.location.grace_minutes, desk.now)
    return next(iter(cards), None)


def _after(desk: Desk, said: Said, status: int) -> ResponseReturnValue:
    """The answer to a step: the parts for the script, the roster or the truth on a whole page otherwise."""
    if pages.scripted():
        return pages.parts(desk, said), status
    if status == 200:
        return redirect(desk.url("now"), 303)
    return pages.page(desk, None, said), status


def _step_words(ticket: int, to: str) -> str:
    words = {
        "booked": _("%(ticket)s: expected", ticket=ticket),
        "here": _("%(ticket)s: here", ticket=ticket),
        "in_room": _("%(ticket)s: in the room", ticket=ticket),
        "done": _("%(ticket)s: done", ticket=ticket),
        "missed": _("%(ticket)s: did not come", ticket=ticket),
        "cancelled": _("%(ticket)s: taken off", ticket=ticket),
    }
    return str(words[to])


def _changed_words(ticket: int, current: str) -> str:
    if current not in roster.SIGNS:
        return str(_("%(ticket)s was cancelled or moved in the meantime. Nothing was changed.", ticket=ticket))
    return str(_("Another desk was faster. Now %(state)s.", state=_step_words(ticket, current)))
