"""The pages of the trainings: /days, and one of them with its seats. The ticket stands in the answer to the POST."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, url_for
from sqlalchemy.orm import Session

from clinic import clock, messaging, wording
from clinic.booking import message_words
from clinic.booking.showing import before_words, lead_words
from clinic.booking.views import Page, carried, sent
from clinic.booking.views_book import token_is_good
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue
from clinic.messaging import covers, window
from clinic.messaging.today import is_spent
from clinic.passes import passes
from clinic.privacy import codes, lately, limits, once, tokens
from clinic.safety.trainings import reading, seats, showing, telling
from clinic.safety.trainings.forms import LEADS, SeatForm
from clinic.safety.trainings.reading import NoTraining, TrainingView
from clinic.safety.trainings.seats import Begun, CalledOff, CodeUnknown, Full, Gone, PhoneNeeded, SeatView
from clinic.wording import gettext as _

blueprint = Blueprint("trainings", __name__)

PLAIN = ("act", "line", "code")  # fields that count when she wants no SMS


@blueprint.route("/days", methods=["GET", "POST"])
def days() -> Page:
    """What is to come, the nearest first."""
    form = SeatForm(sent())
    form.validate()
    s, now = db.session(), clock.now()
    cat = catalogue.current(s)
    found = [
        showing.card(cat, training, bool(reading.waiting(s, training.id)), now)
        for training in reading.ahead(s, now)
        if not showing.away(cat, training)
    ]
    cards = [card for card in found if card is not None]
    page = render_template("trainings/days.html", form=form, cards=cards, carry=carried(form))
    return page, 400 if form.code.errors else 200


@blueprint.route("/days/<int:number>", methods=["GET", "POST"])
@limits.limit(limits.BOOKINGS, "seat", looks=("show", "ticket"))
def day(number: int) -> Page:
    """One training; a seat of it, or a place in its line."""
    form = SeatForm(sent())
    form.validate()
    now = clock.now()
    cat = catalogue.current(db.session())
    training = _known(number)
    if training.location_id not in cat.locations or showing.away(cat, training):
        abort(404)
    if form.act.data == "ticket":
        shown = [page for page in _lately(training, now) if page[0].rid.hex() == lately.wanted()]
        return done_page(cat, *shown[0], now) if shown else day_page(cat, training, form, now)
    try:
        return _sent_before(training, cat, form, now) or _act(cat, training, form, now)
    except once.Reused:
        return day_page(cat, _known(number), form, now, "sent"), 409
    except Gone:
        return day_page(cat, _known(number), form, now, "over"), 409
    except Full:
        return day_page(cat, _known(number), form, now, "full"), 409
    except (Begun, CalledOff):
        return day_page(cat, _known(number), form, now, "closed"), 409
    except PhoneNeeded:
        form.phone.errors = [_("Type a mobile number, or take the seat without SMS.")]
    except CodeUnknown:
        limits.missed()
        form.code.errors = [_("There is no such code.")]
    return day_page(cat, training, form, now), 400


def _known(number: int) -> TrainingView:
    try:
        return reading.one(db.session(), number)
    except NoTraining:
        abort(404)


def _act(cat: Catalogue, training: TrainingView, form: SeatForm, now: datetime) -> Page:
    act = form.act.data or "show"
    if form.errors if act == "tell" else any(form[name].errors for name in PLAIN):
        return day_page(cat, training, form, now), 400
    if act == "show":
        return day_page(cat, training, form, now)
    if not token_is_good("seat", form, now):
        return day_page(cat, training, form, now, "expired"), 400
    if act == "tell" and form.phone.data is None and not form.code.data:
        raise PhoneNeeded
    return _take(cat, training, form, now)


def _asked(training: TrainingView, form: SeatForm) -> tuple[seats.Request, bool]:
    """What her form asks for, and whether it is a place in the line."""
    tell, waits = form.act.data == "tell", bool(form.line.data)
    return seats.Request(
        training=training.id,
        language=wording.language_now(),
        cover=(form.cover.data if tell else None) or "plain",
        phone=form.phone.data if tell else None,
        tell=tell and waits,
        lead=form.lead.data if tell else None,
        code=form.code.data,
    ), waits


def _sent_before(training: TrainingView, cat: Catalogue, form: SeatForm, now: datetime) -> Page | None:
    """The ticket that this very form has made before, for as long as the seat is hers. Raises Gone, once.Reused."""
    if form.act.data not in ("take", "tell"):
        return None
    s, asked = db.session(), _asked(training, form)
    answer = once.before(s, "seat", form.token.data or "", repr(asked).encode(), now)
    if answer is None:
        return None
    view = _standing(s, answer, asked[0].code, now)
    lately.remember("seat", str(training.id), answer, asked[0].code, now)
    return done_page(cat, view, answer["code"], now)


def _lately(training: TrainingView, now: datetime) -> list[tuple[SeatView, str]]:
    """The seats of a training that this browser has taken lately and that are hers, with the code where it was new."""
    found = []
    for deed in lately.of("seat", now, str(training.id)):
        with suppress(Gone):
            found.append((_standing(db.session(), deed.answer, deed.code, now), deed.answer["code"]))
    return found


def _standing(s: Session, answer: dict[str, Any], code: str | None, now: datetime) -> SeatView:
    """The seat of an answer that was given before. Raises Gone where it is given up."""
    try:
        mine = seats.of_pass(s, passes.find(s, answer["code"] or code or ""), now)
    except CodeUnknown as forgotten:
        raise Gone from forgotten
    view = next((one for one in mine if one.rid.hex() == answer["rid"]), None)
    if view is None:
        raise Gone
    return view


def _take(cat: Catalogue, training: TrainingView, form: SeatForm, now: datetime) -> Page:
    """Take it once, however often she taps; show the ticket."""
    wanted, waits = _asked(training, form)
    db.session.rollback()
    try:
        with writing() as s:
            fresh: list[seats.Taken] = []

            def make() -> dict[str, Any]:
                fresh.append((seats.wait if waits else seats.take)(s, wanted, now))
                return {"code": fresh[0].code or "", "rid": fresh[0].seat.rid.hex()}

            token, body = form.token.data or "", repr((wanted, waits)).encode()
            done = once.run(s, "seat", token, body, once.FORM_KEPT, now, make, lambda: fresh[0].seat.forget_on)
            view = _standing(s, done.answer, wanted.code, now)
    except once.Busy:
        return day_page(cat, training, form, now, "busy"), 409
    lately.remember("seat", str(training.id), done.answer, wanted.code, now)
    return done_page(cat, view, done.answer["code"], now)


@dataclass(frozen=True, slots=True)
class Messages:
    """What an SMS about this training would say, in each cover, and when it may come; `cover`, `lead`: chosen ones."""

    covers: tuple[tuple[str, str, str], ...]
    cover: str
    leads: tuple[tuple[int, str, str], ...]
    lead: int

    @property
    def text(self) -> str:
        """The text in the chosen cover."""
        return next(text for name, _word, text in self.covers if name == self.cover)


def messages(training: TrainingView, form: SeatForm, now: datetime) -> Messages | None:
    """The messages that would be of use; None where none would come before it begins."""
    language = wording.language_now()
    due = [(minutes, window.due(training.starts_at, minutes, now)) for minutes in LEADS]
    leads = tuple((minutes, before_words(minutes), lead_words(at, now)) for minutes, at in due if at is not None)
    if not leads:
        return None
    start = training.starts_at
    texts = tuple((name, covers.word(name, language), covers.text(name, language, start)) for name in covers.COVERS)
    return Messages(texts, form.cover.data or "plain", leads, form.lead.data or leads[-1][0])


def day_page(cat: Catalogue, training: TrainingView, form: SeatForm, now: datetime, trouble: str = "") -> str:
    """One training. `trouble`: "" | "full" | "closed" | "expired" | "sent" | "over" | "busy"."""
    s = db.session()
    loc = cat.locations[training.location_id]
    card = showing.card(cat, training, bool(reading.waiting(s, training.id)), now)
    assert card is not None  # its place is known: the caller has looked
    return render_template(
        "trainings/day.html",
        form=form,
        trouble=trouble,
        lines=[
            (
                _("You are in line") if view.waits else _("You have a seat"),
                url_for("trainings.day", number=training.id),
                view.rid.hex(),
            )
            for view, _code in (_lately(training, now) if not trouble else ())
        ],
        card=card,
        waits=card.seats == "full",
        opens=showing.opens_words(training, loc, now),
        hidden=showing.opens(training, loc) is not None,
        token=tokens.new("seat"),
        sms=messages(training, form, now) if messaging.enabled() else None,
        spent=is_spent(s, now),
        carry=carried(form),
        materials=showing.materials(s, training.page),
    )


def done_page(cat: Catalogue, view: SeatView, code: str, now: datetime) -> str:
    """The ticket, large, or her place in line; the code of a new pass."""
    loc = cat.locations[view.training.location_id]
    card = showing.card(cat, view.training, view.waits, now)
    assert card is not None
    return render_template(
        "trainings/done.html",
        seat=view,
        card=card,
        noun=view.noun_in(wording.language_now()),
        hidden=showing.opens(view.training, loc) is not None,
        opens=showing.opens_words(view.training, loc, now),
        sms=message_words.just_put(telling.about(view.rid), now),
        code=codes.shown(code) if code else "",
    )
