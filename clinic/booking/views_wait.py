"""Waiting for a time where there is none: /wait. The code is rendered in the answer to the POST."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import render_template, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clinic import clock, messaging, wording
from clinic.booking import availability, cities, find, fitting, searching, showing, typed, waiting
from clinic.booking.book import CodeUnknown, NotBookable, PhoneNeeded
from clinic.booking.fitting import WishView
from clinic.booking.forms import WaitForm
from clinic.booking.refusals import Gone
from clinic.booking.views import Page, asked, blueprint, carried, set_aside
from clinic.booking.views_book import token_is_good
from clinic.db import LANGUAGES, db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, takes_bookings
from clinic.directory.gazetteer import NotFound, Spot
from clinic.directory.openness import openness
from clinic.messaging import covers
from clinic.messaging.today import is_spent
from clinic.passes import passes
from clinic.privacy import codes, lately, limits, once, tokens
from clinic.wording import gettext as _

DAYS = (1, 3, 7, 14)
USUAL_DAYS = 7
LOOKED_AT = 30
FREE_SHOWN = 3
SAMPLE = (1, 20 * 60 + 20)  # tomorrow, 20:20: for the words of a message
EVENING, NIGHT = time(17), time(22)
SENT = ("act", "at", "place", "service", "part", "days", "code", "near", "lat", "lng", "after")


@dataclass(frozen=True, slots=True)
class Offered:
    """What the page lets her choose from, and what is ticked."""

    places: tuple[LocationInfo, ...]
    chosen: tuple[LocationInfo, ...]
    services: frozenset[int]
    spot: Spot | None  # where she looks, as it was understood
    meant: NotFound | None  # or what may have been meant


@blueprint.route("/wait", methods=["GET", "POST"])
@limits.limit(limits.BOOKINGS, "wait", looks=("show", "ticket"))
def wait() -> Page | Response:
    """What she waits for; then a place in the line, and the code under which free times stand."""
    now = clock.now()
    form = WaitForm(asked("wait", now))
    form.validate()
    cat = catalogue.current(db.session())
    offered = _offered(cat, form, now)
    act = form.act.data or "show"
    if act == "ticket":
        shown = [page for page in _lately(cat, now) if page[0].rid.hex() == lately.wanted()]
        return _done_page(*shown[0], now) if shown else _page(cat, form, offered, now)
    if any(form[name].errors for name in SENT):
        return _page(cat, form, offered, now), 400
    if act == "show":
        at = [("at", form.at.raw)] if form.at.raw else []
        return set_aside("wait", form, [*at, *searching.kept(form)], now) or _page(cat, form, offered, now)
    try:
        if before := _sent_before(cat, form, offered, now):
            return before
        if not token_is_good("wait", form, now):
            return _page(cat, form, offered, now, "expired"), 400
        if act == "tell" and form.errors:
            return _page(cat, form, offered, now), 400
        return _wait(cat, form, offered, now)
    except once.Reused:
        return _page(cat, form, offered, now, "sent"), 409
    except once.Busy:
        return _page(cat, form, offered, now, "busy"), 409
    except Gone:  # sent before, and over since
        return _page(cat, form, offered, now, "over"), 409
    except NotBookable:
        form.place.errors = [_("None of these places does all that you chose in one visit.")]
    except waiting.TooMany:
        form.code.errors = [_("Under this code you wait for three things already. End one of them first.")]
    except PhoneNeeded:
        form.phone.errors = [_("Type a mobile number, or wait without SMS.")]
    except CodeUnknown:
        limits.missed()
        form.code.errors = [_("There is no such code.")]
    return _page(cat, form, offered, now), 400


def _asked(form: WaitForm, offered: Offered, now: datetime) -> tuple[waiting.Request, bytes]:
    """What her form asks for, and the same as bytes."""
    tell = form.act.data == "tell"
    first = clock.service_day(now)
    request = waiting.Request(
        locations=offered.chosen,
        services=offered.services,
        part=form.part.data or "evening",
        first_day=first,
        last_day=first + timedelta(days=(form.days.data or USUAL_DAYS) - 1),
        language=(form.language.data if tell else None) or wording.language_now(),
        cover=(form.cover.data if tell else None) or "plain",
        phone=form.phone.data if tell else None,
        tell=tell and messaging.enabled(),
        code=form.code.data,
    )
    body = repr((sorted(place.slug for place in request.locations), sorted(request.services), request.part,
                 form.days.data, request.language, request.cover, request.phone, tell, request.code))  # fmt: skip
    return request, body.encode()


def _sent_before(cat: Catalogue, form: WaitForm, offered: Offered, now: datetime) -> Page | None:
    """What this very form has begun before, for as long as she waits. Raises Gone, once.Reused."""
    s, (request, body) = db.session(), _asked(form, offered, now)
    answer = once.before(s, "wait", form.token.data or "", body, now)
    if answer is None:
        return None
    view = _standing(s, cat, answer, request.code, now)
    lately.remember("wait", "", answer, request.code, now)
    return _done_page(view, answer["code"], request.code, now)


def _lately(cat: Catalogue, now: datetime) -> list[tuple[WishView, str, str]]:
    """What this browser has begun to wait for lately, with the code where it was new, and the one it stands under."""
    found = []
    for deed in lately.of("wait", now):
        with suppress(Gone):
            found.append((_standing(db.session(), cat, deed.answer, deed.code, now), deed.answer["code"], deed.code))
    return found


def _standing(s: Session, cat: Catalogue, answer: dict[str, Any], code: str | None, now: datetime) -> WishView:
    """The wish of an answer that was given before. Raises Gone where she waits no longer."""
    try:
        seen = waiting.of_pass(s, cat, passes.find(s, answer["code"] or code or ""), now)
    except CodeUnknown as forgotten:
        raise Gone from forgotten
    view = next((one for one in seen if one.rid.hex() == answer["rid"]), None)
    if view is None:
        raise Gone
    return view


def _wait(cat: Catalogue, form: WaitForm, offered: Offered, now: datetime) -> Page:
    """Stand in line once, however often she taps."""
    request, body = _asked(form, offered, now)
    with writing() as s:
        fresh: list[waiting.Put] = []

        def make() -> dict[str, Any]:
            fresh.append(waiting.put(s, cat, request, now))
            return {"code": fresh[0].code or "", "rid": fresh[0].wish.rid.hex()}

        token = form.token.data or ""
        done = once.run(s, "wait", token, body, once.FORM_KEPT, now, make, lambda: fresh[0].wish.forget_on)
        view = fresh[0].wish if fresh else _standing(s, cat, done.answer, request.code, now)
    lately.remember("wait", "", done.answer, request.code, now)
    return _done_page(view, done.answer["code"], request.code, now)


def _done_page(view: WishView, code: str, typed_code: str | None, now: datetime) -> str:
    """What she waits for, what of it is free at this moment, and the code of a new pass."""
    s = db.session()
    free = fitting.fitting(s, catalogue.current(s), view, now)
    return render_template(
        "booking/wait_done.html",
        wish=view,
        when=when_words(view, now),
        code=codes.shown(code) if code else "",
        hers=code or typed_code,
        forget=wording.day_words(view.forget_on, clock.local(now).date()),
        free=free_words(fitting.some(free, 1, FREE_SHOWN), now),
    )


def when_words(view: WishView, now: datetime) -> str:
    """The part of the day and the days, in words."""
    today = clock.service_day(now)
    last = wording.day_words(view.last_day, today)
    return _("%(part)s, the last day is %(day)s", part=part_words(view.part), day=last)


def free_words(free: Iterable[fitting.Free], now: datetime) -> tuple[tuple[str, str, str, str], ...]:
    """Free times for buttons: slug of the place, the start as forms read it, in words, the place's name."""
    language = wording.language_now()
    return tuple(
        (
            one.location.slug,
            typed.start_value(one.slot.start),
            showing.day_and_time(one.slot.start, now),
            one.location.name[language],
        )
        for one in free
    )


