"""Working hours of a place and of its rooms: a week grid or the line itself, what it means for the next seven days,
whom the change leaves without a time, and then all of it in one step."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic import audit, clock, wording
from clinic.booking import rearranging, reshape
from clinic.booking.reshape import MoreTouched, Touched
from clinic.db import db, writing
from clinic.desk import bp, closures, hours_form, rearranged, sifting
from clinic.desk.hours_form import DayRow, Hours, Mistaken
from clinic.directory import catalogue, holidays, hours, hours_week
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.hours_text import LONGEST
from clinic.directory.models import Location, Room
from clinic.privacy import once
from clinic.staff import guard, memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

HOURS_ROLES = ("coordinator", "administrator")
SHOWN_DAYS = 7


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose hours: a place, or one of its rooms."""

    location: LocationInfo
    room: RoomInfo | None

    @property
    def now(self) -> Hours:
        """The hours as they are stored."""
        if self.room is None:
            return Hours(self.location.hours, self.location.hours_ph)
        return Hours(self.room.hours, self.room.hours_ph)

    def effective(self, found: Hours) -> tuple[str, str]:
        """Both expressions as they hold."""
        week = self.location.hours if found.week is None else found.week
        return week, self.location.hours_ph if found.on_holidays is None else found.on_holidays

    def url(self) -> str:
        """The address of its page."""
        room = None if self.room is None else self.room.id
        address: str = url_for("desk.hours_of", slug=self.location.slug, room=room)
        return address


@bp.get("/hours")
@staff_only(*closures.CLOSE_ROLES)
def hours_list(person: SignedIn) -> ResponseReturnValue:
    """The places whose hours or closures are this person's."""
    s = db.session()
    all_places = guard.within_reach(person, catalogue.current(s).locations.values())
    places = memberships.places_of(s, person.staff_id, closures.CLOSE_ROLES, all_places)
    own = {place.id for place in memberships.places_of(s, person.staff_id, HOURS_ROLES, all_places)}
    return render_template("desk/hours_list.html", person=person, places=sifting.places(places), own=own)


