"""The door of every staff page: who is signed in, whether the screen is covered, whether the place is theirs."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import flask_login
from flask import Flask, Response, abort, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from clinic import clock
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.privacy import sealing
from clinic.staff import memberships, sign_in, unsent
from clinic.staff.models import DESK_ROLES
from clinic.staff.sign_in import SignedIn

View = Callable[..., ResponseReturnValue]
BACK = "back"
PROVED = "proved"  # in the session: when password or passkey were last given, in seconds
PROVED_FOR = timedelta(minutes=15)
POLL, ACTIVE = "Keshki-Poll", "Keshki-Active"  # headers of desk.js
CARRIED = "carried"  # in a form that was kept while the screen was covered: it is being sent now


class FormExpired(Exception):
    """The form does not belong to this browser's session (any more)."""


def init(app: Flask) -> None:
    """Set up flask-login over our own sign-in table."""
    manager = flask_login.LoginManager()
    manager.session_protection = None  # a desk on a mobile modem changes its address; the token is enough
    manager.user_loader(_load)
    manager.init_app(app)


def _load(token: str) -> SignedIn | None:
    return sign_in.find(db.session(), token, clock.now())


def current() -> SignedIn | None:
    """Who is signed in here, covered screen or not; None for nobody."""
    user = flask_login.current_user
    return user._get_current_object() if user.is_authenticated else None


def still_in(person: SignedIn, now: datetime) -> bool:
    """Whether this sign-in is open after something that may have ended it."""
    return sign_in.find(db.session(), person.token, now) is not None


def proved_lately(now: datetime) -> bool:
    """Whether password or passkey were given in this browser a moment ago: what changes the locks asks for it."""
    return now.timestamp() - float(session.get(PROVED, 0)) < PROVED_FOR.total_seconds()


def check_form() -> None:
    """Raises FormExpired unless the form carries this session's token."""
    try:
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError as error:
        raise FormExpired from error


def staff_only(*roles: str, at_shared_desk: bool = True, before_second: bool = False) -> Callable[[View], View]:
    """A view for people who hold one of `roles`; called with the person first.

    A view with a `slug` in its address gets the location instead of it, and is 404 for everybody who
    does not hold the role at that very place: what is not theirs does not exist. A PIN at a shared desk
    opens what belongs to that desk's place, and nothing that says `at_shared_desk=False`. Whoever still
    needs a second factor is led to it, but for the views in which it is made (`before_second`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**parts: Any) -> ResponseReturnValue:
            person = current()
            if person is None:
                return _away(url_for("desk.sign_in"))
            now = clock.now()
            if person.locked:
                _cover(person)
                return _away(url_for("desk.lock"))
            if not (person.has_second or before_second):
                return _away(url_for("desk.second"))
            if person.desk_id is not None and not at_shared_desk:
                abort(404)
            if "slug" in parts:
                parts["location"] = _their_location(person, parts.pop("slug"), roles)
            elif not roles_here(person) & set(roles):
                abort(404)
            if request.method == "POST":
                check_form()
                if CARRIED in request.form:
                    with writing() as s:
                        unsent.drop(s, person.token)
            if sign_in.due_for_touch(person, now) and (POLL not in request.headers or ACTIVE in request.headers):
                with writing() as s:
                    sign_in.touch(s, person.token, now)
            return view(person, **parts)

        guarded.staff_roles = roles  # type: ignore[attr-defined]
        return guarded

    return decorate


def within_reach(person: SignedIn, places: Iterable[catalogue.LocationInfo]) -> tuple[catalogue.LocationInfo, ...]:
    """Those of `places` that this sign-in opens: at a shared desk that desk's alone."""
    return tuple(place for place in places if person.desk_id in (None, place.id))


def _their_location(person: SignedIn, slug: str, roles: Collection[str]) -> catalogue.LocationInfo:
    s = db.session()
    location = catalogue.current(s).by_slug.get(slug)
    if location is None or person.desk_id not in (None, location.id):
        abort(404)
    if not memberships.may(s, person.staff_id, _reach(person, roles), location):
        abort(404)
    return location


def roles_here(person: SignedIn) -> set[str]:
    """The roles that this sign-in opens somewhere; at a shared desk those at its place that a PIN may open."""
    s = db.session()
    held = memberships.roles_of(s, person.staff_id)
    if person.desk_id is None:
        return {r.role for r in held}
    place = catalogue.current(s).locations[person.desk_id]
    return {r.role for r in held if r.covers(place)} & set(DESK_ROLES)


def _reach(person: SignedIn, roles: Collection[str]) -> Collection[str]:
    """Those of `roles` that this sign-in opens."""
    return roles if person.desk_id is None else set(roles) & set(DESK_ROLES)


def _cover(person: SignedIn) -> None:
    """Write down that the screen is covered, and where to go on after the PIN; what was sent is kept until then."""
    asked = POLL not in request.headers
    with writing() as s:
        sign_in.lock(s, person.token, clock.now())
        if asked and request.method == "POST" and _ours():
            with suppress(sealing.Gone):
                unsent.keep(s, person.token, here(), request.form.items(multi=True))
    if asked and request.method == "GET":
        session[BACK] = here()


def _ours() -> bool:
    """Whether the form is this session's: what another site sends in her name is not kept."""
    try:
        check_form()
    except FormExpired:
        return False
    return True


def here() -> str:
    """This page's path and query, without the language."""
    return request.full_path.rstrip("?")


def _away(url: str) -> ResponseReturnValue:
    if POLL in request.headers:
        answer: Response = jsonify(go=url)
        answer.status_code = 401
        return answer
    return redirect(url, 303)
