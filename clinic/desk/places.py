"""Data that is true: every place of a coordinator with its phone and its last check, to be searched; and each place's
own page, on which it is set up step by step, checked by telephone, and what it said of itself is dealt with."""

from dataclasses import dataclass
from datetime import date

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import showing
from clinic.booking.models import LocationDay
from clinic.config import settings
from clinic.db import db, writing
from clinic.desk import bp, sifting
from clinic.directory import catalogue, checks, setup
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.checks import Answer
from clinic.kits.catalogue import kits
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.models import Membership
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

PLACE_ROLES = ("coordinator",)
DESK_ROLES = ("receptionist", "clinician")


@dataclass(frozen=True, slots=True)
class Row:
    """A place in the list of what is true."""

    place: LocationInfo
    stale: bool
    point: bool
    answers: tuple[Answer, ...]

    @property
    def due(self) -> bool:
        """Whether somebody has to look at it: the place wrote, nobody checks it, or nobody can call it."""
        return bool(self.answers) or self.stale or not self.place.phone


@dataclass(frozen=True, slots=True)
class Steps:
    """How far a place is set up."""

    entry: bool
    rooms: int
    hours: bool
    people: int
    bookable: bool
    attended: bool
    tried: bool
    checked: bool
    agreed: bool
    listed: bool


@bp.get("/places")
@staff_only(*PLACE_ROLES)
def places(person: SignedIn) -> ResponseReturnValue:
    """The places of this coordinator that are searched for; those that need a look come first."""
    s, today = db.session(), clock.today()
    cat, language = catalogue.current(s), language_now()
    own = memberships.places_of(s, person.staff_id, PLACE_ROLES, cat.locations.values())
    said = checks.answers(s, [place.id for place in own])
    points = kits(s, cat).points
    rows = [
        Row(place, checks.stale(place.checked_on, today), place.id in points, tuple(said.get(place.id, ())))
        for place in own
    ]
    rows.sort(key=lambda row: (not row.answers, not row.stale, row.place.city[language], row.place.name[language]))
    q, city, due = (request.args.get(name, "")[: sifting.MOST_SIGNS] for name in ("q", "city", "due"))
    holds = sifting.sieve(q)
    found = [
        row
        for row in rows
        if holds(*sifting.texts(row.place)) and city in ("", row.place.city.ru) and (not due or row.due)
    ]
    return render_template(
        "desk/places.html",
        person=person,
        rows=found,
        all_of_them=len(rows),
        due_now=sum(row.due for row in rows),
        cities=sorted({(row.place.city.ru, row.place.city[language]) for row in rows}, key=lambda one: one[1]),
        asked={"q": q, "city": city, "due": due},
        searched=len(rows) > sifting.SHORT,
    )


@bp.get("/places/<slug>")
@staff_only(*PLACE_ROLES)
def place(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """A place step by step: what is done, what is missing, and where it is set."""
    return _page(person, location)


@bp.post("/places/<slug>")
@staff_only(*PLACE_ROLES)
def do_place(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Note a check by telephone, make a link for the place, put an answer aside, or take an example off the lists."""
    now, act = clock.now(), request.form.get("act", "")
    if act not in ("checked", "link", "settle", "hide") or (act == "hide" and not location.example):
        abort(422)
    db.session.rollback()
    with writing() as s:
        if act == "checked":
            checks.note_checked(s, location.id, person.name, person.login, now)
        elif act == "hide":
            setup.hide(s, location.id)
            audit.record(s, now, person.login, "place.hide", location.slug, location.id)
        elif act == "settle":
            checks.settle(s, location.id, request.form.get("answer", "")[:16], person.login, now)
        else:
            token = checks.ask(s, location.id, person.login, now)
    if act == "link":
        base = settings().base_url or request.host_url.rstrip("/")
        return _page(person, location, f"{base}{url_for('site.entry', token=token)}")
    return redirect(url_for("desk.place", slug=location.slug), 303)


def _page(person: SignedIn, location: LocationInfo, link: str = "") -> str:
    s, today = db.session(), clock.today()
    cat = catalogue.current(s)
    location = cat.locations[location.id]
    point = kits(s, cat).points.get(location.id)
    language = language_now()
    return render_template(
        "desk/place.html",
        person=person,
        location=location,
        steps=_steps(s, location, today),
        stale=checks.stale(location.checked_on, today),
        answers=checks.answers(s, [location.id]).get(location.id, []),
        link=link,
        link_days=checks.LINK_DAYS,
        spoken_once=_as_in_russian(location),
        read_aloud=_read_aloud(cat, location),
        point=point,
        today=clock.service_day(clock.now()),
        services={
            room.id: ", ".join(cat.services[number].name[language] for number in sorted(room.services))
            for room in location.rooms
        },
    )


def _as_in_russian(location: LocationInfo) -> list[str]:
    """What has no Kazakh words of its own, of what she reads in sentences."""
    told = ((_("The way in"), location.way_in), (_("Street and house"), location.address))
    return [str(words) for words, text in told if text.ru and text.kk == text.ru]


def _read_aloud(cat: Catalogue, location: LocationInfo) -> list[tuple[str, list[str]]]:
    """What is read to the place over the telephone: (what, lines)."""
    language = language_now()
    week = [f"{days}: {hours}" for days, hours in showing.week(cat, location, clock.now())]
    return [
        (_("Phone"), [location.phone or _("no phone")]),
        (_("Address"), [words for words in (location.address[language], location.way_in[language]) if words]),
        (_("Hours"), week or [_("hours not published")]),
        (_("What is done here"), [cat.services[number].name[language] for number in sorted(location.services)]),
    ]


def _steps(s: Session, location: LocationInfo, today: date) -> Steps:
    people = {
        staff_id
        for staff_id, organization_id, location_id in s.execute(
            select(Membership.staff_id, Membership.organization_id, Membership.location_id).where(
                Membership.role.in_(DESK_ROLES)
            )
        )
        if location_id == location.id or (location_id is None and organization_id == location.organization_id)
    }
    tried = s.scalar(
        select(LocationDay.location_id)
        .where(LocationDay.location_id == location.id, LocationDay.last_ticket > 0)
        .limit(1)
    )
    return Steps(
        entry=bool(location.phone and location.address.ru),
        rooms=sum(bool(room.services) for room in location.rooms),
        hours=bool(location.hours),
        people=len(people),
        bookable=location.bookable,
        attended=catalogue.attended(location, today),
        tried=tried is not None,
        checked=not checks.stale(location.checked_on, today),
        agreed=location.consent_on is not None,
        listed=location.visibility != "unlisted",
    )