def part_words(part: str) -> str:
    """A part of the day, with its hours."""
    words = {
        "any": _("any time"),
        "morning": _("morning, until 12:00"),
        "day": _("day, 12:00 to 18:00"),
        "evening": _("evening, from 18:00"),
        "night": _("late, from 22:00"),
    }
    return words[part]


def _offered(cat: Catalogue, form: WaitForm, now: datetime) -> Offered:
    """Places near her that take bookings, the place she came from first; mistakes become errors of the fields."""
    today = clock.local(now).date()
    wished = searching.services_of(cat, form) if form.at.data else searching.wished(cat, form)
    here = cities.at_link(cat, form.at.data) if form.at.data else None
    if form.at.data and (here is None or not takes_bookings(here, today)):
        form.at.errors = [*form.at.errors, _("We do not know this place.")]
        here = None
    remembered = cities.remembered(cat, session)
    if here is not None and not form.near.data and form.lat.data is None:
        remembered = next((city for city in cities.cities(cat) if city.name == here.city), remembered)
    spot, meant = searching.spot_of(cat, form, remembered), None
    if isinstance(spot, NotFound):
        meant = spot
        form.near.errors = [*form.near.errors, _("We do not know this place.")]
        spot = None
    near = find.find(db.session(), cat, spot, find.Wish(limit=LOOKED_AT, within_m=find.NEAR_M), now) if spot else ()
    reach = [here] if here is not None else []
    reach += [loc for loc in (offer.location for offer in near) if loc is not here and takes_bookings(loc, today)]
    services = wished or (availability.usual(cat, reach[0]) if reach else frozenset())
    able = [loc for loc in reach if availability.rooms_for(cat, loc, services)]
    slugs = form.place.data or ()
    chosen = [loc for loc in reach if loc.slug in slugs]
    if len(chosen) < len(slugs):
        form.place.errors = [*form.place.errors, _("We do not know this place.")]
    # what she ticked before stays on the page; then the nearest that can do it
    places = list(dict.fromkeys([*chosen, *able]))[: waiting.MOST_PLACES]
    if not slugs and form.act.data in (None, "show"):
        chosen = [loc for loc in able if loc is here] if here is not None else places
    elif not slugs and not form.place.errors:
        form.place.errors = [_("Choose at least one.")]
    return Offered(tuple(places), tuple(chosen), services, spot, meant)


