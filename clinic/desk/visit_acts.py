"""What is done with one visit at the desk: moved, taken off, booked again, noted, something ready for it."""

from collections.abc import Callable
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import again, awaiting, notes, reshape
from clinic.booking.refusals import Gone, MovedMeanwhile, NotASlot, SlotTaken, StatusChanged
from clinic.booking.typed import Unreadable, without_numbers
from clinic.db import db, writing
from clinic.desk import answers, board, bookings, bp, pages
from clinic.desk.forms import VisitForm
from clinic.desk.pages import Desk, Note
from clinic.desk.views import ROSTER_ROLES
from clinic.desk.visit import move_words, next_services, visit_page
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

Act = Callable[[Session, bytes, Desk, VisitForm], dict[str, Any]]


@bp.get("/roster/<slug>/<day>/visit/<int:ticket>/<any(move, stop, next, note, awaited, ready, fetched):act>")
@staff_only(*ROSTER_ROLES)
def back_to_visit(
    person: SignedIn,  # noqa: ARG001
    location: LocationInfo,
    day: str,
    ticket: int,
    act: str,  # noqa: ARG001
) -> ResponseReturnValue:
    """Whoever reloads the answer of a form lands on the visit."""
    return redirect(url_for("desk.show_visit", slug=location.slug, day=day, ticket=ticket), 303)


@bp.post("/roster/<slug>/<day>/visit/<int:ticket>/<any(move, stop, next):act>")
@staff_only(*ROSTER_ROLES)
def act_on_visit(person: SignedIn, location: LocationInfo, day: str, ticket: int, act: str) -> ResponseReturnValue:
    """Move it, take it off, or book the next one: once for each press, and never on what the desk did not see."""
    desk = pages.desk_of(person, location, day)
    form = VisitForm(request.form)
    if not form.validate():
        abort(422)
    if act != "stop" and form.start.data is None:
        return visit_page(desk, ticket, _("Choose a time."), 400)
    words = move_words(desk, ticket, clock.moment(form.start.data or 0)) if act == "move" and not form.sure.data else ""
    if words:
        return _look(desk, ticket, form, words)
    try:
        answer = _once(desk, ticket, act, form)
    except (SlotTaken, NotASlot):
        return visit_page(desk, ticket, _("This time has just been taken. Choose another."), 409)
    except MovedMeanwhile as moved:
        when = wording.near_day(clock.local(moved.start).date(), desk.service_day)
        now_at = _("It was moved in the meantime: %(day)s, %(time)s.", day=when, time=wording.time_words(moved.start))
        return visit_page(desk, ticket, now_at, 409)
    except StatusChanged as changed:
        return visit_page(desk, ticket, answers.changed_words(ticket, changed.current), 409)
    except Gone:
        return visit_page(desk, ticket, answers.changed_words(ticket, ""), 409)
    except (once.Busy, once.Reused):
        return visit_page(desk, ticket, _("That was done already. Look once more before you send it again."), 409)
    return _done(desk, ticket, act, answer)


def _look(desk: Desk, ticket: int, form: VisitForm, sms: str) -> str:
    """What a move would tell her, before anything goes out."""
    start = clock.moment(form.start.data or 0)
    return render_template(
        "desk/visit_look.html",
        **pages.names(desk),
        ticket=ticket,
        start=start,
        start_day=clock.service_day(start),
        sms=sms,
        form=form,
    )


def _once(desk: Desk, ticket: int, act: str, form: VisitForm) -> dict[str, Any]:
    fields = (form.start.data, form.seen.data, form.remind.data, sorted(next_services(desk) or ()))
    body = f"{desk.location.id}:{desk.day}:{ticket}:{act}:{fields}".encode()
    db.session.rollback()
    with writing() as s:

        def do() -> dict[str, Any]:
            rid = board.rid_of(s, desk.location.id, desk.day, ticket)
            if rid is None:
                raise Gone
            return ACTS[act](s, rid, desk, form)

        return once.run(s, "desk-visit", str(form.token.data), body, once.DESK_KEPT, desk.now, do).answer


