"""Her own account: PIN, password, second factor, recovery codes, and where she is signed in."""

import io
from datetime import datetime

from flask import abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.doors import site
from clinic.desk.forms import NewPinForm
from clinic.desk.people_forms import AppForm, PasskeyForm, PasswordForm
from clinic.directory import catalogue
from clinic.privacy import limits
from clinic.staff import accounts, guard, passkeys, second_factor, sign_in
from clinic.staff.guard import staff_only
from clinic.staff.models import ROLES, Staff
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


@bp.get("/me")
@staff_only(*ROLES, at_shared_desk=False)
def me(person: SignedIn) -> ResponseReturnValue:
    """What an account has, and where it is open."""
    s, now = db.session(), clock.now()
    return render_template(
        "staff/me.html",
        person=person,
        app=second_factor.has_app(s, person.staff_id),
        passkeys=passkeys.of(s, person.staff_id),
        codes_left=second_factor.codes_left(s, person.staff_id),
        opened=sign_in.opened(s, person.staff_id, now, person.token),
        places=place_names(),
    )


def place_names() -> dict[int, str]:
    """The names of all places, for lists that mention some."""
    language = language_now()
    return {id_: place.name[language] for id_, place in catalogue.current(db.session()).locations.items()}


@bp.post("/me/end")
@staff_only(*ROLES, at_shared_desk=False)
def end_own(person: SignedIn) -> ResponseReturnValue:
    """End one of her own sign-ins."""
    db.session.rollback()
    with writing() as s:
        sign_in.end_one(s, person.staff_id, request.form.get("sign_in", ""))
    return redirect(url_for("desk.me"), 303)


@bp.route("/me/proof", methods=["GET", "POST"])
@staff_only(*ROLES, at_shared_desk=False, before_second=True)
@limits.limit(limits.SIGN_INS, "proof")
def proof(person: SignedIn) -> ResponseReturnValue:
    """The password once more, before the locks are changed."""
    errors: list[str] = []
    if request.method == "POST":
        if _is_hers(person, request.form.get("password", "")):
            session[guard.PROVED] = int(clock.now().timestamp())
            return redirect(url_for("desk.me" if person.has_second else "desk.second"), 303)
        errors = [_("The password does not match.")]
    return render_template("staff/proof.html", person=person, errors=errors), 422 if errors else 200


@bp.route("/me/password", methods=["GET", "POST"])
@staff_only(*ROLES, at_shared_desk=False)
@limits.limit(limits.SIGN_INS, "proof")
def password(person: SignedIn) -> ResponseReturnValue:
    """Choose another password, by the one she has; her other sign-ins end."""
    form = PasswordForm(request.form)
    form.of_login, form.of_name = person.login, person.name
    fits = request.method == "POST" and form.validate()
    if fits and not _is_hers(person, form.current.data or ""):
        form.current.errors = [_("The password does not match.")]
        fits = False
    if not fits:
        return render_template("staff/password.html", person=person, form=form), 422 if form.errors else 200
    stored = accounts.hashed(form.password.data or "")
    db.session.rollback()
    with writing() as s:
        s.get_one(Staff, person.staff_id).password = stored
        sign_in.end_others(s, person.staff_id, person.token)
        audit.record(s, clock.now(), person.login, "password changed", person.login)
    return redirect(url_for("desk.me"), 303)


@bp.route("/me/second", methods=["GET", "POST"])
@staff_only(*ROLES, at_shared_desk=False, before_second=True)
@limits.limit("30 per 10 minutes", "second factor")
def second(person: SignedIn) -> ResponseReturnValue:
    """Set up a passkey, or an app on a phone; the first of them brings the recovery codes."""
    now = clock.now()
    if not guard.proved_lately(now):
        return redirect(url_for("desk.proof"), 303)
    if request.method == "GET":
        return _second_page(person, second_factor.new_secret())
    act = request.form.get("act")
    if act == "passkey":
        return _add_passkey(person, now)
    return _add_app(person, now) if act == "app" else abort(400)


