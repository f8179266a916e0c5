"""`flask ready` as a page: what is missing before the site may open, and where each thing is set."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import Form

from clinic import audit, clock, ready
from clinic.booking import typed
from clinic.booking.forms import Parsed
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.place_forms import needed
from clinic.desk.places import PLACE_ROLES
from clinic.directory import catalogue
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn


@bp.get("/ready")
@staff_only(*PLACE_ROLES)
def readiness(person: SignedIn) -> ResponseReturnValue:
    """READY, or what is missing: at the server, an answer to a question, a place."""
    return _page(person)


@bp.post("/ready")
@staff_only(*PLACE_ROLES)
def do_readiness(person: SignedIn) -> ResponseReturnValue:
    """Note who has checked a question, or open it again: by who coordinates all places of an organization."""
    number, act, now = request.form.get("question", ""), request.form.get("act", "answer"), clock.now()
    if not _whole(person):
        abort(404)
    if not (number.isascii() and number.isdigit() and len(number) < 5) or act not in ("answer", "reopen"):
        abort(422)
    form = CheckedForm(request.form)
    if act == "answer" and not form.validate():
        return _page(person, int(number), form), 422
    db.session.rollback()
    with writing() as s:
        done = ready.reopen(s, int(number)) if act == "reopen" else _answer(s, int(number), form.by.data)
        if not done:
            abort(404)
        audit.record(s, now, person.login, f"question.{act}", number)
    return redirect(url_for("desk.readiness"), 303)


class CheckedForm(Form):
    """Who has checked a question."""

    by = Parsed(_l("Who has checked it"), lambda value: typed.text(value, 80), validators=[needed])


def _answer(s: Session, number: int, by: str) -> bool:
    return ready.answer(s, number, by, clock.today())


def _page(person: SignedIn, asked: int | None = None, form: CheckedForm | None = None) -> str:
    s = db.session()
    cat = catalogue.current(s)
    own = memberships.places_of(s, person.staff_id, PLACE_ROLES, cat.locations.values())
    slugs = {place.id: place.slug for place in own}
    return render_template(
        "desk/ready.html",
        person=person,
        lacks=[lack for lack in ready.missing(s) if lack.place is None or lack.place in slugs],
        own=slugs,
        may_answer=_whole(person),
        answered=ready.answered(s),
        asked=asked,
        form=form or CheckedForm(),
    )


def _whole(person: SignedIn) -> bool:
    roles = memberships.roles_of(db.session(), person.staff_id)
    return any(r.role in PLACE_ROLES and r.organization_id is not None for r in roles)
