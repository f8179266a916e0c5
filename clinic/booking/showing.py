"""What the pages show of places, times and visits: words and values ready for a template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l

from clinic import clock, wording
from clinic.booking import typed
from clinic.booking.availability import Slot
from clinic.booking.find import Offer
from clinic.directory import checks, hours
from clinic.directory.catalogue import Catalogue, LocationInfo, ServiceInfo
from clinic.directory.holidays import holiday_name
from clinic.directory.openness import CLOSES_SOON_MINUTES, openness, words
from clinic.wording import gettext as _
from clinic.wording import ngettext

MORNING, AFTERNOON, EVENING = 6, 12, 18

Time = tuple[str, str, str]  # value of the field, the hour, the full name for a screen reader


AFTER_VIOLENCE = ("pills-now", "after-harm")  # slugs of services: what must such a place report?


@dataclass(frozen=True, slots=True)
class Card:
    """A place in a list: `what` its times are for, at what `cost` ("" where not said); `open` green only while that
    lasts; `lack` says what is not known of a place that is only called."""

    place: LocationInfo
    open_words: str
    open: bool
    where: str
    what: str
    cost: str
    times: tuple[Time, ...]
    services: tuple[int, ...]  # numbers of the services the times are for
    phone_only: bool
    lack: str


WHOLE_DAY = 24 * 60  # minutes
_KINDS = {
    "clinic": _l("clinic"),
    "ngo": _l("NGO"),
    "distribution_point": _l("pick-up point"),
    "legal_aid": _l("legal aid"),
    "mobile": _l("bus"),
}
_SPOKEN = {
    "kk": _l("Kazakh"), "ru": _l("Russian"), "en": _l("English"), "uz": _l("Uzbek"),
    "ky": _l("Kyrgyz"), "tg": _l("Tajik"), "ug": _l("Uyghur"), "tr": _l("Turkish"),
}  # fmt: skip


def kind_words(kind: str) -> str:
    """What kind of place it is, in a word."""
    return str(_KINDS[kind])


def spoken_words(language: str) -> str:
    """A language spoken at a place, as an adverb: "по-казахски"."""
    return str(_SPOKEN.get(language, language))


def time_of(slot: Slot, today: date) -> Time:
    """A free time as a key: the bare hour when it is tonight, else with its weekday."""
    here = clock.local(slot.start)
    hour = wording.time_words(slot.start)
    if clock.service_day(slot.start) != today and here.date() != today:
        hour = f"{wording.weekday_short(here.date())} {hour}"
    return typed.start_value(slot.start), hour, moment_words(slot.start)


def moment_words(moment: datetime) -> str:
    """ "вторник, 24 ноября, 20:20"; a time before 06:00 names both days of its night."""
    day = clock.local(moment).date()
    if (evening := clock.service_day(moment)) != day:
        return f"{wording.night(evening)}, {wording.date_words(day)}, {wording.time_words(moment)}"
    return f"{wording.long_day(day)}, {wording.time_words(moment)}"


def day_and_time(moment: datetime, now: datetime) -> str:
    """ "сегодня, вт 24 ноября, 20:20"; a night that is not over names both its days, or half of all come a day late."""
    day, today = clock.local(moment).date(), clock.local(now).date()
    evening = clock.service_day(moment)
    if evening == day or day == today:
        return f"{wording.day_words(day, today)}, {wording.time_words(moment)}"
    near = wording.near_day(evening, today)
    return ", ".join(part for part in (near, moment_words(moment)) if part)


def where(loc: LocationInfo, distance_m: int | None, language: str, from_centre: bool = False) -> str:
    """Distance and street, or for a place that hides its address its district; all near enough to need no city."""
    if loc.visibility == "district":
        district = loc.district[language] or loc.city[language]
        opens = _("The address opens under your code %(minutes)s minutes before.", minutes=loc.reveal_minutes)
        return f"{district}. {opens}"
    # where only the town is known, a distance would be invented
    far = loc.city[language] if loc.approximate else "" if distance_m is None else wording.km(distance_m)
    if from_centre and distance_m is not None and not loc.approximate:
        far = _("%(distance)s from the centre", distance=far)
    return " · ".join(part for part in (far, loc.address[language] or _("address not published")) if part)


def street(loc: LocationInfo, language: str) -> str:
    """City and street of a place, whether it shows them or not; "" where no address was published."""
    there = loc.address[language]
    return _with_city(loc, there, language) if there else ""


def address(loc: LocationInfo, language: str) -> str:
    """City and street, or for a place that hides its address city and district: whatever may be told to everybody."""
    return _with_city(loc, loc.district[language] if loc.visibility == "district" else loc.address[language], language)


def _with_city(loc: LocationInfo, there: str, language: str) -> str:
    city = loc.city[language]
    return ", ".join(part for part in ("" if city in there else city, there) if part)


def costs(loc: LocationInfo, services: Iterable[int], language: str) -> str:
    """What the services cost at a place, each price once; "" where nothing was said."""
    said = dict.fromkeys(loc.services[i][language] for i in services if i in loc.services)
    return "; ".join(cost for cost in said if cost)


def card(
    cat: Catalogue, offer: Offer, language: str, now: datetime, from_centre: bool = False, far_m: int | None = None
) -> Card:
    """An offer of the search as a card of the list: two times of the evening, else the next one there is.

    `far_m`: how far its city is, for a place in another city than hers.
    """
    loc = offer.location
    slots = offer.slots[:2] or ((offer.next,) if offer.next else ())
    today = clock.service_day(now)
    calls = any(cat.services[i].by_phone for i in offer.services)
    if calls:
        there = _("By phone: you call")
    elif far_m is not None:
        there = f"{wording.km(far_m)} · {address(loc, language)}"
    else:
        there = where(loc, offer.distance_m, language, from_centre)
    chosen = sorted(offer.services)
    minutes = sum(cat.services[i].minutes for i in chosen)
    name = ", ".join(cat.services[i].name[language] for i in chosen)
    lasts = offer.openness.until is None or offer.openness.until - now > timedelta(minutes=CLOSES_SOON_MINUTES)
    return Card(
        place=loc,
        open_words=words(offer.openness, now),
        open=offer.openness.open and lasts,
        where=there,
        what=f"{name}, {wording.minutes_short(minutes)}" if name else "",
        cost=costs(loc, chosen, language),
        times=tuple(time_of(slot, today) for slot in slots),
        services=tuple(sorted(cat.services[i].number for i in chosen)),
        phone_only=not offer.takes_bookings,
        lack=lack(loc) if not offer.takes_bookings else "",
    )


def status_words(offers: Sequence[Offer], now: datetime) -> str:
    """The list in one sentence: how many places have times in the wished evening, else when the next one is."""
    with_times = sum(bool(offer.slots) for offer in offers)
    if with_times:
        return ngettext("%(num)s place has free times then.", "%(num)s places have free times then.", with_times)
    soonest = min((offer.next.start for offer in offers if offer.next), default=None)
    if soonest is not None:
        return _("No free time then; the next one: %(when)s.", when=day_and_time(soonest, now))
    called = sum(bool(offer.location.phone) for offer in offers)
    if called:
        return ngettext(
            "Nothing can be booked here; %(num)s place can be called.",
            "Nothing can be booked here; %(num)s places can be called.",
            called,
        )
    return ""


def lack(loc: LocationInfo) -> str:
    """What is not known of a place that takes no bookings here, in one sentence."""
    if loc.phone and loc.hours:
        return _("No booking here yet: please call.")
    if loc.phone:
        return _("No booking here yet: please call, the hours are not published.")
    if loc.hours:
        return _("No booking here yet, and no phone number is published.")
    return _("We only know that it exists: neither phone nor hours are published.")


def dead(loc: LocationInfo) -> bool:
    """Whether a list has nothing to say of a place: no phone, no hours."""
    return not loc.phone and not loc.hours


def groups(
    slots: Iterable[Slot], day: date, chosen: datetime | None, after: time | None = None
) -> tuple[list[tuple[str, list[Time]]], str]:
    """The times of a Date by part of the day, the evening first, and the one to tick.

    It is what she chose, else the first from `after` on, else the first of the part that comes first. A
    night runs on: after midnight until 06:00 stands with the evening before it, and at the end of its own
    Date as well.
    """
    parts: dict[str, list[Time]] = {}
    names = {
        "evening": _("Evening, from 18:00"),
        "late": _("After midnight, %(day)s", day=wording.long_day(day + timedelta(days=1))),
        "day": _("Day, until 18:00"), "morning": _("Morning, until 12:00"), "early": _("Night, until 6:00"),
    }  # fmt: skip
    late_enough = ""
    for slot in slots:
        here = clock.local(slot.start)
        if here.date() == day:
            part = (
                "early" if here.hour < MORNING else "morning" if here.hour < AFTERNOON
                else "day" if here.hour < EVENING else "evening"
            )  # fmt: skip
        elif here.date() == day + timedelta(days=1) and here.hour < MORNING:
            part = "late"
        else:
            continue
        value = typed.start_value(slot.start)
        if after is not None and not late_enough and slot.start >= clock.at(day, after.hour * 60 + after.minute):
            late_enough = value
        parts.setdefault(part, []).append((value, wording.time_words(slot.start), moment_words(slot.start)))
    shown = [(names[part], parts[part]) for part in names if part in parts]
    values = [one[0] for _name, times in shown for one in times]
    wished = typed.start_value(chosen) if chosen else ""
    return shown, wished if wished in values else late_enough or (values[0] if values else "")


def first_day(slots: Sequence[Slot], after: time | None) -> str:
    """The first Date with a free time, from an hour on if any day has one then; "" where nothing is free."""
    days = [clock.local(slot.start) for slot in slots]
    late = [here for here in days if after is None or here.time() >= after]
    return next((here.date().isoformat() for here in [*late, *days]), "")


def strip(
    cat: Catalogue, loc: LocationInfo, slots: Sequence[Slot], first: date, days: int
) -> list[tuple[str, str, str, str, str]]:
    """Days to choose from: value, word, short date, full name, and why a day can't be chosen ("" if it can)."""
    with_times = {clock.local(slot.start).date() for slot in slots}
    with_times |= {clock.service_day(slot.start) for slot in slots}
    rows = []
    for n in range(days):
        day = first + timedelta(days=n)
        closed = ""
        if day not in with_times:
            holiday = holiday_name(cat, day) is not None
            closed = _("full") if hours.intervals(loc.hours, loc.hours_ph, day, holiday) else _("closed")
        rows.append(
            (day.isoformat(), wording.strip_word(day, first), wording.short_day(day), wording.long_day(day), closed)
        )
    return rows


