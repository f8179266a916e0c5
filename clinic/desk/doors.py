"""In and out: sign-in, sign-out, the covered screen and its PIN."""

import flask_login
from flask import Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.forms import NewPinForm, PinForm, SignInForm
from clinic.privacy import limits
from clinic.staff import accounts, guard, sign_in
from clinic.staff.models import ROLES, Staff
from clinic.staff.sign_in import SignedIn


@bp.errorhandler(guard.FormExpired)
def form_expired(_error: guard.FormExpired) -> ResponseReturnValue:
    """The form is not this session's: nothing was done, and the way on is one link."""
    return render_template("staff/expired.html"), 400


@bp.get("/sign-in")
def sign_in_page() -> ResponseReturnValue:
    """Login and password; whoever is signed in goes on."""
    if guard.current() is not None:
        return redirect(url_for("desk.today"), 303)
    return render_template("staff/sign_in.html", login="", errors=[])


@bp.post("/sign-in", endpoint="sign_in")
@limits.limit(limits.SIGN_INS, "sign-in")
def do_sign_in() -> ResponseReturnValue:
    """Open a sign-in. One answer to a wrong login, a wrong password and an account that is switched off."""
    form = SignInForm(request.form)
    typed = (form.login.data or "")[:200].replace("\x00", "")
    try:
        guard.check_form()
    except guard.FormExpired:
        sentence = _("The page was open for a long time. Nothing is lost: send it once more.")
        return render_template("staff/sign_in.html", login=typed, errors=[sentence]), 400
    now = clock.now()
    try:
        if not form.validate():
            raise sign_in.SignInRefused
        staff_id = sign_in.check(db.session(), typed, form.password.data or "", now)
    except sign_in.SignInRefused:
        sentence = _("Login and password do not match. Check both and try again.")
        return render_template("staff/sign_in.html", login=typed, errors=[sentence]), 422
    db.session.rollback()
    with writing() as s:
        token = sign_in.begin(s, staff_id, now)
        person = s.get_one(Staff, staff_id)
        audit.record(s, now, person.login, "signed in", "")
    session.clear()  # nothing from before the sign-in is worth anything after it
    session["language"] = person.language
    found = sign_in.find(db.session(), token, now)
    flask_login.login_user(found)
    return redirect(url_for("desk.today"), 303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the sign-in, covered or not. The browser forgets what it kept of these pages."""
    guard.check_form()
    person = guard.current()
    if person is not None:
        with writing() as s:
            sign_in.end(s, person.token)
    return _signed_out()


def _signed_out() -> Response:
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    response = make_response(redirect(url_for("desk.sign_in_page"), 303))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.route("/lock", methods=["GET", "POST"])
def lock() -> ResponseReturnValue:
    """Cover the screen (GET and POST alike: the way out must not ask for anything) and show where the PIN goes."""
    person = guard.current()
    if person is None:
        return redirect(url_for("desk.sign_in_page"), 303)
    if not person.has_pin:
        with writing() as s:
            sign_in.end(s, person.token)
        return _signed_out()
    if not person.locked:
        with writing() as s:
            sign_in.lock(s, person.token, clock.now())
    return _lock_page([])


def _lock_page(errors: list[str]) -> str:
    return render_template("staff/lock.html", now=clock.now(), errors=errors)


@bp.post("/unlock")
@limits.limit("30 per 10 minutes", "pin")
def unlock() -> ResponseReturnValue:
    """Take the PIN and go back to the page that was covered."""
    guard.check_form()
    person = guard.current()
    if person is None:
        return redirect(url_for("desk.sign_in_page"), 303)
    form = PinForm(request.form)
    if not form.validate():
        return _lock_page([str(form.pin.errors[0])]), 422
    db.session.rollback()
    try:
        sign_in.unlock(person.token, form.pin.data or "", clock.now())
    except sign_in.WrongPin as wrong:
        if wrong.left == 0:
            return _signed_out()
        return _lock_page([_("Wrong PIN. Tries left: %(count)s.", count=wrong.left)]), 422
    return redirect(_way_back(), 303)


def _way_back() -> str:
    """The page that was covered: a path of ours, or today's roster."""
    path = session.pop(guard.BACK, "")
    if isinstance(path, str) and path.startswith("/staff/") and "\\" not in path and "//" not in path:
        return request.script_root + path
    return url_for("desk.today")


@bp.route("/pin", methods=["GET", "POST"])
@guard.staff_only(*ROLES)
@limits.limit(limits.SIGN_INS, "new pin")
def pin(person: SignedIn) -> ResponseReturnValue:
    """Choose another PIN."""
    errors: list[str] = []
    if request.method == "POST":
        form = NewPinForm(request.form)
        if not form.validate():
            errors = [str(e) for field in form for e in field.errors]
        elif not _is_hers(person, form.password.data or ""):
            errors = [_("The password does not match.")]
        else:
            new_hash = accounts.hashed(form.pin.data or "")
            with writing() as s:
                s.get_one(Staff, person.staff_id).pin = new_hash
                audit.record(s, clock.now(), person.login, "pin changed", person.login)
            return redirect(url_for("desk.today"), 303)
    return render_template("staff/pin.html", person=person, errors=errors), 422 if errors else 200


def _is_hers(person: SignedIn, password: str) -> bool:
    s = db.session()
    try:
        same = sign_in.check(s, person.login, password, clock.now()) == person.staff_id
    except sign_in.SignInRefused:
        same = False
    db.session.rollback()
    return same
