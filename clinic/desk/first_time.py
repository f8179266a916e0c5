"""The desk's tick "first time this year": counted for the place and the hour, and written beside no visit."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.booking import tally
from clinic.db import db, writing
from clinic.desk import bp, pages
from clinic.desk.pages import Desk, Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn


@bp.post("/roster/<slug>/first-time")
@staff_only(*ROSTER_ROLES)
def first_time(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Count one; the form names no ticket, so nothing can lead to a visit. A second tap on one page counts nothing."""
    now = clock.now()
    db.session.rollback()
    try:
        with writing() as s:

            def count() -> dict[str, str]:
                tally.add(s, tally.rounded([[tally.key(location.id, now, tally.FIRST)]]))
                return {}

            once.run(s, "first time", request.form.get("token", "")[:80], b"", once.DESK_KEPT, now, count)
    except once.Busy:
        pass
    desk = Desk(person, location, clock.service_day(now), now)
    return pages.page(desk, None, Said(_("First time this year: counted.")))


@bp.get("/roster/<slug>/first-time")
@staff_only(*ROSTER_ROLES)
def after_first_time(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads lands on the roster."""
    day = clock.service_day(clock.now()).isoformat()
    return redirect(url_for("desk.show_roster", slug=location.slug, day=day), 303)