def _page(cat: Catalogue, form: WaitForm, offered: Offered, now: datetime, trouble: str = "") -> str:
    """What she may choose. `trouble`: "" | "expired" | "sent" | "over" | "busy"."""
    language = wording.language_now()
    spoken = form.language.data or language
    sample = clock.at(clock.local(now).date() + timedelta(days=SAMPLE[0]), SAMPLE[1])
    part = form.part.data or _part(form.after.data)
    at = [("at", form.at.raw)] if form.at.raw else []
    bookable = {number for place in offered.places for room in place.rooms for number in room.services}
    return render_template(
        "booking/wait.html",
        form=form,
        trouble=trouble,
        spot=offered.spot,
        meant=offered.meant,
        lines=[
            (_("You wait for a free time"), url_for("booking.wait"), view.rid.hex())
            for view, _code, _hers in (_lately(cat, now) if not trouble else ())
        ],
        places=[(place, showing.where(place, None, language)) for place in offered.places],
        chosen=offered.chosen,
        services=sorted(
            (cat.services[i] for i in bookable if not cat.services[i].walk_in_only), key=lambda one: one.number
        ),
        ticked=offered.services,
        parts=[(name, part_words(name)) for name in fitting.PARTS],
        part=part,
        days=[(n, _days_words(n, now)) for n in DAYS if n > 1 or _open_tonight(cat, offered, now)],
        wait_days=form.days.data or USUAL_DAYS,
        free=_free_now(cat, offered, part, form.days.data or USUAL_DAYS, now),
        sms=messaging.enabled(),
        spent=is_spent(db.session(), now),
        covers=[(name, covers.word(name, language), covers.text(name, spoken, sample)) for name in covers.COVERS],
        cover=form.cover.data or "plain",
        spoken=spoken,
        languages=[(code, {"kk": "Қазақша", "ru": "Русский", "en": "English"}[code]) for code in LANGUAGES],
        token=tokens.new("wait"),
        carry=carried(form),
        kept=searching.kept(form, "service"),
        to_list=searching.kept(form),
        hidden=[*at, *searching.kept(form, "service")],
        asked=[*at, *searching.kept(form)],
    )


def _part(after: time | None) -> str:
    """The part of the day that belongs to the hour she searched from."""
    if after is None or EVENING <= after < NIGHT:
        return "evening"
    return "night" if after >= NIGHT else "any"


def _open_tonight(cat: Catalogue, offered: Offered, now: datetime) -> bool:
    """Whether any of the places is open at some time that is left of tonight; its hours may be unknown."""
    tonight = clock.service_day(now)
    states = [openness(cat, place, now) for place in offered.chosen or offered.places]
    return any(one.open or (one.next_open and clock.service_day(one.next_open) == tonight) for one in states)


def _days_words(n: int, now: datetime) -> str:
    day = clock.service_day(now)
    if n == 1:
        return _("today only")
    return _("until %(day)s", day=wording.day_words(day + timedelta(days=n - 1), day))


def _free_now(cat: Catalogue, offered: Offered, part: str, days: int, now: datetime) -> list[Any]:
    """The first times that fit as things stand: then she need not wait."""
    if not offered.chosen or not offered.services:
        return []
    first = clock.service_day(now)
    span = (first, first + timedelta(days=days - 1))
    chosen = [cat.services[i] for i in sorted(offered.services)]
    view = WishView(b"", offered.chosen, tuple(chosen), part, *span, tell=False, forget_on=span[1])
    return [
        (free.location, typed.start_value(free.slot.start), showing.day_and_time(free.slot.start, now))
        for free in fitting.some(fitting.fitting(db.session(), cat, view, now), 1, FREE_SHOWN)
    ]
