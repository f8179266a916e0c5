"""Setting a place up and changing it: the entry of a new or known place, a room, how kits are handed over."""

import secrets
from collections.abc import Collection
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import Form

from clinic import audit, clock
from clinic.booking import reshape, showing
from clinic.booking.forms import SPOKEN
from clinic.db import LANGUAGES, Text3, db, writing
from clinic.desk import bp, place_forms
from clinic.desk.place_forms import PlaceForm, PointForm
from clinic.desk.places import PLACE_ROLES
from clinic.directory import catalogue, setup
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.models import KINDS, VISIBILITIES, Organization
from clinic.directory.placing import Towns
from clinic.kits import pointing
from clinic.kits.catalogue import PointInfo, kits
from clinic.kits.models import POINT_KINDS
from clinic.privacy import once
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

DEFAULTS = {
    "kind": "ngo", "visibility": "unlisted", "lead_minutes": "20", "days_ahead": "14", "cancel_minutes": "0",
    "grace_minutes": "10", "reveal_minutes": "60",
}  # fmt: skip
NUMBERS = ("lead_minutes", "days_ahead", "cancel_minutes", "grace_minutes", "reveal_minutes")
FLAGS = ("step_free", "all_genders", "with_migrants")


@bp.route("/places/new", methods=["GET", "POST"])
@staff_only(*PLACE_ROLES)
def place_new(person: SignedIn) -> ResponseReturnValue:
    """The entry of a new place; it begins reachable by its link alone."""
    own = _organizations(person)
    if request.method == "GET" or not own:
        return _entry_page(person, None, PlaceForm(MultiDict(DEFAULTS)), own), 200
    form, cat = PlaceForm(request.form), catalogue.current(db.session())
    form.validate()
    organization = form.organization.data or next(iter(own))
    if organization not in own:
        abort(404)
    values = place_forms.entry(cat, Towns(db.session()), form, None)
    services = _known(cat, form.service.data)
    if values is None:
        return _entry_page(person, None, form, own), 422
    now = clock.now()
    values["consent_on"] = clock.today() if form.agreed.data else None
    values["checked_on"] = None
    token = request.form.get("token", "")
    if not 22 <= len(token) <= 64:
        abort(422)
    db.session.rollback()

    def make() -> dict[str, Any]:
        made = setup.create(s, organization, values, services)
        audit.record(s, now, person.login, "place.new", made.slug, made.id)
        return {"slug": made.slug}

    try:
        with writing() as s:
            done = once.run(s, "place", token, repr(sorted(request.form.items())).encode(), once.DESK_KEPT, now, make)
    except (once.Busy, once.Reused):
        return redirect(url_for("desk.places"), 303)
    return redirect(url_for("desk.place", slug=done.answer["slug"]), 303)


