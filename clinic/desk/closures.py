"""Closures of a place or one of its rooms: one form, who is touched, and then each visit moved or taken off at once."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Form, HiddenField
from wtforms.validators import InputRequired, Length

from clinic import audit, clock
from clinic.booking import rearranging, reshape, showing, typed
from clinic.booking.forms import Parsed
from clinic.booking.refusals import Gone
from clinic.booking.reshape import MoreTouched, Shut, Touched
from clinic.db import Text3, db, writing
from clinic.desk import bp, labels, rearranged
from clinic.desk.place_forms import needed
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.directory.models import Closure
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

CLOSE_ROLES = ("receptionist", "clinician", "coordinator", "administrator")
LONGEST = timedelta(days=370)
WHOLE = "0"  # the room that stands for the whole place


def _reason(value: str) -> str:
    return typed.without_numbers(value, 120)


class ClosureForm(Form):
    """What is shut, and when; without hours it is whole service days."""

    room = Parsed(_l("What is closed"), partial(labels.quantity, 0, 2**31 - 1), validators=[needed])
    day = Parsed(_l("From which day"), labels.expiry, most=20, validators=[needed])
    hour = Parsed(_l("From what time"), typed.hour, most=20)
    last_day = Parsed(_l("Until (the last day)"), labels.expiry, most=20)
    last_hour = Parsed(_l("Until what time"), typed.hour, most=20)
    reason = Parsed(_l("Reason, for the staff only"), _reason, most=120)
    token = HiddenField(validators=[InputRequired(), Length(22, 64)])


@dataclass(frozen=True, slots=True)
class Row:
    """A closure in the list."""

    id: int
    room: str
    since: str
    until: str
    reason: str


@bp.get("/closures/<slug>")
@staff_only(*CLOSE_ROLES)
def closures(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The closures ahead, the form for another one, and whom nobody has told yet."""
    return _page(person, location, ClosureForm())


