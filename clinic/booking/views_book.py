"""The confirm page and the booking itself: /at/<slug>/book. The ticket is rendered in the answer to the POST."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clinic import clock, messaging, wording
from clinic.booking import (
    appointments,
    availability,
    book,
    by_phone,
    message_words,
    searching,
    showing,
    telling,
    typed,
)
from clinic.booking.appointments import AppointmentView
from clinic.booking.book import CodeUnknown, NotASlot, NotBookable, PhoneNeeded, ReminderUseless, SlotTaken
from clinic.booking.forms import LEADS, BookForm, PlaceForm
from clinic.booking.refusals import Alternatives, Gone
from clinic.booking.views import Page, blueprint, carried, place_or_404, place_page, sent
from clinic.db import LANGUAGES, db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, takes_bookings
from clinic.messaging import covers, window
from clinic.messaging.today import is_spent
from clinic.passes import passes
from clinic.privacy import codes, lately, limits, once, tokens
from clinic.privacy.lately import Deed
from clinic.wording import gettext as _

USUAL_LEAD = 60  # ticked unless she chooses another, or it is too late for it
STANDING = ("booked", "here", "in_room")  # a visit that a ticket is still good for
OWN = ("token", "act", "service", "start", "code")  # fields that count when she wants no SMS


@dataclass(frozen=True, slots=True)
class Choice:
    """What she is about to book."""

    place: LocationInfo
    services: frozenset[int]
    start: datetime


def token_is_good(name: str, form: Any, now: datetime) -> bool:
    """Whether the token of a form of this name is ours and fresh."""
    try:
        tokens.check(name, (form.token.data or "")[:200], now)
    except (tokens.TokenExpired, tokens.TokenForged):
        return False
    return True


@blueprint.route("/at/<slug>/book", methods=["GET", "POST"])
@limits.limit(limits.BOOKINGS, "book", looks=("show", "check", "ticket"))
def book_visit(slug: str) -> Page | Response:
    """Check, add a reminder or not, book: the ticket comes in this very answer, by no redirect."""
    cat, now = catalogue.current(db.session()), clock.now()
    loc = place_or_404(cat, slug)
    form = BookForm(sent())
    form.validate()
    services = searching.services_of(cat, form)
    if form.without_id.data:
        services = frozenset(i for i in services if not cat.services[i].asks_id)
    choice = Choice(loc, services, form.start.data) if services and form.start.data is not None else None
    if form.act.data == "ticket":
        return _ticket_again(cat, loc, now) or redirect(url_for("booking.place", slug=slug), 303)
    if choice is not None and (before := _sent_before(cat, choice, form, now)):
        return before
    if not takes_bookings(loc, clock.local(now).date()):
        return _place(cat, loc, now), 409
    if form.start.data is None and not form.start.errors and not form.act.data:
        if hers := _lately(cat, loc, now):
            return _booked_page(loc, hers, now)
        return redirect(url_for("booking.place", slug=slug))
    if choice is None or form.service.errors or form.start.errors:
        return _place(cat, loc, now), 400
    if not form.another.data and (hers := _lately(cat, loc, now, choice.start)):  # never told that it is taken
        return _booked_page(loc, hers, now, [*hidden(form, choice, cat), ("another", "1")])
    try:
        return _act(cat, choice, form, now)
    except SlotTaken as refusal:
        return _others(cat, choice, form, refusal.alternatives, "taken", now), 409
    except NotASlot as refusal:
        return _others(cat, choice, form, refusal.alternatives, "no slot", now), 400
    except NotBookable as refusal:
        why = {
            NotBookable.WALK_IN_ONLY: _("This is given at once, without booking: please call and come."),
            NotBookable.NO_ROOM_FOR_ALL: _("Not everything you chose can be done in one visit here."),
        }.get(refusal.why, "")
        return _place(cat, loc, now, why), 400 if why else 409
    except CodeUnknown:
        limits.missed()
        form.code.errors = [_("There is no such code.")]
    except ReminderUseless:
        form.lead.errors = [_("A reminder at this time would come too late. Choose another, or book without SMS.")]
    except PhoneNeeded:
        form.phone.errors = [_("Type a mobile number, or book without SMS.")]
    return confirm_page(cat, choice, form, now), 400


def _act(cat: Catalogue, choice: Choice, form: BookForm, now: datetime) -> Page:
    act = form.act.data or "show"
    own = [name for name in OWN if form[name].errors]
    if form.act.errors or own:
        return confirm_page(cat, choice, form, now), 400
    if act == "show":
        _still_free(cat, choice, now)
        return confirm_page(cat, choice, form, now)
    if not token_is_good("book", form, now):
        _still_free(cat, choice, now)
        return confirm_page(cat, choice, form, now, "expired"), 400
    if act == "plain":
        return _book(cat, choice, form, now)
    if form.errors:
        return confirm_page(cat, choice, form, now), 400
    if form.phone.data is None and not form.code.data:
        raise PhoneNeeded
    if form.lead.data is not None and window.due(choice.start, form.lead.data, now) is None:
        raise ReminderUseless
    if act == "check":
        return _check_page(cat, choice, form, now)
    return _book(cat, choice, form, now)


def _still_free(cat: Catalogue, choice: Choice, now: datetime) -> None:
    """Raises NotASlot or SlotTaken before she fills in anything for a time that is gone."""
    day = clock.local(choice.start).date()
    free = availability.slots(db.session(), cat, choice.place, choice.services, day, 1, now)
    if any(slot.start == choice.start for slot in free):
        return
    others = availability.alternatives(db.session(), cat, choice.place, choice.services, choice.start, now)
    if choice.start > now and availability.open_rooms(cat, choice.place, choice.services, choice.start):
        raise SlotTaken(others)
    raise NotASlot(others)


def _asked(choice: Choice, form: BookForm) -> book.Request:
    """What her form asks for."""
    plain = form.act.data == "plain"
    return book.Request(
        location=choice.place,
        services=choice.services,
        start=choice.start,
        language=(None if plain else form.language.data) or wording.language_now(),
        cover=(None if plain else form.cover.data) or "plain",
        phone=None if plain else form.phone.data,
        remind_minutes=None if plain else form.lead.data,
        confirm=False if plain else bool(form.confirm.data),
        code=form.code.data,
    )


def _sent_before(cat: Catalogue, choice: Choice, form: BookForm, now: datetime) -> Page | None:
    """What this very form has made before: its ticket, for as long as the visit stands. None where it made nothing."""
    if form.act.data not in ("plain", "book"):
        return None
    s, request = db.session(), _asked(choice, form)
    try:
        answer = once.before(s, "book", form.token.data or "", _body(choice, request), now)
        if answer is None:
            return None
        view = _standing(s, cat, answer, request.code, now)
        lately.remember("book", choice.place.slug, answer, request.code, now)
        return ticket_page(view, answer["code"], now)
    except once.Reused:
        return confirm_page(cat, choice, form, now, "sent"), 409
    except Gone:
        return confirm_page(cat, choice, form, now, "over"), 409


def _standing(s: Session, cat: Catalogue, answer: dict[str, Any], code: str | None, now: datetime) -> AppointmentView:
    """The visit of an answer that was given before. Raises Gone where it does not stand any more."""
    try:
        pass_ = passes.find(s, answer["code"] or code or "")
    except CodeUnknown as forgotten:
        raise Gone from forgotten
    found = (view for view in appointments.of_pass(s, cat, pass_, now) if view.rid.hex() == answer["rid"])
    view = next(found, None)
    if view is None or view.status not in STANDING:
        raise Gone
    return view


def _book(cat: Catalogue, choice: Choice, form: BookForm, now: datetime) -> Page:
    """Book once, however often she taps; show the ticket."""
    request = _asked(choice, form)
    try:
        with writing() as s:
            fresh: list[book.Booked] = []

            def make() -> dict[str, Any]:
                fresh.append(book.confirm(s, cat, request, now))
                return {"code": fresh[0].code or "", "rid": fresh[0].appointment.rid.hex()}

            token, body = form.token.data or "", _body(choice, request)
            done = once.run(s, "book", token, body, once.FORM_KEPT, now, make, lambda: fresh[0].appointment.forget_on)
            view = fresh[0].appointment if fresh else _standing(s, cat, done.answer, request.code, now)
    except once.Reused:
        return confirm_page(cat, choice, form, now, "sent"), 409
    except Gone:
        return confirm_page(cat, choice, form, now, "over"), 409
    except once.Busy:
        return confirm_page(cat, choice, form, now, "busy"), 409
    lately.remember("book", choice.place.slug, done.answer, request.code, now)
    return ticket_page(view, done.answer["code"], now)


def _lately(
    cat: Catalogue, loc: LocationInfo, now: datetime, start: datetime | None = None
) -> list[tuple[Deed, AppointmentView]]:
    """The visits at a place that this browser has booked lately and that stand: those at `start`, or all."""
    found = []
    for deed in lately.of("book", now, loc.slug):
        with suppress(Gone):
            found.append((deed, _standing(db.session(), cat, deed.answer, deed.code, now)))
    return [(deed, view) for deed, view in found if start is None or view.start == start]


def _ticket_again(cat: Catalogue, loc: LocationInfo, now: datetime) -> Page | None:
    """The ticket of a visit that this browser has booked lately."""
    hers = [(deed, view) for deed, view in _lately(cat, loc, now) if view.rid.hex() == lately.wanted()]
    return ticket_page(hers[0][1], hers[0][0].answer["code"], now) if hers else None


def _booked_page(
    loc: LocationInfo, hers: list[tuple[Deed, AppointmentView]], now: datetime, again: Sequence[tuple[str, str]] = ()
) -> str:
    """She is booked, and how to see the ticket; `again`: the fields that book the same time for somebody else."""
    where = url_for("booking.book_visit", slug=loc.slug)
    name = loc.name[wording.language_now()]
    lines = [
        (_("%(when)s, %(place)s", when=showing.day_and_time(view.start, now), place=name), where, view.rid.hex())
        for _deed, view in hers
    ]
    links = [(_("All free times of this place"), url_for("booking.place", slug=loc.slug))]
    return render_template("booking/booked.html", heading=_("You are booked"), lines=lines, again=again, links=links)


def opening(loc: LocationInfo, start: datetime, now: datetime) -> tuple[str, bool]:
    """When the address of a district place opens under her code ("" for other places), and whether it has."""
    if loc.visibility != "district":
        return "", False
    opens = start - timedelta(minutes=loc.reveal_minutes)
    return wording.at(opens), now >= opens


def call_opening(start: datetime, now: datetime) -> tuple[str, bool]:
    """When the number to call opens under her code, and whether it has."""
    return wording.at(by_phone.opens(start)), now >= by_phone.opens(start)


def _body(choice: Choice, request: book.Request) -> bytes:
    """What was asked, as bytes: the same form sent again is the same bytes."""
    parts = (
        choice.place.slug, sorted(choice.services), typed.start_value(choice.start), request.language, request.cover,
        request.phone, request.remind_minutes, request.confirm, request.code,
    )  # fmt: skip
    return repr(parts).encode()


def _place(cat: Catalogue, loc: LocationInfo, now: datetime, why: str = "") -> str:
    """Back to the place's page, with what is wrong beside the services or the times."""
    form = PlaceForm(sent())
    form.validate()
    if why:
        form.service.errors = [*form.service.errors, why]
    elif not form.errors and not form.service.data:
        form.service.errors = [_("Choose at least one.")]
    elif not form.errors and form.start.data is None:
        form.start.errors = [_("Choose a time.")]
    return place_page(cat, loc, form, now)


