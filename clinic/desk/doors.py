"""In and out: sign-in and sign-out."""

from datetime import datetime
from typing import Any

import flask_login
from flask import Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from clinic import audit, clock
from clinic.config import settings
from clinic.db import db, writing
from clinic.desk import bp, shared_desk
from clinic.desk.forms import SignInForm, SitDownForm
from clinic.privacy import limits
from clinic.staff import accounts, guard, guessing, passkeys, second_factor, shared_desks, sign_in
from clinic.staff.models import Staff

WHY = "why"  # in the session: why somebody finds herself at the sign-in page
REASONS = {
    "pin": _l("Three wrong PINs have closed the covered screen. Login and password open it again."),
}


@bp.errorhandler(guard.FormExpired)
def form_expired(_error: guard.FormExpired) -> ResponseReturnValue:
    """The form is not this session's: nothing was done, and the way on is one link."""
    return render_template("staff/expired.html"), 400


@bp.get("/sign-in")
def sign_in_page() -> ResponseReturnValue:
    """Login and password; a name and its PIN at a shared desk; whoever is signed in goes on."""
    if guard.current() is not None:
        return redirect(url_for("desk.today"), 303)
    why = REASONS.get(session.pop(WHY, ""))
    return _sign_in_page(error="" if why is None else str(why))


def _sign_in_page(login: str = "", error: Any = "", desk_error: str = "", chosen: str = "") -> str:
    now = clock.now()
    here = shared_desk.here(now)
    return render_template(
        "staff/sign_in.html",
        login=login,
        error=error,
        desk_error=desk_error,
        chosen=chosen,
        here=here,
        question=passkeys.question_to_enter(site(), now),
    )


def site() -> passkeys.Site:
    """Where this site's passkeys belong: its public address, or in the demo the one that is open."""
    return passkeys.Site(settings().base_url or request.host_url.rstrip("/"), _("Keshki"))


@bp.post("/sign-in", endpoint="sign_in")
@limits.limit(limits.SIGN_INS, "sign-in")
def do_sign_in() -> ResponseReturnValue:
    """Open a sign-in. One answer to a wrong login, password or code, and to an account that is switched off."""
    form = SignInForm(request.form)
    typed = (form.login.data or "")[:200].replace("\x00", "")
    if not _form_is_ours():
        return _sign_in_page(login=typed, error=_still_here()), 400
    now, login = clock.now(), accounts.normal_login(typed)
    if guessing.must_wait(login):
        return _sign_in_page(login=typed, error=_must_wait()), 429
    try:
        if not form.validate():
            raise sign_in.SignInRefused
        staff_id = sign_in.check(db.session(), typed, form.password.data or "")
    except sign_in.SignInRefused:
        staff_id = None
    db.session.rollback()
    passes = second_factor.passes(staff_id, form.code.data or "", now)
    if staff_id is not None and not passes:
        with writing() as s:
            audit.record(s, now, s.get_one(Staff, staff_id).login, "second.wrong", "")
    if staff_id is None:
        guessing.count(login)
        _note_wrong(login, now)
    if staff_id is None or not passes:
        return _sign_in_page(login=typed, error=_("This does not match. Check everything and try again.")), 422
    return enter(staff_id, now)


@bp.post("/sign-in/passkey", endpoint="enter_by_passkey")
@limits.limit(limits.SIGN_INS, "sign-in")
def do_enter_by_passkey() -> ResponseReturnValue:
    """Open a sign-in with what her device answered: both factors at once."""
    if not _form_is_ours():
        return _sign_in_page(error=_still_here()), 400
    now = clock.now()
    try:
        staff_id = passkeys.enter(site(), request.form.get("answer", ""), now)
    except passkeys.PasskeyRefused:
        return _sign_in_page(
            error=_("This passkey was not accepted. Try once more, or sign in with the password.")
        ), 422
    return enter(staff_id, now)


@bp.post("/sit-down", endpoint="sit_down")
@limits.limit("30 per 10 minutes", "pin")
def do_sit_down() -> ResponseReturnValue:
    """Open a sign-in of the person who sits down at a shared desk."""
    if not _form_is_ours():
        return _sign_in_page(desk_error=_still_here()), 400
    now = clock.now()
    here = shared_desk.here(now)
    form = SitDownForm(request.form)
    if here is None:
        return redirect(url_for("desk.sign_in_page"), 303)
    try:
        if not form.validate():
            raise shared_desks.DeskRefused
        who = int(form.who.data or 0)
        db.session.rollback()
        shared_desks.sit_down(here.desk, here.place, who, form.pin.data or "")
    except shared_desks.DeskRefused:
        sentence = _("Name and PIN do not match. After three wrong ones only login and password help.")
        return _sign_in_page(desk_error=sentence, chosen=request.form.get("who", "")), 422
    return enter(who, now, here.desk)


def _must_wait() -> Any:
    return _(
        "Too many wrong passwords were typed for this account. Wait an hour, use a passkey, "
        "or sign in where you have signed in before."
    )


def _note_wrong(login: str, now: datetime) -> None:
    """A wrong password is written down under the account, once an hour: she and her coordinator see it."""
    if not accounts.LOGIN.fullmatch(login):
        return
    with writing() as s:
        if s.scalar(select(Staff.id).where(Staff.login == login)) is not None:
            audit.record(s, now, login, "password.wrong", "")


def _form_is_ours() -> bool:
    try:
        guard.check_form()
    except guard.FormExpired:
        return False
    return True


def _still_here() -> str:
    return str(_("The page was open for a long time. Nothing is lost: send it once more."))


def enter(staff_id: int, now: datetime, desk: shared_desks.Desk | None = None) -> ResponseReturnValue:
    """Open a sign-in of an account that has proved itself, and go to today's roster."""
    with writing() as s:
        token = sign_in.begin(s, staff_id, now, desk.id if desk else None)
        person = s.get_one(Staff, staff_id)
        audit.record(s, now, person.login, "signed in", "", desk.location_id if desk else None)
        if desk is None:
            shared_desks.forgive(s, staff_id)
    session.clear()  # nothing from before the sign-in is worth anything after it
    session["language"] = person.language
    if desk is None:
        session[guard.PROVED] = int(now.timestamp())
    flask_login.login_user(sign_in.find(db.session(), token, now))
    answer = redirect(url_for("desk.today"), 303)
    if desk is None:
        guessing.remember(answer, person.login)
    return answer


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the sign-in, covered or not. The browser forgets what it kept of these pages."""
    guard.check_form()
    person = guard.current()
    if person is not None:
        with writing() as s:
            sign_in.end(s, person.token)
    return signed_out()


def signed_out(why: str = "") -> Response:
    """To the sign-in page, with nothing left of this session but its language; `why` is a key of `REASONS`."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    if why:
        session[WHY] = why
    response = make_response(redirect(url_for("desk.sign_in_page"), 303))
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
