"""Many places at once: a CSV file is read and shown as everybody will see it, then written; and taken out as one.

The file is not kept here between the two: the page that shows it carries it, and it is judged whole again.
"""

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import reshape
from clinic.db import LANGUAGES, Text3, db, writing
from clinic.desk import bp, place_forms
from clinic.desk.places import PLACE_ROLES
from clinic.directory import catalogue, hours_week, importing, preview
from clinic.directory.importing import LocationRow
from clinic.directory.models import Location, Organization
from clinic.directory.preview import Plan
from clinic.directory.tables import Mistake, TableRefused
from clinic.privacy import once
from clinic.safety.pages import neutral
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

MOST = 400_000  # of a file: some three hundred places; whoever has more has a shell
MOST_BODY = 2 * MOST
_ONLY_ON_ITS_PAGE = ("checked_on", "checked_by")  # who asked the place, and when, is never said by a file


class OtherThanShown(Exception):
    """What would be written is no longer what the page has shown."""


def _large(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A view whose form may hold a file; it stands before the guard, which reads the form."""

    @wraps(view)
    def received(**parts: Any) -> ResponseReturnValue:
        request.max_content_length = MOST_BODY
        request.max_form_memory_size = MOST_BODY
        return view(**parts)

    return received


@bp.route("/places/import", methods=["GET", "POST"])
@_large
@staff_only(*PLACE_ROLES)
def import_places(person: SignedIn) -> ResponseReturnValue:
    """Look at a file of places; only a second press writes it, and only if it still does what was shown."""
    if request.method == "GET":
        return _page(person)
    data = _sent()
    if data is None:
        return _page(person, sentence=_("Choose a file first.")), 422
    if len(data) > MOST:
        return _page(person, sentence=_("The file is larger than 400 kB. Send it in parts.")), 422
    s = db.session()
    try:
        plan = _plan(s, person, data)
    except TableRefused as refused:
        return _page(person, mistakes=refused.mistakes), 422
    if request.form.get("act") != "write":
        return _page(person, plan=plan, data=data)
    token = request.form.get("token", "")
    if not 22 <= len(token) <= 64:
        return _page(person, plan=plan, data=data), 422
    db.session.rollback()
    try:
        with writing() as w:
            done = once.run(
                w, "places-import", token, data, once.DESK_KEPT, clock.now(), lambda: _write(w, person, data)
            )
    except TableRefused as refused:
        return _page(person, mistakes=refused.mistakes), 409
    except (OtherThanShown, once.Busy, once.Reused):
        words = _("Something has changed since you looked. Nothing was written: look again.")
        return _page(person, plan=_plan(db.session(), person, data), data=data, sentence=words), 409
    return _page(person, done=done.answer)


@bp.get("/places/export.csv")
@staff_only(*PLACE_ROLES)
def export_places(person: SignedIn) -> ResponseReturnValue:
    """This coordinator's places as a file that the page of the import takes back."""
    s = db.session()
    own = memberships.places_of(s, person.staff_id, PLACE_ROLES, catalogue.current(s).locations.values())
    response = Response(importing.export_locations(s, {place.id for place in own}), mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=places.csv"
    return response


def _sent() -> bytes | None:
    """The file, chosen just now or carried by the page that showed it."""
    file = request.files.get("file")
    data = file.stream.read(MOST + 1) if file is not None else b""
    if data:
        return data
    try:
        return b64decode(request.form.get("data", ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _plan(s: Session, person: SignedIn, data: bytes) -> Plan:
    """What the file would do. Raises TableRefused, also for what is not this coordinator's to change."""
    plan = preview.look(s, data, clock.today())
    mistakes = [*_not_theirs(s, person, plan.checked), *_telling(plan.checked), *_outside(s, plan.checked)]
    if mistakes:
        raise TableRefused(mistakes)
    return plan


def _telling(rows: tuple[LocationRow, ...]) -> Iterator[Mistake]:
    """Names and ways in that say too much, as on the page of a place."""
    for row in rows:
        for column in ("name", "way_in"):
            said = row.values.get(column) or Text3()
            for language in LANGUAGES:
                if told := neutral.told_aloud(said[language]):
                    yield Mistake(row.number, f"{column}_{language}", place_forms.told(told))


def _outside(s: Session, rows: tuple[LocationRow, ...]) -> Iterator[Mistake]:
    """Hours that would leave visits without an open door: the page of hours asks about each of them."""
    cat, now = catalogue.current(s), clock.now()
    places = {place.key: cat.locations[place.id] for place in s.scalars(select(Location)) if place.id in cat.locations}
    for row in rows:
        place = places.get(row.key)
        new = {name: row.values[name] for name in ("hours", "hours_ph") if name in row.values}
        if place is None or all(getattr(place, name) == hours for name, hours in new.items()):
            continue
        already = {visit.rid for visit in reshape.stranded(s, cat, place, now)}
        left = [v for v in reshape.stranded(s, cat, replace(place, **new), now) if v.rid not in already]
        if left:
            words = ngettext(
                "%(num)s visit lies outside these hours. Change them on the place's own page: each is asked about.",
                "%(num)s visits lie outside these hours. Change them on the place's own page: each is asked about.",
                len(left),
            )
            yield Mistake(row.number, "hours", words)


def _not_theirs(s: Session, person: SignedIn, rows: tuple[LocationRow, ...]) -> list[Mistake]:
    cat = catalogue.current(s)
    places = {place.key: place for place in s.scalars(select(Location))}
    organizations = {one.slug: one for one in s.scalars(select(Organization))}
    roles = [role for role in memberships.roles_of(s, person.staff_id) if role.role in PLACE_ROLES]
    whole = {role.organization_id for role in roles if role.location_id is None}
    mistakes: list[Mistake] = []

    def wrong(row: LocationRow, column: str, message: str) -> None:
        mistakes.append(Mistake(row.number, column, message))

    for row in rows:
        place, organization = places.get(row.key), organizations.get(row.organization)
        own = place is not None and any(role.covers(cat.locations[place.id]) for role in roles)
        if place is not None and not own:
            wrong(row, "key", _("This key is taken. Give the place another one."))
            continue
        stays = place is not None and organization is not None and place.organization_id == organization.id
        if organization is None or not (stays or organization.id in whole):
            wrong(row, "organization", _("You do not coordinate this organization."))
        elif row.organization_name and _differs(row.organization_name, organization.name):
            wrong(row, "organization_ru", _("An organization is not renamed here."))
        for column in _ONLY_ON_ITS_PAGE:
            before = getattr(place, column) if place is not None else None
            if row.values.get(column) and row.values[column] != before:
                wrong(row, column, _("A check is noted on the place's own page, under the name of who asked."))
    return mistakes


def _differs(said: Any, known: Any) -> bool:
    return any(said[x] and said[x] != known[x] for x in ("kk", "ru", "en"))


def _seen(plan: Plan, data: bytes) -> str:
    """Stands for what the page shows: the file, and what it would do to which place."""
    rows = repr([(row.key, row.state, row.changes, row.week) for row in plan.rows]).encode()
    return sha256(data + rows).hexdigest()


def _write(s: Session, person: SignedIn, data: bytes) -> dict[str, Any]:
    now, plan = clock.now(), _plan(s, person, data)
    if not secrets.compare_digest(_seen(plan, data), request.form.get("seen", "")):
        raise OtherThanShown
    cat = catalogue.current(s)
    ids = {place.key: place.id for place in s.scalars(select(Location))}
    for row in plan.rows:
        if row.state == "changed":
            reshape.bump_ahead(s, cat.locations[ids[row.key]], now)
    if booked := list(_outside(s, plan.checked)):  # since the file was read
        raise TableRefused(booked)
    report = importing.store(s, plan.checked)
    written = {place.key: place for place in s.scalars(select(Location))}
    for row in plan.rows:
        if row.state != "same":
            place = written[row.key]
            verb = "place.new" if row.state == "new" else "place.change"
            audit.record(s, now, person.login, verb, place.slug, place.id)
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
    }


def _page(
    person: SignedIn,
    plan: Plan | None = None,
    data: bytes = b"",
    mistakes: tuple[Mistake, ...] = (),
    sentence: str = "",
    done: dict[str, Any] | None = None,
) -> str:
    return render_template(
        "desk/places_import.html",
        person=person,
        plan=plan,
        data=b64encode(data).decode(),
        seen=_seen(plan, data) if plan is not None else "",
        mistakes=mistakes,
        sentence=sentence,
        done=done,
        token=secrets.token_urlsafe(16),
        spans=hours_week.span_words,
        states={"new": _("new"), "changed": _("changed"), "same": _("as before")},
    )
