"""After days switched off somebody has to say that the date is right: it is asked at the desk, where it is seen."""

import logging

from flask import redirect, request
from flask.typing import ResponseReturnValue

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp, pages
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import keys
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

log = logging.getLogger(__name__)
NEVER_TOO_MANY = 100_000  # days; a person saw the date


@bp.post("/roster/<slug>/<day>/date")
@staff_only(*ROSTER_ROLES)
def confirm_date(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """Believe the clock for good, if its date is still the one that was shown; the days before it are forgotten."""
    desk = pages.desk_of(person, location, day)
    today = clock.today()
    if request.form.get("today") == today.isoformat() and keys.ring().has_leapt(today):
        try:
            keys.ring().advance(today, leap_days=NEVER_TOO_MANY)
        except OSError as error:  # the question stays, and says whom to ask
            log.error("the date could not be confirmed (%s)", type(error).__name__)
            return redirect(desk.url(), 303)
        db.session.rollback()
        with writing() as s:
            audit.record(s, desk.now, person.login, "date.confirm", today.isoformat(), location.id)
    return redirect(desk.url(), 303)