@bp.get("/hours/<slug>")
@staff_only(*HOURS_ROLES)
def hours_of(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The grid of a place or room; the line itself where a grid can't show it."""
    subject = _subject(location)
    week, on_holidays = subject.effective(subject.now)
    return _page(person, subject, hours_form.grid(week), week, on_holidays)


@bp.post("/hours/<slug>")
@staff_only(*HOURS_ROLES)
def do_hours(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Copy a day, look at what was typed, or save it."""
    subject, now, act = _subject(location), clock.now(), request.form.get("act", "look")
    if act == "copy":
        rows = hours_form.typed_rows()
        monday = rows[0].pairs
        rows = [row if n > 4 else DayRow(row.key, row.name, monday) for n, row in enumerate(rows)]
        line = request.form.get("line", "").replace("\x00", "")[:LONGEST]
        return _page(person, subject, rows, line, hours_form.sent("on_holidays"))
    if act == "same" and subject.room is not None:
        wanted = Hours(None, None)
    elif act in ("look", "line", "save"):
        read = hours_form.read(act)
        if isinstance(read, Mistaken):
            return _page(person, subject, read.rows, read.line, hours_form.sent("on_holidays"), read), 422
        wanted = read
    else:
        abort(422)
    if act == "save":
        same = subject.room is not None and request.form.get("same") == "1"
        return _save(person, subject, Hours(None, None) if same else wanted, now)
    return _preview(person, subject, wanted, _foreseen(subject, wanted, now), {}, now)


def _subject(location: LocationInfo) -> Subject:
    """The place, or the room that the address names; 404 for a room of another place."""
    number = request.args.get("room")
    if number is None:
        return Subject(location, None)
    room = next((room for room in location.rooms if str(room.id) == number), None)
    if room is None:
        abort(404)
    return Subject(location, room)


def _write(s: Session, subject: Subject, wanted: Hours) -> None:
    if subject.room is None:
        values = {"hours": wanted.week or "", "hours_ph": wanted.on_holidays or "off"}
        s.execute(update(Location).where(Location.id == subject.location.id).values(values))
    else:
        values_of_room = {"hours": wanted.week, "hours_ph": wanted.on_holidays}
        s.execute(update(Room).where(Room.id == subject.room.id).values(values_of_room))


def _foreseen(subject: Subject, wanted: Hours, now: datetime) -> tuple[Touched, ...]:
    """Write it, look whom it strands, and roll it back."""
    db.session.rollback()
    with writing() as s:
        touched = reshape.foresee(s, subject.location, lambda s: _write(s, subject, wanted), now)
        s.rollback()
    return touched


def _save(person: SignedIn, subject: Subject, wanted: Hours, now: datetime) -> ResponseReturnValue:
    chosen = rearranged.answers(request.form)
    token = request.form.get("token", "")
    if not 22 <= len(token) <= 64:
        abort(422)
    db.session.rollback()

    def save() -> dict[str, Any]:
        answers = rearranging.rids_of(s, subject.location.id, chosen) if chosen else {}
        done = reshape.change(s, subject.location, lambda s: _write(s, subject, wanted), answers, now)
        thing = "place" if subject.room is None else f"room:{subject.room.id}"
        audit.record(s, now, person.login, "hours.change", thing, subject.location.id)
        return rearranged.kept(done)

    body = f"{subject.room and subject.room.id}:{wanted}:{sorted(chosen.items())}".encode()
    try:
        with writing() as s:
            done = once.run(s, f"hours:{subject.location.id}", token, body, once.DESK_KEPT, now, save)
    except MoreTouched as more:
        sentence = rearranged.again_words()
        return _preview(person, subject, wanted, more.touched, chosen, now, sentence), 409
    except (once.Busy, once.Reused):
        return redirect(subject.url(), 303)
    return render_template(
        "desk/rearranged.html",
        person=person,
        location=subject.location,
        heading=_("Saved"),
        words=_name(subject),
        deeds=rearranged.deeds(done.answer, now),
        back=subject.url(),
    )


def _name(subject: Subject) -> str:
    language = language_now()
    place = subject.location.name[language]
    return place if subject.room is None else f"{place}, {subject.room.name[language]}"


def _page(
    person: SignedIn,
    subject: Subject,
    rows: Sequence[DayRow] | None,
    line: str,
    on_holidays: str,
    mistaken: Mistaken | None = None,
) -> str:
    return render_template(
        "desk/hours.html",
        person=person,
        location=subject.location,
        subject=subject,
        name=_name(subject),
        rows=rows,
        line=line,
        on_holidays="" if on_holidays == "off" else on_holidays,
        mistaken=mistaken,
        wrong_days=[row for row in rows or () if row.wrong],
        own=subject.room is not None and subject.room.hours is not None,
    )


def _preview(
    person: SignedIn,
    subject: Subject,
    wanted: Hours,
    touched: tuple[Touched, ...],
    chosen: rearranged.Answers,
    now: datetime,
    sentence: str = "",
) -> str:
    cat = catalogue.current(db.session())
    week, on_holidays = subject.effective(wanted)
    return render_template(
        "desk/hours_look.html",
        person=person,
        location=subject.location,
        subject=subject,
        name=_name(subject),
        wanted=wanted,
        line=week,
        days=_meaning(cat, week, on_holidays, clock.local(now).date()),
        choices=rearranged.choices(touched, chosen, now),
        sentence=sentence,
        token=secrets.token_urlsafe(16),
    )


def _meaning(cat: Catalogue, week: str, on_holidays: str, today: date) -> list[dict[str, str]]:
    """What the expressions mean on the next days, in words."""
    named = {
        today + timedelta(days=n): holidays.holiday_name(cat, today + timedelta(days=n)) for n in range(SHOWN_DAYS)
    }
    found = hours.meaning(week, on_holidays, today, SHOWN_DAYS, is_holiday=lambda day: named[day] is not None)
    language = language_now()
    rows = []
    for day, spans in found:
        holiday = named[day]
        rows.append(
            {
                "day": wording.day_words(day, today),
                "hours": hours_week.span_words(spans) or _("closed"),
                "holiday": holiday[language] if holiday is not None else "",
            }
        )
    return rows
