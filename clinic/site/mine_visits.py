"""Visits under her code: what stands on /mine of each, and its calendar file."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response
from sqlalchemy.orm import Session

from clinic import clock, messaging, wording
from clinic.booking import appointments, by_phone, calendar, lateness, message_words, showing, telling
from clinic.booking.appointments import AppointmentView
from clinic.booking.forms import LATER
from clinic.messaging import covers, outbox
from clinic.messaging.outbox import MessageView
from clinic.passes.passes import OpenPass
from clinic.site import mine_instead
from clinic.site.mine_instead import Instead
from clinic.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as the page shows it."""

    id: str
    view: AppointmentView
    noun: str
    when: str
    ahead: bool  # it may still be moved or cancelled here
    late_until: str  # until when they wait, once it may only be moved within the evening
    away: bool  # its place is stopped, until somebody there opens it again
    address: str
    calls: bool  # she calls and does not come
    number: str  # whom to call, while it is time
    phones: tuple[tuple[str, str], ...]  # of the place, on the day of the visit: (number to dial, as written)
    opens: str  # when the address, or that number, opens; "" when it is open
    sms: str
    says_late: tuple[tuple[int, str], ...]  # by how much later she may say that she comes: minutes, until when
    said_late: str  # what she has said of it
    late: str  # by how much the room runs late, while she is still expected
    instead: tuple[Instead, ...]
    rings: str  # when the calendar entry would ring; "" when not at all
    ask: bool  # how it was


def cards(s: Session, views: Iterable[AppointmentView], asked: Collection[bytes], now: datetime) -> list[Visit]:
    """Her visits in words; `asked` are those about which she may say how it was."""
    views = tuple(views)
    messages = outbox.of_all(s, [telling.about(view.rid) for view in views]) if messaging.enabled() else {}
    return [_card(s, view, messages.get(telling.about(view.rid), ()), view.rid in asked, now) for view in views]


def calendar_file(code: str, view: AppointmentView, pass_: OpenPass, rings: bool, now: datetime) -> Response:
    """The calendar file of a visit; `rings`: with an alarm, where one still lies ahead."""
    content = calendar.event(code, view, covers.word(pass_.cover, pass_.language), now, rings)
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return response


def _card(s: Session, view: AppointmentView, messages: Iterable[MessageView], ask: bool, now: datetime) -> Visit:
    loc, language = view.location, wording.language_now()
    live = view.status in ("booked", "here", "in_room")
    calls = by_phone.is_call(view.services)
    hidden = calls or loc.visibility == "district"
    opens = by_phone.opens(view.start) if calls else view.start - timedelta(minutes=loc.reveal_minutes)
    away = live and loc.stopped_at is not None
    expected = view.status == "booked" and not away
    ahead = view.status == "booked" and appointments.in_time(loc, view.start, now)
    grace = appointments.waited_until(loc, view.start)
    tonight = clock.service_day(view.start) == clock.service_day(now)
    alarm = calendar.alarm_at(view.start, now)
    return Visit(
        id=view.rid.hex(),
        view=view,
        noun=view.noun_in(language),
        when=showing.day_and_time(view.start, now),
        ahead=ahead,
        late_until=wording.until(grace) if expected and not ahead and now <= grace else "",
        away=away,
        address=showing.street(loc, language)
        if live and not calls and not away and (not hidden or now >= opens)
        else "",
        calls=calls,
        number="" if away else by_phone.number(view, now),
        phones=tuple((showing.dial(one), one) for one in showing.phones(loc.phone))
        if expected and tonight and not calls
        else (),
        opens=wording.at(opens) if hidden and live and not away and now < opens else "",
        sms=message_words.sms_words(messages, now),
        says_late=_later(view) if expected and not calls and appointments.may_say_late(loc, view.start, now) else (),
        said_late=late_words(view) if expected and view.comes_late and now <= grace else "",
        late=_late(s, view, now),
        instead=mine_instead.instead(s, view, now),
        rings=showing.lead_words(alarm, now) if alarm else "",
        ask=ask,
    )


def late_words(view: AppointmentView) -> str:
    """What the desk sees of her coming later, and until when it waits all the same."""
    grace = wording.until(appointments.waited_until(view.location, view.start))
    if not view.comes_late:
        return _("The desk no longer sees that you come later.")
    return _(
        "The desk sees: you come at %(time)s. They wait %(until)s; whether they can take you after that, they decide.",
        time=wording.time_words(view.start + timedelta(minutes=view.comes_late)),
        until=grace,
    )


def _later(view: AppointmentView) -> tuple[tuple[int, str], ...]:
    """Minutes, and the hour in words."""
    return tuple((n, wording.time_words(view.start + timedelta(minutes=n))) for n in LATER)


def _late(s: Session, view: AppointmentView, now: datetime) -> str:
    day = clock.service_day(view.start)
    if view.room is None or view.status not in ("booked", "here") or day != clock.service_day(now):
        return ""
    minutes = lateness.of_room(s, view.room.id, day)
    return _("It runs late today, by about %(minutes)s min.", minutes=minutes) if minutes else ""
