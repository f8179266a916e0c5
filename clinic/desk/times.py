"""Days and times from which the desk chooses: for a booking, a move, the next appointment."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask import request
from flask_babel import gettext as _

from clinic import clock, wording
from clinic.booking import desk_times
from clinic.booking.availability import Slot
from clinic.booking.typed import Unreadable
from clinic.booking.typed import day as typed_day
from clinic.desk.pages import Desk
from clinic.wording import ngettext

STRIP_DAYS = 7
WEEKS_AHEAD = (1, 4, 12)

Times = tuple[Slot, ...]


def day_asked(desk: Desk, usual: date) -> date:
    """The first of the days whose times are shown: the one in `?day=`, if the desk looks so far."""
    first, last = desk.service_day, desk.service_day + timedelta(days=desk_times.MOST_DAYS)
    try:
        asked = typed_day(request.values.get("day", ""))
    except Unreadable:
        asked = usual
    return min(max(asked, first), last)


def days_from(on: date) -> list[date]:
    """The days beside each other on a page."""
    return [on + timedelta(days=n) for n in range(STRIP_DAYS)]


def strip(slots: Mapping[date, Times], on: date) -> list[tuple[str, str, str, str, str]]:
    """Days as buttons: value, weekday, date, full name, why it can't be chosen."""
    return [_strip_day(day, on, slots[day]) for day in slots]


def _strip_day(day: date, first: date, free: Times) -> tuple[str, str, str, str, str]:
    count = ngettext("%(num)s free time", "%(num)s free times", len(free))
    return (
        day.isoformat(),
        wording.weekday_short(day),
        wording.short_day(day),
        f"{wording.long_day(day)}, {count}",
        "" if free or day == first else _("full"),
    )


def groups(free: Times) -> list[tuple[str, list[tuple[int, str, str]]]]:
    """Free times as keys, a group for each part of the day."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for slot in free:
        words = wording.time_words(slot.start)
        found.setdefault(_part(slot.start), []).append((clock.cell(slot.start), words, words))
    return list(found.items())


def _part(moment: datetime) -> str:
    hour = clock.local(moment).hour
    if hour < clock.DAY_TURNS.hour:
        return str(_("At night"))
    if hour < 12:
        return str(_("In the morning"))
    return str(_("In the afternoon") if hour < 18 else _("In the evening"))


def jumps(desk: Desk, on: date) -> list[tuple[str, str, bool]]:
    """Days that are asked for at a desk: in a week, in four, in twelve."""
    return [
        (day.isoformat(), ngettext("In %(num)s week", "In %(num)s weeks", weeks), day == on)
        for weeks in WEEKS_AHEAD
        for day in [desk.service_day + timedelta(weeks=weeks)]
    ]