def _add_app(person: SignedIn, now: datetime) -> ResponseReturnValue:
    form = AppForm(request.form)
    secret = second_factor.open_new(person.staff_id, form.secret.data or "")
    if secret is None:
        return _second_page(person, second_factor.new_secret(), app_error=_("Please scan the new code.")), 422
    step = second_factor.step_of(secret, form.code.data or "", now) if form.validate() else None
    if step is None:
        sentence = _("These are not the digits of this minute. Look at the app once more.")
        return _second_page(person, secret, app_error=sentence), 422
    db.session.rollback()
    with writing() as s:
        second_factor.set_app(s, person.staff_id, secret, step)
        codes = _first_codes(s, person)
        audit.record(s, now, person.login, "app.add", person.login)
    return _after(person, codes)


def _add_passkey(person: SignedIn, now: datetime) -> ResponseReturnValue:
    form = PasskeyForm(request.form)
    try:
        if not form.validate():
            raise passkeys.PasskeyRefused
        db.session.rollback()
        with writing() as s:
            name = form.name.data or _("Passkey")
            passkeys.add(s, site(), person.staff_id, form.answer.data or "", name, now, clock.local(now).date())
            codes = _first_codes(s, person)
            audit.record(s, now, person.login, "passkey.add", person.login)
    except passkeys.PasskeyRefused:
        sentence = _("This passkey was not accepted. Try once more.")
        return _second_page(person, second_factor.new_secret(), key_error=sentence), 422
    return _after(person, codes)


def _first_codes(s: Session, person: SignedIn) -> list[str]:
    return [] if second_factor.codes_left(s, person.staff_id) else second_factor.new_codes(s, person.staff_id)


def _after(person: SignedIn, codes: list[str]) -> ResponseReturnValue:
    if codes:
        return render_template("staff/codes.html", person=person, codes=codes)
    return redirect(url_for("desk.me"), 303)


def _second_page(person: SignedIn, secret: str, app_error: str = "", key_error: str = "") -> str:
    s = db.session()
    return render_template(
        "staff/second.html",
        person=person,
        app_error=app_error,
        key_error=key_error,
        has_app=second_factor.has_app(s, person.staff_id),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        sealed=second_factor.seal_new(person.staff_id, secret),
        drawing=_drawing(second_factor.address(secret, person.login, _("Keshki"))),
        question=passkeys.question_to_add(s, site(), person.staff_id, clock.now()),
    )


def _drawing(address: str) -> str:
    """A QR code as inline SVG, black on white whatever the page's colours."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out,
        kind="svg",
        scale=5,
        border=3,
        xmldecl=False,
        svgns=False,
        nl=False,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
        omitsize=True,  # a viewBox instead: the style sheet may make it smaller, and it stays whole
    )
    return out.getvalue().decode()


@bp.post("/me/second/take")
@staff_only(*ROLES, at_shared_desk=False)
def take_second(person: SignedIn) -> ResponseReturnValue:
    """Forget a passkey or the app; without any she is led to set up another one."""
    now, what = clock.now(), request.form.get("what", "")
    if not guard.proved_lately(now):
        return redirect(url_for("desk.proof"), 303)
    db.session.rollback()
    with writing() as s:
        if what == "app":
            second_factor.take_app(s, person.staff_id)
            audit.record(s, now, person.login, "app.drop", person.login)
        elif what.isascii() and what.isdigit() and len(what) < 10 and passkeys.take(s, person.staff_id, int(what)):
            audit.record(s, now, person.login, "passkey.drop", person.login)
    return redirect(url_for("desk.me"), 303)


@bp.post("/me/codes")
@staff_only(*ROLES, at_shared_desk=False)
def codes(person: SignedIn) -> ResponseReturnValue:
    """Ten fresh recovery codes; the old ones open nothing any more."""
    now = clock.now()
    if not guard.proved_lately(now):
        return redirect(url_for("desk.proof"), 303)
    db.session.rollback()
    with writing() as s:
        if not second_factor.has(s, person.staff_id):
            abort(404)
        fresh = second_factor.new_codes(s, person.staff_id)
        audit.record(s, now, person.login, "codes.new", person.login)
    return render_template("staff/codes.html", person=person, codes=fresh)


@bp.route("/pin", methods=["GET", "POST"])
@staff_only(*ROLES)
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
        same = sign_in.check(s, person.login, password) == person.staff_id
    except sign_in.SignInRefused:
        same = False
    db.session.rollback()
    return same
