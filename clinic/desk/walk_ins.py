"""Who stands at the desk without a time: the next free one, or a place in the line until a room is free."""

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.booking import book, line, tickets
from clinic.booking.refusals import NoTimeLeft, StatusChanged, StillInside
from clinic.db import db, writing
from clinic.desk import answers, board, bp, pages
from clinic.desk.forms import CallForm, WalkInForm
from clinic.desk.pages import Desk, Got, Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

DEFAULT_WALK_IN = 20


@bp.post("/roster/<slug>/<day>/walk-in")
@staff_only(*ROSTER_ROLES)
def walk_in(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Give a ticket, and a time or a place in the line; the ticket's noun is shown in this answer only."""
    desk = pages.desk_of(person, location, day)
    form = WalkInForm(request.form)
    if not form.validate() or desk.day != desk.service_day:
        abort(422)
    minutes = int(form.minutes.data or DEFAULT_WALK_IN)
    try:
        answer = _taken(desk, form, minutes)
    except NoTimeLeft:
        none_left = _("There is no free time of %(minutes)s min left today. There is still the line.", minutes=minutes)
        return pages.beside(desk, Got(sentence=none_left))
    except (once.Busy, once.Reused):
        return pages.beside(desk, Got(sentence=_("That walk-in has been taken already.")))
    card = answers.card_of(desk, int(answer["ticket"]))
    if card is None:
        return pages.beside(desk, Got(sentence=_("That walk-in has been taken off again.")))
    # the way back that is offered is that of this act, not of the one before
    said = Said(_("%(ticket)s: taken", ticket=card.ticket), f"{card.ticket}:here:cancelled")
    return pages.beside(desk, Got(card=card, noun=tickets.NOUNS[answer["noun"]]), said)


def _taken(desk: Desk, form: WalkInForm, minutes: int) -> dict[str, int]:
    """Ticket and noun, once for one token. Raises NoTimeLeft, once.Busy, once.Reused."""
    in_line = bool(form.line.data)
    body = f"{desk.location.id}:{desk.day}:{minutes}:{in_line}".encode()
    db.session.rollback()

    def take() -> dict[str, object]:
        cat, actor = catalogue.current(s), desk.person.login
        if in_line:
            row, noun = line.wait(s, desk.location, minutes, desk.now, actor)
        else:
            row, noun = book.walk_in(s, cat, desk.location, None, minutes, desk.now, actor)
        return {"ticket": row.ticket, "noun": noun}

    with writing() as s:
        done = once.run(s, "walk-in", str(form.token.data), body, once.DESK_KEPT, desk.now, take)
    return done.answer


@bp.post("/roster/<slug>/<day>/line")
@staff_only(*ROSTER_ROLES)
def call_in(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Bring somebody from the line into a room that is free now."""
    desk = pages.desk_of(person, location, day)
    form = CallForm.of(request.form.get("call", ""))
    if not form.validate() or desk.day != desk.service_day:
        abort(422)
    ticket, room_id = int(form.ticket.data or 0), int(form.room.data or 0)
    room = next((r for r in location.rooms if r.id == room_id), None)
    if room is None:
        abort(404)
    db.session.rollback()
    try:
        with writing() as s:
            rid = board.rid_of(s, location.id, desk.day, ticket)
            if rid is None:
                raise StatusChanged("")
            row = line.call_in(s, location.id, rid, room_id, person.login, desk.now)
    except StatusChanged as changed:
        return answers.after(desk, Said(answers.changed_words(ticket, changed.current), bad=True), 409)
    except StillInside as inside:
        return answers.after(desk, answers.inside_words(desk, inside.ticket, room.id), 409)
    except NoTimeLeft:
        sentence = _("%(room)s is not free any more. Nothing was changed.", room=room.name[language_now()])
        return answers.after(desk, Said(sentence, bad=True), 409)
    said = _(
        "%(ticket)s: %(room)s, %(minutes)s min", ticket=ticket, room=room.name[language_now()], minutes=row.minutes
    )
    return answers.after(desk, Said(said), 200)
