"""The register of requests: written by coordinators and administrators, corrected by new entries, printed."""

import secrets
from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.db import db, writing
from clinic.desk import bp, organizations
from clinic.desk.request_forms import RequestForm
from clinic.privacy import once
from clinic.safety.register import requests
from clinic.safety.register.models import GAVE
from clinic.safety.register.requests import Entry, NotTheLast, Written
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

ROLES = ("coordinator", "administrator")


@bp.route("/requests", methods=["GET", "POST"])
@staff_only(*ROLES, at_shared_desk=False)
def requests_page(person: SignedIn) -> ResponseReturnValue:
    """The register, and the form for another entry; with ?corrects= the form holds the entry to be corrected."""
    mine, now = organizations.theirs(person, ROLES), clock.now()
    if request.method == "GET":
        return _page(person, mine, _blank(mine, now), now)
    form = RequestForm(request.form)
    form.validate()
    entry = _entry(form, mine, now)
    if entry is None:
        return _page(person, mine, form, now), 422
    db.session.rollback()
    try:
        with writing() as s:

            def make() -> dict[str, object]:
                return {"id": requests.write(s, entry, person.login, now)}

            once.run(s, "request", form.token.data, repr(entry).encode(), once.DESK_KEPT, now, make)
    except NotTheLast:
        form.corrects.errors = [_("This entry was corrected before. Correct the one that stands in its place.")]
        return _page(person, mine, form, now), 409
    except (once.Reused, once.Busy):
        form.asked.errors = [_("This form was sent before: look whether the entry stands in the list.")]
        return _page(person, mine, form, now), 409
    return redirect(url_for("desk.requests_page"), 303)


@bp.get("/requests/print")
@staff_only(*ROLES, at_shared_desk=False)
def requests_print(person: SignedIn) -> ResponseReturnValue:
    """All entries on paper, for the lawyer or the board."""
    mine = organizations.theirs(person, ROLES)
    entries = requests.of(db.session(), mine)
    return render_template(
        "desk/requests_print.html", person=person, entries=entries, names=mine, gave=gave_words(), today=clock.today()
    )


def gave_words() -> dict[str, str]:
    """What was given, in a word."""
    return dict(zip(GAVE, (_("nothing"), _("a part"), _("all that was asked")), strict=True))


def _entry(form: RequestForm, mine: dict[int, str], now: datetime) -> Entry | None:
    """The entry of a form; None, and errors of its fields, where something is wrong."""
    today = clock.local(now).date()
    if form.organization.data is not None and form.organization.data not in mine:
        abort(404)
    for field in (form.day, form.lawyer_on):
        if field.data is not None and field.data > today:
            field.errors = [_("This day has not come yet.")]
    if form.gave.data in ("part", "all") and not form.given.data and not form.given.errors:
        form.given.errors = [_("Write what was given.")]
    if any(field.errors for field in form):
        return None
    return Entry(
        organization_id=form.organization.data,
        day=form.day.data,
        authority=form.authority.data,
        basis=form.basis.data,
        asked=form.asked.data,
        gave=form.gave.data,
        given=form.given.data or "",
        decided_by=form.decided_by.data,
        lawyer_on=form.lawyer_on.data,
        void=bool(form.void.data) and form.corrects.data is not None,
        corrects=form.corrects.data,
    )


def _blank(mine: dict[int, str], now: datetime) -> RequestForm:
    """An empty form, or the one of the entry that ?corrects= names."""
    form = RequestForm()
    form.day.raw = clock.local(now).date().isoformat()
    wanted = request.args.get("corrects", "")
    if wanted:
        before = next((one for one in requests.of(db.session(), mine) if str(one.id) == wanted), None)
        if before is None:
            abort(404)
        _fill(form, before)
    return form


def _fill(form: RequestForm, before: Written) -> None:
    entry = before.entry
    form.corrects.raw, form.organization.raw = str(before.id), str(entry.organization_id)
    form.day.raw = entry.day.isoformat()
    form.lawyer_on.raw = entry.lawyer_on.isoformat() if entry.lawyer_on else ""
    for name in ("authority", "basis", "asked", "gave", "given", "decided_by"):
        field: Any = form[name]
        field.raw = getattr(entry, name)


def _page(person: SignedIn, mine: dict[int, str], form: RequestForm, now: datetime) -> str:
    s = db.session()
    return render_template(
        "desk/requests.html",
        person=person,
        form=form,
        mine=mine,
        entries=requests.of(s, mine),
        years=requests.years(s, clock.local(now).date()),
        gave=gave_words(),
        token=secrets.token_urlsafe(16),
    )
