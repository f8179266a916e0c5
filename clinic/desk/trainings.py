"""Trainings for their coordinators: planned, changed, cancelled, printed as numbers, counted."""

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from clinic import clock
from clinic.booking.forms import SPOKEN
from clinic.booking.showing import spoken_words
from clinic.db import db, writing
from clinic.desk import bp, sifting
from clinic.desk.training_forms import CameForm, ChangeForm, PlanForm, WordsForm
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.messaging import covers
from clinic.privacy import once
from clinic.safety.trainings import plans, reading, seats, showing
from clinic.safety.trainings.models import KINDS
from clinic.safety.trainings.plans import NotAhead, NotOver, OtherDay, Plan, SeatsTaken, Words
from clinic.safety.trainings.reading import NoTraining, TrainingView
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROLES = ("coordinator", "administrator")
FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Look:
    """What a new hour would send, before it does."""

    sms: str
    told: int
    untold: int
    hour: str


@bp.get("/trainings")
@staff_only(*ROLES)
def trainings(person: SignedIn) -> ResponseReturnValue:
    """The places for which this person plans trainings; with one place, its page."""
    s = db.session()
    places = memberships.places_of(s, person.staff_id, ROLES, catalogue.current(s).locations.values())
    if len(places) == 1:
        return redirect(url_for("desk.trainings_of", slug=places[0].slug), 303)
    return render_template("desk/trainings.html", person=person, places=sifting.places(places))


