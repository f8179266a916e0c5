"""Reasons of a proposal in words, each a part of one line: "1,2 км", "открыто до 22:00", "тесты есть"."""

from collections.abc import Callable

from clinic import clock, wording
from clinic.kits import routing
from clinic.kits.routing import Reason
from clinic.wording import gettext as _
from clinic.wording import ngettext


def words(reason: Reason) -> str:
    """One reason in the language of the page; no capital, no full stop."""
    return _WORDS[reason.kind](reason)


def _opens(reason: Reason) -> str:
    (moment,) = reason.values
    day, today = clock.local(moment).date(), clock.today()
    if day == today:
        return _("opens %(at)s", at=wording.at(moment))
    if (day - today).days == 1:
        return _("opens tomorrow %(at)s", at=wording.at(moment))
    return _("opens %(on_day)s %(at)s", on_day=wording.on_day(day), at=wording.at(moment))


def _open(reason: Reason) -> str:
    (until,) = reason.values
    return _("open around the clock") if until is None else _("open %(until)s", until=wording.until(until))


def _open_then(reason: Reason) -> str:
    day, until = reason.values
    if day == clock.today():
        return _("open %(until)s", until=wording.until(until))
    return _("open %(on_day)s %(until)s", on_day=wording.on_day(day), until=wording.until(until))


def _fewer_left(reason: Reason) -> str:
    (left,) = reason.values
    return ngettext("only %(num)s kit would be left there", "only %(num)s kits would be left there", left)


def _delivery(reason: Reason) -> str:
    (day,) = reason.values
    return _("a delivery is expected %(on_day)s", on_day=wording.on_day(day))


_WORDS: dict[str, Callable[[Reason], str]] = {
    routing.NEAR: lambda reason: wording.km(reason.values[0]),
    routing.OPEN: _open,
    routing.OPENS: _opens,
    routing.OPEN_THEN: _open_then,
    routing.SHUT_NOW: lambda _reason: _("shut now"),
    routing.HOURS_UNKNOWN: lambda _reason: _("hours not published"),
    routing.IN_STOCK: lambda _reason: _("in stock"),
    routing.GOOD_FOR_LONG: lambda _reason: _("the kits are good for a long time"),
    routing.FARTHER: lambda reason: _("farther by %(distance)s", distance=wording.km(reason.values[0])),
    routing.FEWER_LEFT: _fewer_left,
    routing.NOT_THEN: lambda _reason: _("not open at your time"),
    routing.NONE_FREE: lambda _reason: _("none free now"),
    routing.DELIVERY: _delivery,
}
