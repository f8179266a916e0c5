"""What a place awaits and has ready, by day and number: when it comes, one press tells her code."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import awaiting
from clinic.booking.refusals import Gone
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.forms import ThingForm
from clinic.desk.views import ROSTER_ROLES
from clinic.directory.catalogue import LocationInfo
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

AWAITED_ROLES = ("clinician", "coordinator")


def _sees_awaited(person: SignedIn, location: LocationInfo) -> bool:
    """Whoever writes down what came sees what is awaited; a desk needs only what it hands out."""
    return memberships.may(db.session(), person.staff_id, AWAITED_ROLES, location)


@bp.route("/awaited/<slug>", methods=["GET", "POST"])
@staff_only(*ROSTER_ROLES)
def show_awaited(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The list; a press says that something is ready, or was fetched. Pressed twice it changes nothing."""
    now = clock.now()
    if request.method == "GET":
        things = awaiting.of_location(db.session(), location.id, now)
        return render_template(
            "desk/awaited.html",
            person=person,
            location=location,
            waits=_sees_awaited(person, location),
            coming=[thing for thing in things if not thing.ready],
            ready=[thing for thing in things if thing.ready],
            service_day=clock.service_day(now),
        )
    form = ThingForm.of(request.form.get("thing", ""))
    if not form.validate() or form.day.data is None:
        abort(422)
    act = awaiting.set_ready if form.act.data == "ready" else awaiting.take_off
    db.session.rollback()
    try:
        with writing() as s:
            act(s, location.id, form.day.data, int(form.ticket.data or 0), person.login, now)
    except Gone:
        pass  # another desk did it, or its time is over: the list says so
    return redirect(url_for("desk.show_awaited", slug=location.slug), 303)
