"""When a message may go out: inside the operator's hours, of use, and never after the visit began."""

from datetime import date, datetime, timedelta

from clinic.clock import at, local
from clinic.config import DAY_MINUTES, settings

LAST_MINUTES = 15  # a reminder is planned so long before the hours end, so that the network has time
USEFUL_MINUTES = 15  # later than this before the visit she is on her way
DAY = timedelta(days=1)


def opens(day: date) -> datetime:
    """The moment from which messages may go out on `day`."""
    return at(day, settings().sms_from)


def closes(day: date) -> datetime:
    """The moment from which no message may go out any more on `day`; of hours without a night, a day later."""
    found = settings()
    never = found.sms_until - found.sms_from == DAY_MINUTES
    return at(day, found.sms_until) + (DAY if never else timedelta())


def is_open(now: datetime) -> bool:
    """Whether a message may go out at this moment."""
    today = local(now).date()
    return opens(today) <= now < closes(today)


def next_opening(now: datetime) -> datetime:
    """When messages may go out again: `now` while they may."""
    today = local(now).date()
    if now < opens(today):
        return opens(today)
    return now if now < closes(today) else opens(today + DAY)


def news_at(before: datetime, now: datetime) -> datetime | None:
    """When news that is put at `now` goes out; None when that is not before the moment it is about.

    Whoever shows beforehand whom a message will tell asks this too, so that both say the same.
    """
    moment = next_opening(now)
    return moment if moment < before else None


def due(start: datetime, remind_minutes: int, now: datetime) -> datetime | None:
    """When the reminder of a visit at `start` goes out; None when it would be of no use.

    The wished moment, when it lies inside the hours; else the nearest moment inside them that is
    neither past nor too close to the visit. A wished moment that has passed is of no use.
    """
    wished = start - timedelta(minutes=remind_minutes)
    if wished < now:
        return None
    today = local(wished).date()
    if opens(today) <= wished <= _last(today):
        return wished
    earlier = _last(today) if wished > _last(today) else _last(today - DAY)
    later = opens(today) if wished < opens(today) else opens(today + DAY)
    fitting = [moment for moment in (earlier, later) if now <= moment <= start - timedelta(minutes=USEFUL_MINUTES)]
    return min(fitting, key=lambda moment: abs(moment - wished), default=None)


def latest_useful(start: datetime, now: datetime) -> datetime | None:
    """The last moment at which a reminder of a visit at `start` can go out; None when it has passed.

    A visit at 22:40 and hours until 21:00 give 20:45: the page says so before she types a number.
    """
    latest = start - timedelta(minutes=USEFUL_MINUTES)
    day = local(latest).date()
    if latest > _last(day):
        latest = _last(day)
    elif latest < opens(day):
        latest = _last(day - DAY)
    return latest if latest >= now else None


def _last(day: date) -> datetime:
    return max(opens(day), closes(day) - timedelta(minutes=LAST_MINUTES))
