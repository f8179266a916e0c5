"""The roster: today's visits by room, one step per click, and what the other desks do within two seconds."""

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import appointments, marking
from clinic.booking.appointments import DeskRow
from clinic.booking.refusals import StatusChanged, StillInside, TimeGiven
from clinic.db import db, writing
from clinic.desk import answers, board, bp, finding, pages, point_pages, roster
from clinic.desk.duty_pages import ROLES as DUTY_ROLES
from clinic.desk.forms import FindForm, StepForm
from clinic.desk.pages import Got, Said
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import cookies
from clinic.staff import guard, memberships
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROSTER_ROLES = ("receptionist", "clinician", "coordinator", "administrator")
# What one click may do: the next step, its undoing, a no-show, a late arrival after all.
STEPS = frozenset((*roster.NEXT.items(), *roster.BEFORE.items(), ("booked", "missed"), ("missed", "here")))
ROOM, PLACE, ROOM_KEPT = "room", "place", 60 * 60 * 24 * 30  # whoever works in a room lands in it
GIVEN_UP = ("here", "cancelled")  # a walk-in who does not want the time


@bp.get("/")
@staff_only(*ROLES)
def today(person: SignedIn) -> ResponseReturnValue:
    """Today's roster of her place; a choice where there are several, or none."""
    s = db.session()
    day = clock.service_day(clock.now())
    every = guard.within_reach(person, catalogue.current(s).locations.values())
    places = memberships.places_of(s, person.staff_id, ROSTER_ROLES, every)
    if len(places) == 1:
        room = _room_of_this_device(places[0]) if pages.is_clinician(person, places[0]) else None
        where = url_for("desk.show_roster", slug=places[0].slug, day=day.isoformat(), room=room)
        return redirect(where, 303)
    points = point_pages.points_of(person.staff_id, person.desk_id)
    if not places and len(points) == 1:
        return redirect(url_for("desk.show_point", slug=points[0].slug), 303)
    if not places and not points and guard.roles_here(person) & set(DUTY_ROLES):
        return redirect(url_for("desk.show_duty"), 303)
    language = language_now()
    last = cookies.read(PLACE)
    ordered = sorted(places, key=lambda place: (place.slug != last, place.city[language], place.name[language]))
    return render_template("desk/today.html", person=person, places=ordered, points=points, day=day, last=last)


@bp.get("/roster/<slug>/<day>")
@staff_only(*ROSTER_ROLES)
def show_roster(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """A service day of a location; opening it is what keeps the place bookable."""
    desk = pages.desk_of(person, location, day)
    if board.unseen_today(location, desk.now):
        db.session.rollback()
        with writing() as s:
            board.note_seen(s, location.id, desk.now)
            catalogue.changed(s)
    response = make_response(pages.page(desk, None, None))
    cookies.keep(response, PLACE, location.slug, ROOM_KEPT)
    if desk.room is not None:
        cookies.keep(response, ROOM, str(desk.room.id), ROOM_KEPT)
    return response


def _room_of_this_device(location: LocationInfo) -> int | None:
    """The room that was opened last in this browser, if the place still has it."""
    return next((room.id for room in location.rooms if str(room.id) == cookies.read(ROOM)), None)


@bp.get("/roster/<slug>/<day>/board")
@staff_only(*ROSTER_ROLES)
def show_board(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """The moving parts of the page alone; 304 while nothing has changed."""
    return pages.parts(pages.desk_of(person, location, day), None)


@bp.get("/roster/<slug>/<day>/<any(step, find, 'walk-in', line, late, note, noted):act>")
@staff_only(*ROSTER_ROLES)
def back_to_roster(person: SignedIn, location: LocationInfo, day: str, act: str) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads the answer of a form lands on the roster."""
    return redirect(pages.desk_of(person, location, day).url(), 303)


@bp.post("/roster/<slug>/<day>/step")
@staff_only(*ROSTER_ROLES)
def step(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Move one ticket one step on, or back. 409, and the truth, when another desk was faster."""
    desk = pages.desk_of(person, location, day)
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
                marking.set_status(s, location.id, rid, was, to, person.login, desk.now)
    except StatusChanged as changed:
        return answers.after(desk, Said(answers.changed_words(ticket, changed.current), bad=True), 409)
    except StillInside as inside:
        card = answers.card_of(desk, inside.ticket)
        room_id = None if card is None else card.room_id
        return answers.after(desk, answers.inside_words(desk, inside.ticket, room_id), 409)
    except TimeGiven:
        return answers.after(desk, Said(answers.given_words(ticket), bad=True), 409)
    undo = "" if to == "cancelled" else f"{ticket}:{to}:{was}"
    return answers.after(desk, Said(answers.step_words(ticket, to), undo if (to, was) in STEPS else ""), 200)


@bp.post("/roster/<slug>/<day>/find")
@staff_only(*ROSTER_ROLES)
def find(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """The card of a number and the first letter of its noun; a number alone opens nothing."""
    desk = pages.desk_of(person, location, day)
    form = FindForm(request.form)
    readings = finding.readings(form.q.data or "") if form.validate() else ()
    if not readings:
        return pages.beside(
            desk, Got(sentence=_("Type the number and the first letter of the word, for example 27 t."))
        )
    s = db.session()
    for typed in readings:
        row = appointments.find_by_ticket(s, catalogue.current(s), location.id, desk.day, *typed)
        if row is not None:
            return pages.beside(desk, Got(card=answers.cards(desk, [row])[0], first=finding.token_of(row.rid)))
    elsewhere = (words for typed in readings if (words := _elsewhere(s, desk, *typed)))
    return pages.beside(desk, Got(sentence=next(elsewhere, _("There is no such number with this letter on this day."))))


def _elsewhere(s: Session, desk: pages.Desk, ticket: int, letter: str) -> str:
    """What became of a number that is not on this day's list; "" where nothing is known of it."""
    location_id = desk.location.id
    moved = appointments.moved_from(s, location_id, desk.day, ticket, letter)
    if moved is not None:
        return _moved_words(moved, desk)
    if appointments.was_taken_off(s, location_id, desk.day, ticket, letter):
        return str(_("%(ticket)s was cancelled. Offer another time.", ticket=ticket))
    other = appointments.on_other_day(s, location_id, desk.day, ticket, letter)
    return "" if other is None else _other_day_words(other, desk)


def _other_day_words(row: DeskRow, desk: pages.Desk) -> str:
    day, time = clock.service_day(row.start), wording.time_words(row.start)
    when = wording.near_day(day, desk.service_day)
    return str(_("%(ticket)s is for another day: %(day)s, %(time)s.", ticket=row.ticket, day=when, time=time))


def _moved_words(row: DeskRow, desk: pages.Desk) -> str:
    day = clock.service_day(row.start)
    return str(
        _(
            "It was moved: %(day)s, %(time)s. The number is %(ticket)s now.",
            day=wording.near_day(day, desk.service_day),
            time=wording.time_words(row.start),
            ticket=row.ticket,
        )
    )
