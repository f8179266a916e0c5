"""Sealed notes, seen from the organization that reads them: about how many wait, and whether the key is right.

Never what they say: no key is here. The file for the organization's own machine may be fetched here as well.
"""

from flask import Response, abort, render_template, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp
from clinic.directory import catalogue
from clinic.directory.models import Organization
from clinic.safety.reports import canary, conversations, key_list, post
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import date_words, language_now

ROLES = ("coordinator",)
CLASSES = (50, 20, 10, 5)  # "20 or more"; under the last nothing is written


@bp.get("/reports")
@staff_only(*ROLES)
def show_notes(person: SignedIn) -> ResponseReturnValue:
    """Weeks in classes and the canary, for a coordinator of the organization; for others only who reads notes."""
    s, now, found = db.session(), clock.now(), key_list.current()
    theirs = reads_notes(person)
    weeks = conversations.by_week(s, now) if theirs else {}
    return render_template(
        "desk/notes.html",
        person=person,
        name=found.name[language_now()] if found else "",
        theirs=theirs,
        weeks=[(date_words(week), next((least for least in CLASSES if n >= least), None)) for week, n in weeks.items()],
        canary=canary.state(s, now) if theirs else None,
        until=f"{date_words(found.until)} {found.until.year}" if found else "",
        month_words=date_words,
        fingerprint=key_list.shown(found.in_use) if found else "",
    )


@bp.post("/reports/file")
@staff_only(*ROLES)
def notes_file(person: SignedIn) -> ResponseReturnValue:
    """Everything that waits, sealed, as a file for the organization's machine; 404 for whoever is of another one."""
    if not reads_notes(person):
        abort(404)
    now = clock.now()
    with writing() as s:
        audit.record(s, now, person.login, "notes exported", "")
    pieces = stream_with_context(post.outgoing(db.session(), now))
    response = Response(pieces, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = 'attachment; filename="notes"'
    return response


def reads_notes(person: SignedIn) -> bool:
    """Whether this person coordinates the organization whose keys are in use, or a place of it."""
    found, s = key_list.current(), db.session()
    if found is None or person.desk_id is not None:
        return False
    organization = s.scalar(select(Organization.id).where(Organization.slug == found.organization))
    held = [role for role in memberships.roles_of(s, person.staff_id) if role.role in ROLES]
    own = memberships.places_of(s, person.staff_id, ROLES, catalogue.current(s).locations.values())
    return organization is not None and organization in {
        *(role.organization_id for role in held),
        *(place.organization_id for place in own),
    }