@bp.route("/trainings/<slug>", methods=["GET", "POST"])
@staff_only(*ROLES)
def trainings_of(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """What a place has planned, and the form for another one."""
    now = clock.now()
    if request.method == "GET":
        return _place_page(person, location, PlanForm(), now)
    form = PlanForm(request.form)
    form.validate()
    starts_at = _starts_at(form, now)
    if form.page.data is not None and showing.materials(db.session(), form.page.data) is None:
        form.page.errors = [_("There is no such page.")]
    if any(field.errors for field in form) or starts_at is None:
        return _place_page(person, location, form, now), 422
    wanted = Plan(
        kind=form.kind.data,
        name=form.text3("name"),
        about=form.text3("about"),
        for_whom=form.text3("for_whom"),
        languages=form.languages.data,
        starts_at=starts_at,
        minutes=form.minutes.data,
        place=form.place.data,
        way=form.way.data or "",
        page=form.page.data,
        seats=form.seats.data,
    )
    db.session.rollback()
    try:
        with writing() as s:

            def make() -> dict[str, object]:
                return {"number": plans.plan(s, location.id, wanted, person.login, now)}

            done = once.run(s, "training", form.token.data, repr(wanted).encode(), once.DESK_KEPT, now, make)
    except (once.Reused, once.Busy):
        form.name_ru.errors = [_("This form was sent before: look whether the training stands in the list.")]
        return _place_page(person, location, form, now), 409
    return redirect(url_for("desk.training", slug=location.slug, training_id=done.answer["number"]), 303)


@bp.route("/trainings/<slug>/<int:training_id>", methods=["GET", "POST"])
@staff_only(*ROLES)
def training(person: SignedIn, location: LocationInfo, training_id: int) -> ResponseReturnValue:
    """One training: its seats as numbers, another number of them, other words or another hour, cancelling, who came."""
    found, now = _theirs(location, training_id), clock.now()
    change = _change_form(found)
    if request.method == "GET":
        return _page(person, location, found, change, CameForm(), now)
    act = request.form.get("act", "")
    if act == "change":
        return _change(person, location, found, now)
    if act == "words":
        return _reword(person, location, found, now)
    if act == "came":
        return _came(person, location, found, change, now)
    if act != "cancel":
        abort(422)
    db.session.rollback()
    try:
        with writing() as s:
            told, untold = plans.cancel(s, training_id, person.login, now)
    except NotAhead:
        words = _("It has begun, or was cancelled before. Nothing was changed.")
        return _page(person, location, _theirs(location, training_id), change, CameForm(), now, words), 409
    words = _("Cancelled. Told by SMS: %(told)s. Only under the code: %(untold)s.", told=told, untold=untold)
    return _page(person, location, _theirs(location, training_id), change, CameForm(), now, words)


@bp.get("/trainings/<slug>/<int:training_id>/list")
@staff_only(*ROLES)
def training_list(person: SignedIn, location: LocationInfo, training_id: int) -> ResponseReturnValue:
    """For the door, to print: numbers only."""
    found = _theirs(location, training_id)
    card = showing.card(catalogue.current(db.session()), found, False, clock.now())
    tickets = reading.tickets(db.session(), training_id)
    return render_template("desk/training_list.html", person=person, location=location, card=card, tickets=tickets)


def _change(person: SignedIn, location: LocationInfo, found: TrainingView, now: datetime) -> ResponseReturnValue:
    form = ChangeForm(request.form)
    if not form.validate():
        return _page(person, location, found, form, CameForm(), now), 422
    db.session.rollback()
    try:
        with writing() as s:
            changed = plans.change(s, found.id, form.seats.data, form.way.data or "", person.login, now)
    except SeatsTaken as refusal:
        words = ngettext(
            "%(num)s seat is taken: there cannot be fewer.", "%(num)s seats are taken: there cannot be fewer.",
            refusal.taken,
        )  # fmt: skip
        form.seats.errors = [words]
        return _page(person, location, _theirs(location, found.id), form, CameForm(), now), 409
    except NotAhead:
        words = _("It has begun, or was cancelled before. Nothing was changed.")
        return _page(person, location, _theirs(location, found.id), form, CameForm(), now, words), 409
    return _page(person, location, changed, form, CameForm(), now, _("Changed."))


def _reword(person: SignedIn, location: LocationInfo, found: TrainingView, now: datetime) -> ResponseReturnValue:
    form = WordsForm(request.form)
    form.validate()
    if form.page.data is not None and showing.materials(db.session(), form.page.data) is None:
        form.page.errors = [_("There is no such page.")]
    starts_at = None if form.hour.data is None else _on_its_day(found, form.hour.data)
    if starts_at is not None and starts_at <= now:
        form.hour.errors = [_("This is in the past.")]
    if starts_at is None or any(field.errors for field in form):
        return _page(person, location, found, _change_form(found), CameForm(), now, words=form), 422
    if starts_at != found.starts_at and form.sure.data != form.hour.raw:
        told, untold = seats.would_tell(db.session(), found, starts_at, now)
        look = Look(covers.moved(language_now(), starts_at), told, untold, form.hour.raw)
        return _page(person, location, found, _change_form(found), CameForm(), now, words=form, look=look)
    wanted = Words(
        name=form.text3("name"),
        about=form.text3("about"),
        for_whom=form.text3("for_whom"),
        languages=form.languages.data,
        starts_at=starts_at,
        minutes=form.minutes.data,
        page=form.page.data,
    )
    db.session.rollback()
    try:
        with writing() as s:
            told, untold = plans.reword(s, found.id, wanted, person.login, now)
    except (NotAhead, OtherDay):
        said = _("It has begun, or was cancelled before. Nothing was changed.")
        return _page(person, location, _theirs(location, found.id), _change_form(found), CameForm(), now, said), 409
    said = _("Changed.")
    if told or untold:
        said = _("Changed. Told by SMS: %(told)s. Only under the code: %(untold)s.", told=told, untold=untold)
    changed = _theirs(location, found.id)
    return _page(person, location, changed, _change_form(changed), CameForm(), now, said)


def _on_its_day(found: TrainingView, hour: time) -> datetime:
    return clock.at(clock.local(found.starts_at).date(), hour.hour * 60 + hour.minute)


def _came(
    person: SignedIn, location: LocationInfo, found: TrainingView, change: ChangeForm, now: datetime
) -> ResponseReturnValue:
    form = CameForm(request.form)
    if not form.validate():
        return _page(person, location, found, change, form, now), 422
    db.session.rollback()
    try:
        with writing() as s:
            counted = plans.came(s, found.id, form.came.data, person.login, now)
    except NotOver:
        words = _("It has not begun yet, or does not take place.")
        return _page(person, location, _theirs(location, found.id), change, form, now, words), 409
    return _page(person, location, counted, change, CameForm(), now, _("Written down."))


def _change_form(found: TrainingView) -> ChangeForm:
    change = ChangeForm(data={"seats": found.seats, "way": found.way})
    change.seats.raw, change.way.raw = str(found.seats), found.way
    return change


def _theirs(location: LocationInfo, number: int) -> TrainingView:
    """A training of this place; every other does not exist."""
    try:
        found = reading.one(db.session(), number)
    except NoTraining:
        abort(404)
    if found.location_id != location.id:
        abort(404)
    return found


def _starts_at(form: PlanForm, now: datetime) -> datetime | None:
    """The moment of day and hour; None, and an error of the field, where it is not ahead."""
    if form.day.data is None or form.hour.data is None:
        return None
    found = clock.at(form.day.data, form.hour.data.hour * 60 + form.hour.data.minute)
    if not now < found < now + FARTHEST:
        form.day.errors = [_("This is in the past.") if found <= now else _("This is more than a year ahead.")]
        return None
    return found


def _place_page(person: SignedIn, location: LocationInfo, form: PlanForm, now: datetime) -> str:
    s = db.session()
    cat = catalogue.current(s)
    found = reading.of_location(s, location.id)
    return render_template(
        "desk/trainings_of.html",
        person=person,
        location=location,
        form=form,
        cards=[showing.card(cat, one, bool(reading.waiting(s, one.id)), now) for one in found],
        kinds=[(kind, showing.KIND_WORDS[kind]) for kind in KINDS],
        spoken=[(code, spoken_words(code)) for code in SPOKEN],
        token=secrets.token_urlsafe(16),
        refused=any(field.errors for field in form),
    )


def _page(
    person: SignedIn,
    location: LocationInfo,
    found: TrainingView,
    change: ChangeForm,
    came: CameForm,
    now: datetime,
    said: str = "",
    words: WordsForm | None = None,
    look: Look | None = None,
) -> str:
    s = db.session()
    if words is None:
        words = WordsForm()
        words.fill(found)
    waiting = reading.waiting(s, found.id)
    return render_template(
        "desk/training.html",
        person=person,
        location=location,
        training=found,
        card=showing.card(catalogue.current(s), found, bool(waiting), now),
        waiting=waiting,
        change=change,
        came=came,
        words=words,
        look=look,
        spoken=[(code, spoken_words(code)) for code in SPOKEN],
        said=said,
    )
