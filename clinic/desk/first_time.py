"""The desk's tick "first time this year": counted for the place and the hour, and written beside no visit."""

from collections import Counter
from datetime import timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.booking import tally
from clinic.db import db, writing
from clinic.desk import bp, pages
from clinic.desk.pages import Desk, Got, Said
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

KEPT = timedelta(days=1)  # as long as the visit stands on the roster of its day


@bp.post("/roster/<slug>/first-time")
@staff_only(*ROSTER_ROLES)
def first_time(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Count one, once for each number, or take it back once; the form names no ticket that could lead to a visit."""
    now, token = clock.now(), request.form.get("token", "")[:80]
    desk, undoes = Desk(person, location, clock.service_day(now), now), request.form.get("act") == "undo"
    counted, added = tally.key(location.id, now, tally.FIRST), Counter[tally.Key]()
    db.session.rollback()

    def count() -> dict[str, int]:
        added.update(tally.rounded([[counted]]))
        tally.add(s, added)
        return {"added": added[counted]}

    def uncount() -> dict[str, int]:
        tally.add(s, Counter({counted: -int(before.answer["added"])}))
        return {}

    try:
        with writing() as s:
            before = once.run(s, "first time", token, b"", KEPT, now, count)
            gone = undoes and once.run(s, "first time undone", token, b"", KEPT, now, uncount)
    except once.Busy:
        return pages.page(desk, None, Said(_("That was done already. Look once more before you send it again.")))
    if gone:
        return pages.page(desk, None, Said(_("First time this year: taken back, it is not counted.")))
    again = _("It was counted already for this number.") if before.replayed else _("First time this year: counted.")
    return pages.beside(desk, Got(sentence=again, counted=token))


@bp.get("/roster/<slug>/first-time")
@staff_only(*ROSTER_ROLES)
def after_first_time(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads lands on the roster."""
    day = clock.service_day(clock.now()).isoformat()
    return redirect(url_for("desk.show_roster", slug=location.slug, day=day), 303)