def services_at(cat: Catalogue, loc: LocationInfo) -> tuple[list[ServiceInfo], list[ServiceInfo]]:
    """What can be booked at a place, and what is given there to those who come at once; by number."""
    in_rooms = {number for room in loc.rooms for number in room.services}
    found = sorted((cat.services[i] for i in in_rooms | set(loc.services)), key=lambda service: service.number)
    bookable = [service for service in found if service.id in in_rooms and not service.walk_in_only]
    return bookable, [service for service in found if service.walk_in_only]


def week(cat: Catalogue, loc: LocationInfo, now: datetime) -> list[tuple[str, str]]:
    """The hours of the next seven days in words; empty when none are published."""
    if not loc.hours:
        return []
    rows = []
    for n in range(7):
        day = clock.local(now).date() + timedelta(days=n)
        name = holiday_name(cat, day)
        spans = hours.intervals(loc.hours, loc.hours_ph, day, name is not None)
        said = ", ".join(_span_words(day, begin, end) for begin, end in spans)
        rows.append((wording.day_words(day, clock.local(now).date()), said or _("closed")))
    return rows


def _span_words(day: date, begin: int, end: int) -> str:
    if end - begin >= WHOLE_DAY:
        return _("around the clock")
    return f"{wording.time_words(clock.at(day, begin))}–{wording.time_words(clock.at(day, end))}"


