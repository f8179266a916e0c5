"""That a signal waits, on every page of whoever is on duty and on the covered screen: a number, no more."""

from dataclasses import dataclass

from flask import g, jsonify, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import db
from clinic.desk import bp
from clinic.safety.alerts import answering, duty
from clinic.staff import guard
from clinic.wording import gettext as _
from clinic.wording import ngettext


@dataclass(frozen=True, slots=True)
class Bell:
    """How many signals nobody has taken, in a number and in words; whether the screen is covered."""

    count: int
    words: str
    covered: bool


def bell() -> Bell | None:
    """For whoever is signed in here and on duty with a passed test; None for everybody else. Asked once a request."""
    if "bell" not in g:
        g.bell = _look()
    found: Bell | None = g.bell
    return found


def _look() -> Bell | None:
    person = guard.current()
    if person is None or not person.has_second:
        return None
    s = db.session()
    mine = next((one for one in duty.to_call(s, clock.now()) if one.staff_id == person.staff_id), None)
    if mine is None:
        return None
    count = answering.count(s, mine.organization_id)
    return Bell(count, ngettext("%(num)s signal waits", "%(num)s signals wait", count), person.locked)


@bp.get("/lock/duty")
def ring() -> ResponseReturnValue:
    """Asked by duty.js every few seconds, behind a covered screen as well; it does not count as being here."""
    found = bell()
    if found is None:
        return "", 204
    link = "" if found.covered else url_for("desk.show_signals")
    return jsonify(count=found.count, words=found.words if found.count else "", link=link, sound=_("Turn the sound on"))


@bp.context_processor
def _bell() -> dict[str, object]:
    return {"bell": bell}
