"""The covered screen: Esc or ten idle minutes cover it, a PIN opens it, and nothing that was typed is lost between."""

from flask import jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from clinic import clock
from clinic.db import db, writing
from clinic.desk import bp, doors
from clinic.desk.forms import PinForm
from clinic.privacy import limits
from clinic.staff import guard, sign_in, unsent
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES
from clinic.staff.sign_in import SignedIn

NOTHING = ("", 204)


@bp.get("/here")
@staff_only(*ROLES, before_second=True)
def still_here(person: SignedIn) -> ResponseReturnValue:  # noqa: ARG001
    """Asked by every open page: the line is there, the screen is not covered; with its header, somebody is typing."""
    return NOTHING


@bp.route("/lock", methods=["GET", "POST"])
def lock() -> ResponseReturnValue:
    """Cover the screen (GET and POST alike: the way out must not ask for anything) and show where the PIN goes.

    `?back=` is the page to go back to. A script that has covered its page itself gets no page.
    """
    person = guard.current()
    if person is None:
        return redirect(url_for("desk.sign_in_page"), 303)
    if not person.has_pin:
        with writing() as s:
            sign_in.end(s, person.token)
        return doors.signed_out()
    if not person.locked:
        with writing() as s:
            sign_in.lock(s, person.token, clock.now())
    if "back" in request.args:
        session[guard.BACK] = request.args["back"]
    return NOTHING if guard.POLL in request.headers else _lock_page("")


def _lock_page(error: str) -> str:
    return render_template("staff/lock.html", now=clock.now(), error=error)


@bp.post("/unlock")
@limits.limit("30 per 10 minutes", "pin")
def unlock() -> ResponseReturnValue:
    """Take the PIN; then what was sent meanwhile, or the page that was covered. A script is only told yes or no."""
    guard.check_form()
    person = guard.current()
    if person is None:
        return _away(redirect(url_for("desk.sign_in_page"), 303))
    form = PinForm(request.form)
    if not form.validate():
        return _refused(str(form.pin.errors[0]))
    db.session.rollback()
    try:
        sign_in.unlock(person.token, form.pin.data or "", clock.now())
    except sign_in.WrongPin as wrong:
        if wrong.left == 0:
            return _away(doors.signed_out("pin"))
        return _refused(_("Wrong PIN. Tries left: %(count)s.", count=wrong.left))
    session.pop(guard.PROVED, None)  # a PIN opens the screen; password and second factor are not changed with it
    if guard.POLL in request.headers:
        return NOTHING
    if unsent.of(db.session(), person.token) is not None:
        return redirect(url_for("desk.show_unsent"), 303)
    return redirect(_way_back(), 303)


def _refused(sentence: str) -> ResponseReturnValue:
    if guard.POLL in request.headers:
        return jsonify(sentence=sentence), 422
    return _lock_page(sentence), 422


def _away(to: BaseResponse) -> ResponseReturnValue:
    if guard.POLL in request.headers:
        response = jsonify(go=to.location)
        response.status_code = 401
        return response
    return to


@bp.get("/unsent")
@staff_only(*ROLES, before_second=True)
def show_unsent(person: SignedIn) -> ResponseReturnValue:
    """What was sent while the screen was covered: one press sends it after all."""
    kept = unsent.of(db.session(), person.token)
    if kept is None:
        return redirect(_way_back(), 303)
    return render_template("staff/unsent.html", person=person, kept=kept, action=request.script_root + kept.path)


@bp.post("/unsent")
@staff_only(*ROLES, before_second=True)
def drop_unsent(person: SignedIn) -> ResponseReturnValue:
    """It is not to be sent."""
    with writing() as s:
        unsent.drop(s, person.token)
    return redirect(_way_back(), 303)


def _way_back() -> str:
    """The page that was covered: a path of ours, or today's roster."""
    path = session.pop(guard.BACK, "")
    if isinstance(path, str) and path.startswith("/staff/") and "\\" not in path and "//" not in path:
        return request.script_root + path
    return url_for("desk.today")
