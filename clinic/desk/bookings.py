"""Booking at the desk: a day, a time, minutes or services; number and word are said at once."""

import re
import secrets
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField
from wtforms.validators import InputRequired, Length

from clinic import clock, messaging
from clinic.booking import by_desk, desk_times, forms, showing, tickets, typed
from clinic.booking.by_desk import Made, Wanted
from clinic.booking.forms import LEADS, MOST_SERVICES, Parsed, ParsedList
from clinic.booking.refusals import Gone, NotASlot, ReminderUseless, SlotTaken, StatusChanged
from clinic.db import db, writing
from clinic.desk import answers, bp, pages, times
from clinic.desk.forms import LARGEST_ID
from clinic.desk.pages import NOUN_SECONDS, Desk, Said
from clinic.desk.roster import WALK_IN_MINUTES
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo, ServiceInfo
from clinic.privacy import once
from clinic.safety.pages.shown import OWN_NAMES
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

USUAL_MINUTES, USUAL_LEAD = 20, 60
_number = partial(typed.number, low=0, high=LARGEST_ID)


def _minutes(value: str) -> int:
    minutes = typed.number(value, 1, 999)
    if minutes not in WALK_IN_MINUTES:
        raise typed.Unreadable(_l("Please choose one of the answers."))
    return minutes


class BookingForm(Form):
    """What the desk chooses; `start` is the cell of a time that was offered, `hour` one that was typed."""

    minutes = Parsed(_l("How long"), _minutes)
    service = ParsedList(_l("For what"), _number, MOST_SERVICES)
    into = Parsed(_l("Room"), _number)  # `room` in an address is a clinician's own
    start = Parsed(_l("Time"), _number)
    hour = Parsed(_l("Another time"), typed.hour)
    here = Parsed(_l("Is here already"), forms.flag)
    phone = Parsed(_l("Phone for one reminder"), forms.phone_number)
    language = Parsed(_l("Language of the SMS"), forms.one_of(("kk", "ru", "en")))
    lead = Parsed(_l("When to send it"), forms.lead_minutes)
    token = HiddenField(validators=[InputRequired(), Length(22, 64)])