def checked_words(loc: LocationInfo, today: date) -> tuple[str, bool]:
    """When somebody last checked an entry, and whether that is too long ago (or never was)."""
    if loc.checked_on is None:
        return _("Not checked yet"), True
    said = _("Checked: %(day)s, %(who)s", day=loc.checked_on.strftime("%d.%m.%Y"), who=loc.checked_by)
    if checks.stale(loc.checked_on, today):
        call = _("Nobody has confirmed it for two months: please call before you go.")
        return f"{said}. {call}", True
    return said, False


def must_tell(cat: Catalogue, loc: LocationInfo) -> str:
    """What a place must report to the police, as it said in writing; "" where nobody goes there after violence."""
    if loc.must_tell is not None and loc.must_tell_on is not None:
        said = loc.must_tell[wording.language_now()] or loc.must_tell.ru
        return _("%(said)s (they said so in writing on %(day)s)", said=said, day=loc.must_tell_on.strftime("%d.%m.%Y"))
    here = {number for room in loc.rooms for number in room.services} | set(loc.services)
    if any(cat.services[i].slug in AFTER_VIOLENCE for i in here):
        return _("They have not told us in writing. Ask before you tell what happened.")
    return ""


def open_line(cat: Catalogue, loc: LocationInfo, now: datetime) -> tuple[str, bool]:
    """ "Открыто до 21:00" and whether it is."""
    found = openness(cat, loc, now)
    return words(found, now), found.open


def lead_words(due: datetime, now: datetime) -> str:
    """When a reminder comes: the hour, with its day when that is not today."""
    today = clock.local(now).date()
    day = clock.local(due).date()
    return wording.at(due) if day == today else f"{wording.day_words(day, today)}, {wording.at(due)}"


def before_words(minutes: int) -> str:
    """ "за 30 минут", "за 1 час"."""
    if minutes % 1440 == 0:
        return ngettext("%(num)s day before", "%(num)s days before", minutes // 1440)
    if minutes % 60 == 0:
        return ngettext("%(num)s hour before", "%(num)s hours before", minutes // 60)
    return ngettext("%(num)s minute before", "%(num)s minutes before", minutes)


def phones(published: str) -> list[str]:
    """The numbers of a place, one by one: they are published as one line."""
    return [part.strip() for part in published.replace(";", ",").split(",") if part.strip()]


def dial(published: str) -> str:
    """The first number as a `tel:` link wants it."""
    first = (phones(published) or [""])[0]
    return "".join(sign for sign in first if sign.isdigit() or sign == "+")