@bp.route("/places/<slug>/entry", methods=["GET", "POST"])
@staff_only(*PLACE_ROLES)
def place_entry(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """What the public reads of a place, and how far ahead it is booked."""
    if request.method == "GET":
        return _entry_page(person, location, PlaceForm(_stored(location)), {})
    form, cat = PlaceForm(request.form), catalogue.current(db.session())
    form.validate()
    values = place_forms.entry(cat, Towns(db.session()), form, location)
    services = _known(cat, form.service.data)
    if values is None:
        return _entry_page(person, location, form, {}), 422
    now = clock.now()
    values["consent_on"] = (location.consent_on or clock.today()) if form.agreed.data else None
    db.session.rollback()
    with writing() as s:
        reshape.bump_ahead(s, location, now)
        setup.change(s, location.id, values, services)
        audit.record(s, now, person.login, "place.change", location.slug, location.id)
    return redirect(url_for("desk.place", slug=location.slug), 303)


@bp.route("/places/<slug>/kits", methods=["GET", "POST"])
@staff_only(*PLACE_ROLES)
def place_kits(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Whether and how kits are handed over here."""
    known = kits(db.session(), catalogue.current(db.session()))
    point = known.points.get(location.id)
    if request.method == "GET":
        return _point_page(person, location, PointForm(_stored_point(point)))
    form, now = PointForm(request.form), clock.now()
    form.validate()
    chosen = [number for number in form.kit.data or () if number in known.kit_by_id]
    if any(field.errors for field in form):
        return _point_page(person, location, form), 422
    db.session.rollback()
    with writing() as s:
        pointing.set_up(
            s, location.id, form.kind.data, int(form.hold_days.data), place_forms.three(form, "how_to_ask"), chosen
        )
        audit.record(s, now, person.login, "point.change", location.slug, location.id)
    return redirect(url_for("desk.place", slug=location.slug), 303)


def _organizations(person: SignedIn) -> dict[int, str]:
    """Organizations for all of whose places this person coordinates, by id."""
    s = db.session()
    own = {r.organization_id for r in memberships.roles_of(s, person.staff_id) if r.role in PLACE_ROLES}
    rows = s.execute(select(Organization.id, Organization.name).where(Organization.id.in_(own - {None})))
    return {number: name[language_now()] for number, name in rows}


def _known(cat: Catalogue, chosen: Collection[int] | None) -> list[int]:
    return [number for number in chosen or () if number in cat.services]


def three_fields(base: str, value: Text3) -> dict[str, str]:
    """A text in three languages as the fields of a form."""
    return {f"{base}_{language}": value[language] for language in LANGUAGES}


def _stored(location: LocationInfo) -> MultiDict[str, Any]:
    """A place as its form shows it."""
    language = language_now()
    found: dict[str, Any] = {
        "kind": location.kind,
        "city": location.city[language],
        "district": location.district[language],
        "position": "" if location.approximate else f"{location.lat:.6g}, {location.lng:.6g}",
        "visibility": location.visibility,
        "agreed": "1" if location.consent_on else "0",
        "phone": location.phone,
        "languages": list(location.languages),
        "service": [str(number) for number in location.services],
        "bookable": "1" if location.bookable else "0",
        **three_fields("name", location.name),
        **three_fields("address", location.address),
        **three_fields("way_in", location.way_in),
    }
    found |= {name: str(getattr(location, name)) for name in NUMBERS}
    found |= {name: {None: "", True: "1", False: "0"}[getattr(location, name)] for name in FLAGS}
    return MultiDict(found)


def _stored_point(point: PointInfo | None) -> MultiDict[str, Any]:
    if point is None:
        return MultiDict({"kind": "clinic", "hold_days": "3"})
    found: dict[str, Any] = {"kind": point.kind, "hold_days": str(point.hold_days)}
    found["kit"] = [str(number) for number in point.kits]
    return MultiDict({**found, **three_fields("how_to_ask", point.how_to_ask)})


def services_of(cat: Catalogue, only: Collection[int] | None) -> list[tuple[int, str]]:
    """Services to choose from, in the order of their numbers."""
    language = language_now()
    ordered = sorted(cat.services.values(), key=lambda service: service.number)
    return [(one.id, one.name[language]) for one in ordered if only is None or one.id in only]


def _entry_page(person: SignedIn, location: LocationInfo | None, form: Form, organizations: dict[int, str]) -> str:
    cat = catalogue.current(db.session())
    more: dict[str, Any] = {} if location is None else {"location": location}
    return render_template(
        "desk/place_entry.html",
        person=person,
        form=form,
        organizations=organizations,
        mine=location is not None or bool(organizations),
        kinds=[(kind, showing.kind_words(kind)) for kind in KINDS],
        visibilities=VISIBILITIES,
        spoken=[(code, showing.spoken_words(code)) for code in dict.fromkeys((*SPOKEN, *form["languages"].data))],
        services=services_of(cat, None),
        chosen=set(form["service"].data),
        spoken_here=set(form["languages"].data),
        token=secrets.token_urlsafe(16),
        **more,
    )


def _point_page(person: SignedIn, location: LocationInfo, form: Form) -> str:
    s = db.session()
    language = language_now()
    return render_template(
        "desk/place_kits.html",
        person=person,
        location=location,
        form=form,
        kinds=POINT_KINDS,
        all_kits=[(kit.id, kit.name[language]) for kit in kits(s, catalogue.current(s)).kits],
        chosen=set(form["kit"].data or ()),
    )