def hidden(form: BookForm, choice: Choice, cat: Catalogue) -> list[tuple[str, str]]:
    """Service, start, code and what she chose on the list, as hidden fields."""
    pairs = [("service", str(cat.services[i].number)) for i in sorted(choice.services)]
    another = [("another", "1")] if form.another.data else []
    rest = searching.kept(form, "service")
    return [*pairs, ("start", typed.start_value(choice.start)), *another, *rest, *carried(form)]


def _shared(cat: Catalogue, choice: Choice, form: BookForm, now: datetime) -> dict[str, Any]:
    """What every page on the way to the ticket says of the visit."""
    language = wording.language_now()
    loc = choice.place
    chosen = [cat.services[i] for i in sorted(choice.services)]
    minutes = availability.minutes(cat, choice.services)
    calls = by_phone.is_call(chosen)
    opens, is_open = call_opening(choice.start, now) if calls else opening(loc, choice.start, now)
    return {
        "form": form,
        "token": tokens.new("book"),
        "place": loc,
        "chosen": chosen,
        "when": showing.day_and_time(choice.start, now),
        "minutes": minutes,
        "where": showing.address(loc, language),
        "cost": showing.costs(loc, sorted(choice.services), language),
        "calls": calls,
        "opens": opens,
        "is_open": is_open,
        "asking": [service for service in chosen if service.asks_id],
        "silent": [service for service in chosen if not service.asks_id],
        "hidden": hidden(form, choice, cat),
        "back": _back(choice, form, cat),
        "carry": carried(form),
        "to_list": searching.kept(form),
        "switch_by": hidden(form, choice, cat),
    }