def _move(s: Session, rid: bytes, desk: Desk, form: VisitForm) -> dict[str, Any]:
    seen, start = clock.moment(form.seen.data or 0), clock.moment(form.start.data or 0)
    cat = catalogue.current(s)
    row, told = reshape.move_one(s, cat, desk.location.id, rid, start, desk.person.login, desk.now, seen)
    return {"ticket": row.ticket, "cell": clock.cell(row.start), "room": row.room_id, "told": told}


def _stop(s: Session, rid: bytes, desk: Desk, form: VisitForm) -> dict[str, Any]:
    seen = clock.moment(form.seen.data or 0)
    return {"told": reshape.stop_one(s, desk.location.id, rid, desk.person.login, desk.now, seen)}


def _next(s: Session, rid: bytes, desk: Desk, form: VisitForm) -> dict[str, Any]:
    start, services = clock.moment(form.start.data or 0), next_services(desk)
    remind, actor = bool(form.remind.data), desk.person.login
    made = again.book_again(s, desk.location.id, rid, start, services, remind, actor, desk.now)
    return bookings.kept(made)


ACTS: dict[str, Act] = {"move": _move, "stop": _stop, "next": _next}


def _done(desk: Desk, ticket: int, act: str, answer: dict[str, Any]) -> ResponseReturnValue:
    """What was done, and whether a message tells her or the door has to."""
    if act == "next":
        return bookings.made_page(desk, _("The next appointment"), answer)
    start = clock.moment(answer["cell"]) if "cell" in answer else None
    room = next((r for r in desk.location.rooms if r.id == answer.get("room")), None)
    return render_template(
        "desk/visit_done.html",
        **pages.names(desk),
        act=act,
        ticket=ticket,
        answer=answer,
        start=start,
        start_day=None if start is None else clock.service_day(start),
        room_name="" if room is None else room.name[language_now()],
    )


@bp.post("/roster/<slug>/<day>/visit/<int:ticket>/note")
@staff_only(*pages.SERVICES_ROLES)
def note_visit(person: SignedIn, location: LocationInfo, day: str, ticket: int) -> ResponseReturnValue:
    """Keep what the clinician writes about this visit until the visit is forgotten."""
    desk = pages.desk_of(person, location, day)
    try:
        text = without_numbers(request.form.get("note", ""), notes.LONGEST)
    except Unreadable as wrong:
        return visit_page(desk, ticket, "", 422, Note(request.form["note"][: notes.LONGEST], str(wrong.message)))
    return _marked(
        desk, ticket, lambda s, rid: notes.write(s, location.id, rid, text, person.login, desk.now), saved="1"
    )


@bp.post("/roster/<slug>/<day>/visit/<int:ticket>/<any(awaited, ready, fetched):act>")
@staff_only(*ROSTER_ROLES)
def await_for_visit(person: SignedIn, location: LocationInfo, day: str, ticket: int, act: str) -> ResponseReturnValue:
    """Something of this visit will come, is ready, or was fetched."""
    desk = pages.desk_of(person, location, day)
    if act == "fetched":
        return _marked(
            desk,
            ticket,
            lambda s, _rid: awaiting.take_off(s, location.id, desk.day, ticket, person.login, desk.now),
        )
    return _marked(
        desk, ticket, lambda s, rid: awaiting.expect(s, location.id, rid, act == "ready", person.login, desk.now)
    )


def _marked(
    desk: Desk, ticket: int, mark: Callable[[Session, bytes], None], saved: str | None = None
) -> ResponseReturnValue:
    db.session.rollback()
    try:
        with writing() as s:
            rid = board.rid_of(s, desk.location.id, desk.day, ticket)
            if rid is None:
                raise Gone
            mark(s, rid)
    except Gone:
        return visit_page(desk, ticket, answers.changed_words(ticket, ""), 409)
    where = url_for("desk.show_visit", slug=desk.location.slug, day=desk.day.isoformat(), ticket=ticket, saved=saved)
    return redirect(where, 303)
