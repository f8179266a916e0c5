"""The shared desks of a place: enrolling this browser as one, their list, and what the sign-in page shows there."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.people_forms import DeskForm
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import cookies
from clinic.staff import memberships, shared_desks, sign_in
from clinic.staff.guard import staff_only
from clinic.staff.people import CHIEFS
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

COOKIE = "d"


@dataclass(frozen=True, slots=True)
class Here:
    """The shared desk that this browser is: its place, and who may sit down."""

    desk: shared_desks.Desk
    place: LocationInfo
    people: list[tuple[int, str]]


def here(now: datetime) -> Here | None:
    """What this browser's cookie says, None where it is no shared desk."""
    token = cookies.read(COOKIE)
    if not token:
        return None
    s = db.session()
    desk = shared_desks.of_token(s, token, clock.local(now).date())
    if desk is None:
        return None
    place = catalogue.current(s).locations[desk.location_id]
    return Here(desk, place, shared_desks.people_at(s, place))


@bp.route("/people/desks", methods=["GET", "POST"])
@staff_only(*CHIEFS, at_shared_desk=False)
def shared_desk_list(person: SignedIn) -> ResponseReturnValue:
    """The shared desks of her places; this browser becomes one of them, and she is signed out of it."""
    places = _places(person)
    if request.method == "GET":
        return _page(person, places, DeskForm())
    form = DeskForm(request.form)
    if not form.validate():
        return _page(person, places, form), 422
    if form.place.data not in {place.id for place in places}:
        abort(404)
    now = clock.now()
    db.session.rollback()
    with writing() as s:
        token = shared_desks.enrol(s, form.place.data, form.name.data, clock.local(now).date())
        audit.record(s, now, person.login, "desk.add", form.name.data, form.place.data)
        sign_in.end(s, person.token)
    response = make_response(redirect(url_for("desk.sign_in_page"), 303))
    cookies.keep(response, COOKIE, token, shared_desks.GOOD_FOR)
    return response


@bp.post("/people/desks/<int:desk>/end")
@staff_only(*CHIEFS, at_shared_desk=False)
def end_shared_desk(person: SignedIn, desk: int) -> ResponseReturnValue:
    """Let a browser be no desk any more."""
    places = [place.id for place in _places(person)]
    now = clock.now()
    db.session.rollback()
    with writing() as s:
        gone = shared_desks.end(s, desk, places)
        if gone is not None:
            audit.record(s, now, person.login, "desk.end", gone.name, gone.location_id)
    if gone is None:
        abort(404)
    return redirect(url_for("desk.shared_desk_list"), 303)


def _places(person: SignedIn) -> list[LocationInfo]:
    s = db.session()
    found = memberships.places_of(s, person.staff_id, CHIEFS, catalogue.current(s).locations.values())
    language = language_now()
    return sorted(found, key=lambda place: (place.city[language], place.name[language]))


def _page(person: SignedIn, places: list[LocationInfo], form: DeskForm) -> str:
    desks = shared_desks.at(db.session(), [place.id for place in places], clock.today())
    names = {place.id: place.name[language_now()] for place in places}
    return render_template("staff/desks.html", person=person, places=places, desks=desks, names=names, form=form)
