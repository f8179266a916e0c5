"""What the desk says after a press: where it leads, and the words for each step."""

from collections.abc import Sequence

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic.booking import appointments, lateness
from clinic.booking.appointments import DeskRow
from clinic.db import db
from clinic.desk import pages, roster
from clinic.desk.pages import Desk, Said
from clinic.directory import catalogue
from clinic.wording import language_now


def after(desk: Desk, said: Said, status: int) -> ResponseReturnValue:
    """The answer to a step: the parts for the script, the roster or the truth on a whole page otherwise."""
    if pages.scripted():
        return pages.parts(desk, said), status
    if status == 200:
        return redirect(desk.url("now"), 303)
    return pages.page(desk, None, said), status


def cards(desk: Desk, rows: Sequence[DeskRow]) -> tuple[roster.Card, ...]:
    """Some visits of a day as the roster shows them."""
    s = db.session()
    late = lateness.of_day(s, desk.location.id, desk.day)
    rows = lateness.promised(s, desk.location.id, desk.day, rows)
    return roster.cards_of(rows, desk.location.grace_minutes, late, desk.now)


def card_of(desk: Desk, ticket: int) -> roster.Card | None:
    """The card of a number of this day; None when it stands there no more."""
    s = db.session()
    rows = appointments.for_desk(s, catalogue.current(s), desk.location.id, desk.day).rows
    return next(iter(cards(desk, [row for row in rows if row.ticket == ticket])), None)


def step_words(ticket: int, to: str) -> str:
    """A number and where it stands now."""
    words = {
        "booked": _("%(ticket)s: expected", ticket=ticket),
        "here": _("%(ticket)s: here", ticket=ticket),
        "in_room": _("%(ticket)s: in the room", ticket=ticket),
        "done": _("%(ticket)s: done", ticket=ticket),
        "missed": _("%(ticket)s: did not come", ticket=ticket),
        "cancelled": _("%(ticket)s: taken off", ticket=ticket),
    }
    return str(words[to])


def changed_words(ticket: int, current: str) -> str:
    """Why nothing was done: another desk was faster, or she herself."""
    if current not in roster.SIGNS:
        return str(_("%(ticket)s was cancelled or moved in the meantime. Nothing was changed.", ticket=ticket))
    return str(_("Another desk was faster. Now %(state)s.", state=step_words(ticket, current)))


def inside_words(desk: Desk, ticket: int, room_id: int | None) -> Said:
    """A room that is not free: who is still in it, and the press that says she has left."""
    names = {room.id: room.name[language_now()] for room in desk.location.rooms}
    sentence = _("%(room)s: %(ticket)s is still in the room. Done?", ticket=ticket, room=names.get(room_id or 0, ""))
    return Said(sentence, bad=True, done=f"{ticket}:in_room:done")


def given_words(ticket: int) -> str:
    """One who comes after all, and whose time is gone."""
    return str(
        _(
            "The time of %(ticket)s has been given to somebody else. Move it to another time, or take a walk-in.",
            ticket=ticket,
        )
    )
