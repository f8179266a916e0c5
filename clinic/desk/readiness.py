"""`flask ready` as a page: what is missing before the site may open, and where each thing is set."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import audit, clock, ready
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.places import PLACE_ROLES
from clinic.directory import catalogue, checks
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn


@bp.get("/ready")
@staff_only(*PLACE_ROLES)
def readiness(person: SignedIn) -> ResponseReturnValue:
    """READY, or what is missing: at the server, an answer to a question, a place."""
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
    )


@bp.post("/ready")
@staff_only(*PLACE_ROLES)
def do_readiness(person: SignedIn) -> ResponseReturnValue:
    """Note that a question is answered: by who coordinates all places of an organization."""
    number, now = request.form.get("question", ""), clock.now()
    if not _whole(person):
        abort(404)
    if not (number.isascii() and number.isdigit() and len(number) < 5):
        abort(422)
    db.session.rollback()
    with writing() as s:
        if not ready.answer(s, int(number), checks.initials(person.name), clock.today()):
            abort(404)
        audit.record(s, now, person.login, "question.answer", number)
    return redirect(url_for("desk.readiness"), 303)


def _whole(person: SignedIn) -> bool:
    roles = memberships.roles_of(db.session(), person.staff_id)
    return any(r.role in PLACE_ROLES and r.organization_id is not None for r in roles)