@bp.get("/roster/<slug>/<day>/book")
@staff_only(*ROSTER_ROLES)
def book_at_desk(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Free times of the day in `?day=`, for so many minutes or these services, in one room or any."""
    return _page(pages.desk_of(person, location, day), BookingForm(request.args))


@bp.post("/roster/<slug>/<day>/book")
@staff_only(*ROSTER_ROLES)
def do_book_at_desk(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Book, once for each press; what was typed stays where something is wrong with it."""
    desk = pages.desk_of(person, location, day)
    form = BookingForm(request.form)
    if not form.validate():
        return _page(desk, form), 422
    start = _start(desk, form)
    if start is None:
        return _page(desk, form, _("Choose a time.")), 422
    wanted = _wanted(desk, form, start)
    body = repr(wanted).encode()
    db.session.rollback()

    def make() -> dict[str, Any]:
        return kept(by_desk.book(s, wanted, person.login, desk.now))

    try:
        with writing() as s:
            done = once.run(s, f"desk-book:{location.id}", str(form.token.data), body, once.DESK_KEPT, desk.now, make)
    except (SlotTaken, NotASlot):
        return _page(desk, form, _("This time is not free. Choose another.")), 409
    except ReminderUseless:
        form.phone.errors = [_("No SMS can come so long before this time. Choose another moment, or leave it out.")]
        return _page(desk, form), 422
    except (once.Busy, once.Reused):
        return _page(desk, form, _("That was done already. Look once more before you send it again.")), 409
    return made_page(desk, _("It is booked"), done.answer)


def kept(made: Made) -> dict[str, Any]:
    """A booking as the answer that a form sent twice gets again."""
    return {
        "ticket": made.row.ticket,
        "cell": clock.cell(made.row.start),
        "room": made.row.room_id,
        "noun": made.noun,
        "code": made.code,
        "told": made.reminded,
        "key": made.row.rid.hex(),
    }


def made_page(desk: Desk, heading: str, answer: dict[str, Any]) -> ResponseReturnValue:
    """Number and word of what was just booked, to be said and printed; the word leaves the screen by itself."""
    start = clock.moment(answer["cell"])
    room = next((r for r in desk.location.rooms if r.id == answer["room"]), None)
    page = render_template(
        "desk/booked.html",
        **pages.names(desk),
        heading=heading,
        answer=answer,
        start=start,
        start_day=clock.service_day(start),
        room_name="" if room is None else room.name[language_now()],
        noun=tickets.NOUNS[answer["noun"]],
    )
    response = make_response(page)
    response.headers["Refresh"] = f"{NOUN_SECONDS}; url={desk.url()}"
    return response


@bp.post("/roster/<slug>/<day>/visit/<int:ticket>/undo")
@staff_only(*ROSTER_ROLES)
def undo_booking(person: SignedIn, location: LocationInfo, day: str, ticket: int) -> ResponseReturnValue:
    """Take back what this desk has just booked; `key` is known to the page that said its word alone."""
    desk = pages.desk_of(person, location, day)
    key = request.form.get("key", "")
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        abort(422)
    db.session.rollback()
    try:
        with writing() as s:
            row = by_desk.take_back(s, location.id, bytes.fromhex(key), person.login, desk.now)
    except StatusChanged as changed:
        return pages.page(desk, None, Said(answers.changed_words(ticket, changed.current), bad=True)), 409
    except Gone:
        return pages.page(desk, None, Said(answers.changed_words(ticket, ""), bad=True)), 409
    return pages.page(desk, None, Said(_("%(ticket)s is taken back: nothing is booked.", ticket=row.ticket)))


@bp.get("/roster/<slug>/<day>/visit/<int:ticket>/undo")
@staff_only(*ROSTER_ROLES)
def after_undo(person: SignedIn, location: LocationInfo, day: str, ticket: int) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads lands on the roster."""
    return redirect(url_for("desk.show_roster", slug=location.slug, day=day), 303)


def services_of(location: LocationInfo) -> list[ServiceInfo]:
    """What the rooms of a place do, in the order of the catalogue."""
    known = catalogue.current(db.session()).services
    offered = {number for room in location.rooms for number in room.services}
    return sorted((known[number] for number in offered if number in known), key=lambda service: service.number)


def chosen_services(location: LocationInfo, numbers: tuple[int, ...] | None) -> frozenset[int]:
    """Ids of the services with these numbers, of those that the rooms of a place do."""
    return frozenset(service.id for service in services_of(location) if service.number in (numbers or ()))


def _wanted(desk: Desk, form: BookingForm, start: datetime) -> Wanted:
    here = bool(form.here.data) and clock.service_day(start) == desk.service_day
    phone = form.phone.data if messaging.enabled() and not here else None
    return Wanted(
        location_id=desk.location.id,
        services=chosen_services(desk.location, form.service.data),
        minutes=form.minutes.data or USUAL_MINUTES,
        start=start,
        room_id=form.into.data or None,
        language=form.language.data or language_now(),
        cover="plain",
        phone=phone,
        remind_minutes=(form.lead.data or USUAL_LEAD) if phone is not None else None,
        here=here,
    )


def _start(desk: Desk, form: BookingForm) -> datetime | None:
    """The time that was typed, on the day that is shown, or the one that was chosen."""
    if form.hour.data is not None:
        minute = form.hour.data.hour * 60 + form.hour.data.minute
        turns = clock.DAY_TURNS.hour * 60
        return clock.at(_day(desk) + timedelta(days=minute < turns), minute)
    return None if form.start.data is None else clock.moment(form.start.data)


def _day(desk: Desk) -> date:
    return times.day_asked(desk, desk.day)


def _page(desk: Desk, form: BookingForm, sentence: str = "") -> str:
    s = db.session()
    cat = catalogue.current(s)
    location, on = desk.location, _day(desk)
    chosen = chosen_services(location, form.service.data)
    visit_cells = by_desk.cells(cat, chosen, form.minutes.data or USUAL_MINUTES)
    pointed = clock.moment(form.start.data) if form.start.data is not None else None

    def free(day: date) -> tuple[Any, ...]:
        room_id = form.into.data or None
        return desk_times.free(
            s, cat, location, chosen, visit_cells, day, desk.now, room_id=room_id, also=pointed if day == on else None
        )

    slots = {day: free(day) for day in times.days_from(on)}
    return render_template(
        "desk/book.html",
        **pages.names(desk),
        form=form,
        sentence=sentence,
        on=on,
        minutes=visit_cells * clock.CELL_MINUTES,
        walk_in_minutes=WALK_IN_MINUTES,
        wanted_minutes=form.minutes.data or USUAL_MINUTES,
        services=services_of(location),
        chosen=chosen,
        rooms=[(room.id, room.name[language_now()]) for room in location.rooms],
        token=secrets.token_urlsafe(16),
        strip=times.strip(slots, on),
        groups=times.groups(slots[on]),
        left=len(slots[on]),
        jumps=times.jumps(desk, on),
        last=desk.service_day + timedelta(days=desk_times.MOST_DAYS),
        sms=messaging.enabled(),
        leads=[(minutes, showing.before_words(minutes)) for minutes in LEADS],
        usual_lead=USUAL_LEAD,
        languages=[(code, OWN_NAMES[code]) for code in ("kk", "ru", "en")],
    )
