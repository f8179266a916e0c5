"""On duty: press, prove that the test came, see until when; and what your signals wait for."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from clinic import clock, messaging
from clinic.db import Text3, db, writing
from clinic.desk import bp
from clinic.desk.duty_forms import ConfirmForm, DutyForm
from clinic.directory import catalogue
from clinic.directory.models import Organization
from clinic.safety.alerts import answering, duty, offering
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import gettext as _

ROLES = ("responder",)


@bp.get("/duty")
@staff_only(*ROLES)
def show_duty(person: SignedIn) -> ResponseReturnValue:
    """Whether you are on duty, and whether the test of the chain has passed."""
    return _page(person, DutyForm())


@bp.post("/duty")
@staff_only(*ROLES)
def press_duty(person: SignedIn) -> ResponseReturnValue:
    """On duty, another test, the number that came, off duty."""
    act, now = request.form.get("act", ""), clock.now()
    db.session.rollback()
    if act == "on":
        return _begin(person)
    if act == "confirm":
        form = ConfirmForm(request.form)
        with writing() as s:
            right = form.validate() and duty.confirm(s, person.staff_id, form.number.data or "", now)
        return redirect(url_for("desk.show_duty"), 303) if right else (_page(person, DutyForm(), wrong=True), 422)
    with writing() as s:
        if act == "test":
            try:
                duty.test(s, person.staff_id, now)
            except duty.TooManyTests:
                abort(422)
        elif act == "off":
            duty.end(s, person.staff_id, person.login, now)
        else:
            abort(422)
    return redirect(url_for("desk.show_duty"), 303)


def _begin(person: SignedIn) -> ResponseReturnValue:
    form, now = DutyForm(request.form), clock.now()
    known = organizations(person, ROLES)
    if not form.validate() or not messaging.enabled():
        return _page(person, form), 422
    organization = form.organization.data or next(iter(known))
    if organization not in known:
        abort(404)
    with writing() as s:
        duty.begin(s, person.staff_id, organization, form.shown_as.data, form.phone.data, form.hours.data, now)
    return redirect(url_for("desk.show_duty"), 303)


def _page(person: SignedIn, form: DutyForm, wrong: bool = False) -> str:
    s, now = db.session(), clock.now()
    known = organizations(person, ROLES)
    mine = duty.mine(s, person.staff_id, now)
    return render_template(
        "desk/duty.html",
        person=person,
        form=form,
        wrong=wrong,
        mine=mine,
        hours=duty.HOURS,
        organizations=known,
        sms=messaging.enabled(),
        voice=messaging.voice(),
        test_words=_test_words(mine.test_state) if mine else "",
        offered=offering.offer(s, now) is not None,
        waiting=answering.count(s, next(iter(known))) if mine and mine.tested_at else 0,
        others=len(duty.to_call(s, now)) - 1,
    )


def organizations(person: SignedIn, roles: tuple[str, ...]) -> dict[int, Text3]:
    """The organizations for which this person holds one of `roles`, with their names."""
    s = db.session()
    places = catalogue.current(s).locations
    ids = []
    for role in memberships.roles_of(s, person.staff_id):
        if role.role not in roles:
            continue
        if role.organization_id is not None:
            ids.append(role.organization_id)
        elif role.location_id is not None and role.location_id in places:
            ids.append(places[role.location_id].organization_id)
    rows = s.execute(select(Organization.id, Organization.name).where(Organization.id.in_(ids))).all()
    found = {row.id: row.name for row in rows}
    if not found:
        abort(404)
    return {one: found[one] for one in dict.fromkeys(ids) if one in found}


def _test_words(state: str) -> str:
    """Where the SMS of the test is."""
    match state:
        case "waiting" | "sending":
            return _("The test is on its way.")
        case "accepted" | "sent":
            return _("The test has left. If it has not come in two minutes, send another.")
        case "delivered":
            return _("The operator says that the test has arrived.")
        case "":
            return ""
    return _("The test did not arrive. Check the number, or send another.")