def _back(choice: Choice, form: BookForm, cat: Catalogue) -> list[tuple[str, str]]:
    """What leads back to the page of the place: services, day and time as they stand here, and the rest."""
    pairs = [("service", str(cat.services[i].number)) for i in sorted(choice.services)]
    pairs += [("day", clock.local(choice.start).date().isoformat()), ("start", typed.start_value(choice.start))]
    return [*pairs, *searching.kept(form, "service", "day")]


def confirm_page(cat: Catalogue, choice: Choice, form: BookForm, now: datetime, trouble: str = "") -> str:
    """Is everything right? `trouble`: "" | "expired" | "sent" | "over" | "busy"."""
    languages = [(code, {"kk": "Қазақша", "ru": "Русский", "en": "English"}[code]) for code in LANGUAGES]
    sms = messaging.enabled()
    spent = sms and is_spent(db.session(), now)
    leads = _leads(choice.start, now, spent) if sms else []
    offered = [minutes for minutes, _before, _due in leads]
    fitting = covers.fitting(choice.start)
    cover = form.cover.data if form.cover.data in fitting else "plain"
    spoken = form.language.data or wording.language_now()
    return render_template(
        "booking/confirm.html",
        trouble=trouble,
        sms=sms,
        leads=leads,
        lead=form.lead.data or (USUAL_LEAD if USUAL_LEAD in offered else max(offered, default=0)),
        latest=_latest(choice.start, now) if sms else "",
        covers=[
            (name, covers.word(name, wording.language_now()), covers.text(name, spoken, choice.start))
            for name in fitting
        ],
        cover=cover,
        spoken=spoken,
        languages=languages,
        opened=bool(form.phone.raw or form.phone.errors or form.lead.errors),
        at_once=window.is_open(now) and not spent,
        spent=spent,
        hour=wording.time_words(choice.start),
        **_shared(cat, choice, form, now),
    )