@bp.post("/closures/<slug>")
@staff_only(*CLOSE_ROLES)
def do_closures(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Look at a closure, carry it out, or take one back."""
    now, act = clock.now(), request.form.get("act", "look")
    if act == "reopen":
        return _reopen(person, location, now)
    if act in ("outside", "settle"):
        return _settle(person, location, act, now)
    form = ClosureForm(request.form)
    shut = _shut(location, form, now) if form.validate() else None
    if shut is None:
        return _page(person, location, form), 422
    cat = catalogue.current(db.session())
    if act != "close":
        touched = reshape.preview(db.session(), cat, shut, now)
        return _preview(person, location, form, shut, touched, {}, now)
    chosen = rearranged.answers(request.form)
    db.session.rollback()

    def close() -> dict[str, Any]:
        answers = rearranging.rids_of(s, location.id, chosen) if chosen else {}
        return rearranged.kept(reshape.close(s, cat, shut, answers, person.login, now))

    try:
        with writing() as s:
            body = f"{shut.room_id}:{shut.starts_at}:{shut.ends_at}:{sorted(chosen.items())}".encode()
            done = once.run(s, f"closure:{location.id}", str(form.token.data), body, once.DESK_KEPT, now, close)
    except MoreTouched as more:
        sentence = rearranged.again_words() if chosen or more.touched else ""
        return _preview(person, location, form, shut, more.touched, chosen, now, sentence), 409
    except (once.Busy, once.Reused):
        return redirect(url_for("desk.closures", slug=location.slug), 303)
    return render_template(
        "desk/rearranged.html",
        person=person,
        location=location,
        heading=_("Closed"),
        words=_words(shut, location, now),
        deeds=rearranged.deeds(done.answer, now),
        back=url_for("desk.closures", slug=location.slug),
    )


def _reopen(person: SignedIn, location: LocationInfo, now: datetime) -> ResponseReturnValue:
    number = request.form.get("closure", "")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        abort(422)
    cat = catalogue.current(db.session())
    db.session.rollback()
    try:
        with writing() as s:
            reshape.reopen(s, cat, location.id, int(number), person.login, now)
    except Gone:
        pass  # another desk was faster: it is open
    return redirect(url_for("desk.closures", slug=location.slug), 303)


def _settle(person: SignedIn, location: LocationInfo, act: str, now: datetime) -> ResponseReturnValue:
    """Move or take off the visits that lie outside the hours as they are: after a decree, or an import."""
    chosen, token = rearranged.answers(request.form), request.form.get("token", "")
    db.session.rollback()
    if act == "outside":
        with writing() as s:
            touched = reshape.foresee(s, location, _as_it_is, now)
            s.rollback()
        return _outside_page(person, location, touched, {}, now)
    if not 22 <= len(token) <= 64:
        abort(422)

    def settle() -> dict[str, Any]:
        answers = rearranging.rids_of(s, location.id, chosen) if chosen else {}
        done = reshape.change(s, location, _as_it_is, answers, now)
        audit.record(s, now, person.login, "visits.rearrange", "", location.id)
        return rearranged.kept(done)

    try:
        with writing() as s:
            body = repr(sorted(chosen.items())).encode()
            done = once.run(s, f"outside:{location.id}", token, body, once.DESK_KEPT, now, settle)
    except MoreTouched as more:
        sentence = rearranged.again_words()
        return _outside_page(person, location, more.touched, chosen, now, sentence), 409
    except (once.Busy, once.Reused):
        return redirect(url_for("desk.closures", slug=location.slug), 303)
    return render_template(
        "desk/rearranged.html",
        person=person,
        location=location,
        heading=_("Saved"),
        words="",
        deeds=rearranged.deeds(done.answer, now),
        back=url_for("desk.closures", slug=location.slug),
    )


def _as_it_is(_s: Session) -> None:
    """No change: the hours are what they are."""


def _outside_page(
    person: SignedIn,
    location: LocationInfo,
    touched: tuple[Touched, ...],
    chosen: rearranged.Answers,
    now: datetime,
    sentence: str = "",
) -> str:
    return render_template(
        "desk/outside_look.html",
        person=person,
        location=location,
        choices=rearranged.choices(touched, chosen, now),
        sentence=sentence,
        token=secrets.token_urlsafe(16),
    )


def _shut(location: LocationInfo, form: ClosureForm, now: datetime) -> Shut | None:
    """The closure of a form; None, with the sentence at its field, when it can't be."""
    room_id = form.room.data or None
    if room_id is not None and room_id not in {room.id for room in location.rooms}:
        form.room.errors = [_("Please choose one of the answers.")]
        return None
    first: date = form.day.data
    last: date = form.last_day.data or first
    starts_at = _at(first, form.hour.data) if form.hour.data else clock.service_day_start(first)
    if form.last_hour.data:
        ends_at = _at(last, form.last_hour.data)
        if ends_at <= starts_at and form.last_day.data is None:
            ends_at += timedelta(days=1)  # from 20:00 until 02:00
    else:
        ends_at = clock.service_day_start(last + timedelta(days=1))
    if ends_at <= starts_at:
        form.last_day.errors = [_("This is before the beginning.")]
    elif ends_at <= now:
        form.last_day.errors = [_("This has passed already.")]
    elif ends_at - starts_at > LONGEST:
        form.last_day.errors = [_("A closure lasts a year at most. A room that is given up is retired instead.")]
    else:
        reason: str = form.reason.data or ""
        return Shut(location.id, room_id, starts_at, ends_at, Text3(reason, reason, reason))
    return None


def _at(day: date, hour: time) -> datetime:
    return clock.at(day, hour.hour * 60 + hour.minute)


def _words(shut: Shut, location: LocationInfo, now: datetime) -> str:
    return str(
        _(
            "%(what)s: from %(since)s until %(until)s",
            what=_room_words(location, shut.room_id),
            since=showing.day_and_time(shut.starts_at, now),
            until=showing.day_and_time(shut.ends_at, now),
        )
    )


def _room_words(location: LocationInfo, room_id: int | None) -> str:
    if room_id is None:
        return str(_("The whole place"))
    return next((room.name[language_now()] for room in location.rooms if room.id == room_id), "")


def _rows(s: Session, location: LocationInfo, now: datetime) -> list[Row]:
    found = s.scalars(
        select(Closure).where(Closure.location_id == location.id, Closure.ends_at > now).order_by(Closure.starts_at)
    )
    return [
        Row(
            row.id,
            _room_words(location, row.room_id),
            showing.day_and_time(row.starts_at, now),
            showing.day_and_time(row.ends_at, now),
            row.reason[language_now()],
        )
        for row in found
    ]


def _page(person: SignedIn, location: LocationInfo, form: ClosureForm) -> str:
    s, now = db.session(), clock.now()
    language = language_now()
    return render_template(
        "desk/closures.html",
        person=person,
        location=location,
        form=form,
        token=secrets.token_urlsafe(16),
        today=clock.service_day(now),
        rooms=[(WHOLE, _("The whole place")), *((str(room.id), room.name[language]) for room in location.rooms)],
        rows=_rows(s, location, now),
        outside=len(reshape.stranded(s, catalogue.current(s), location, now)),
        untold=[(row, showing.day_and_time(row.start, now)) for row in rearranging.untold(s, location.id, now)],
    )


def _preview(
    person: SignedIn,
    location: LocationInfo,
    form: ClosureForm,
    shut: Shut,
    touched: tuple[Touched, ...],
    chosen: rearranged.Answers,
    now: datetime,
    sentence: str = "",
) -> str:
    return render_template(
        "desk/closure_look.html",
        person=person,
        location=location,
        form=form,
        words=_words(shut, location, now),
        choices=rearranged.choices(touched, chosen, now),
        sentence=sentence,
        token=secrets.token_urlsafe(16),
    )
