"""Seats at trainings under her code: what stands on /mine of them, and giving one up."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic import messaging, wording
from clinic.booking.message_words import sms_words
from clinic.directory.catalogue import Catalogue
from clinic.messaging import outbox
from clinic.passes.passes import OpenPass
from clinic.safety.trainings import seats, showing, telling
from clinic.safety.trainings.forms import MySeatForm
from clinic.safety.trainings.seats import Begun, Gone, SeatView
from clinic.site.mine_orders import Said
from clinic.wording import gettext as _
from clinic.wording import ngettext


@dataclass(frozen=True, slots=True)
class SeatCard:
    """A seat as the page shows it; `way`: address or link, `opens`: when they open; `link`: it is one to tap."""

    id: str
    view: SeatView
    training: showing.TrainingCard
    noun: str
    line: str
    away: bool  # its place is stopped, until somebody there opens it again
    hidden: bool
    way: str
    link: bool
    opens: str
    materials: int | None
    sms: str


def cards(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> list[SeatCard]:
    """Her seats in words."""
    found = (_card(s, cat, view, now) for view in seats.of_pass(s, pass_, now))
    return [card for card in found if card is not None]


def _card(s: Session, cat: Catalogue, view: SeatView, now: datetime) -> SeatCard | None:
    language = wording.language_now()
    loc = cat.locations.get(view.training.location_id)
    words = showing.card(cat, view.training, view.waits, now)
    if loc is None or words is None:
        return None
    away = showing.away(cat, view.training)
    way = "" if away or view.waits or view.training.cancelled else showing.way(view.training, loc, language, now)
    return SeatCard(
        id=view.rid.hex(),
        view=view,
        training=words,
        noun=view.noun_in(language),
        line=ngettext("%(num)s is in line before you", "%(num)s are in line before you", view.before)
        if view.before
        else _("you are the next"),
        away=away,
        hidden=not away and showing.opens(view.training, loc) is not None,
        way=way,
        link=way.startswith(("https://", "http://")),
        opens="" if away else showing.opens_words(view.training, loc, now),
        materials=showing.materials(s, view.training.page),
        sms=sms_words(outbox.of(s, telling.about(view.rid)), now) if messaging.enabled() else "",
    )


def act(s: Session, _cat: Catalogue, pass_: OpenPass, form: MySeatForm, now: datetime) -> Said:
    """Give one of her seats up."""
    if form.seat.data is None or form.act.errors or form.act.data is None:
        return Said(_("There is no such seat any more."), 404)
    try:
        seats.leave(s, pass_, form.seat.data, now)
    except Gone:
        return Said(_("There is no such seat any more."), 404)
    except Begun:
        return Said(_("It has begun already: the seat can no longer be given to others."), 409)
    return Said(_("Given up. The seat is free for others."))


def forget(s: Session, pass_: OpenPass, now: datetime) -> None:
    """Give her seats to others before all is deleted; trainings are locked in the order of their numbers."""
    for view in sorted(seats.of_pass(s, pass_, now), key=lambda view: view.training.id):
        with suppress(Gone, Begun):
            seats.leave(s, pass_, view.rid, now)
        telling.take_back(s, view.rid, "dropped", now)


def silence(s: Session, pass_: OpenPass, now: datetime) -> None:
    """No message about any seat any more."""
    for view in seats.of_pass(s, pass_, now):
        telling.take_back(s, view.rid, "dropped", now)