def _leads(start: datetime, now: datetime, spent: bool) -> list[tuple[int, str, str]]:
    """Moments at which a reminder may come, nearest first: minutes before, words, when exactly.

    Where the day's messages are `spent`, none that would be due today.
    """
    found: dict[datetime, tuple[int, str, str]] = {}
    for minutes in LEADS:
        due = window.due(start, minutes, now)
        if due is not None and due not in found and not (spent and clock.local(due).date() == clock.local(now).date()):
            shifted = (start - due).total_seconds() != minutes * 60
            before = "" if shifted else showing.before_words(minutes)
            found[due] = (minutes, before, showing.lead_words(due, now))
    return list(found.values())


def _latest(start: datetime, now: datetime) -> str:
    """The last moment of use, when the hours for SMS end well before the visit; "" otherwise."""
    latest = window.latest_useful(start, now)
    if latest is None or (start - latest).total_seconds() <= window.USEFUL_MINUTES * 60:
        return ""
    return showing.lead_words(latest, now)


def _check_page(cat: Catalogue, choice: Choice, form: BookForm, now: datetime) -> str:
    """The exact words of the SMS and the number, once more before it counts."""
    spoken = form.language.data or wording.language_now()
    cover = form.cover.data or "plain"
    due = window.due(choice.start, form.lead.data, now) if form.lead.data is not None else None
    contact = [
        ("phone", form.phone.data or ""), ("cover", cover), ("language", spoken),
        ("lead", str(form.lead.data or "")), ("confirm", "1" if form.confirm.data else ""),
    ]  # fmt: skip
    return render_template(
        "booking/check.html",
        contact=[pair for pair in contact if pair[1]],
        phone=_spaced(form.phone.data),
        spoken=spoken,
        text=covers.text(cover, spoken, choice.start),
        due=showing.lead_words(due, now) if due else "",
        at_once=bool(form.confirm.data),
        **_shared(cat, choice, form, now),
    )


def _spaced(e164: str | None) -> str:
    if e164 is None:
        return ""
    number = phonenumbers.parse(e164, None)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _others(cat: Catalogue, choice: Choice, form: BookForm, alternatives: Alternatives, why: str, now: datetime) -> str:
    """The time is gone: three others, each one tap away, everything else as she left it."""
    language = wording.language_now()
    act = form.act.data if form.act.data in ("plain", "book") else "show"
    kept = [(name, form[name].raw) for name in ("phone", "cover", "language", "lead", "confirm") if form[name].raw]
    offers = [
        (
            loc.slug,
            typed.start_value(slot.start),
            showing.day_and_time(slot.start, now),
            _("Same place") if loc.slug == choice.place.slug else loc.name[language],
        )
        for loc, slot in alternatives
    ]
    shared = _shared(cat, choice, form, now)
    shared["hidden"] = [pair for pair in shared["hidden"] if pair[0] != "start"]
    hour = wording.time_words(choice.start)
    return render_template("booking/taken.html", why=why, offers=offers, act=act, kept=kept, hour=hour, **shared)


def ticket_page(view: AppointmentView, code: str, now: datetime) -> str:
    """The ticket, large; the code of a new pass folded under it."""
    language = wording.language_now()
    loc = view.location
    calls = by_phone.is_call(view.services)
    opens, is_open = call_opening(view.start, now) if calls else opening(loc, view.start, now)
    return render_template(
        "booking/ticket.html",
        noun=view.noun_in(language),
        number=view.ticket,
        when=showing.day_and_time(view.start, now),
        code=codes.shown(code) if code else "",
        place=loc,
        calls=calls,
        district=loc.visibility == "district" and not calls,
        street=showing.street(loc, language),
        known=showing.address(loc, language),
        cost=showing.costs(loc, [service.id for service in view.services], language),
        opens=opens,
        is_open=is_open,
        asking=[service for service in view.services if service.asks_id],
        grace=wording.until(appointments.waited_until(loc, view.start)),
        phones=[(showing.dial(one), one) for one in showing.phones(loc.phone)],
        sms=message_words.just_put(telling.about(view.rid), now),
    )
