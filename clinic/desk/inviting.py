"""Invitations: sent by a coordinator, accepted by whoever was told the code."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import audit, clock
from clinic.config import settings
from clinic.db import db, writing
from clinic.desk import bp, doors, people_words
from clinic.desk.people_forms import AcceptForm, InviteForm
from clinic.privacy import limits
from clinic.staff import accounts, guard, invitations, people
from clinic.staff.guard import staff_only
from clinic.staff.models import Staff
from clinic.staff.people import CHIEFS, NotYours
from clinic.staff.sign_in import SignedIn


@bp.route("/people/invite", methods=["GET", "POST"])
@staff_only(*CHIEFS, at_shared_desk=False)
def invite(person: SignedIn) -> ResponseReturnValue:
    """Name, place and roles; then a link to send, and a code to tell. Both are shown in this answer only."""
    form = InviteForm(request.form)
    if request.method == "GET" or not form.validate():
        return _page(person, form), 422 if form.errors else 200
    now = clock.now()
    db.session.rollback()
    try:
        with writing() as s:
            roles = [people.target(s, role, *form.where.data) for role in form.roles.data or ()]
            made = invitations.invite(s, person.staff_id, form.name.data, form.language.data or "ru", roles, now)
            audit.record(s, now, person.login, "staff.invite", form.name.data, roles[0].location_id)
    except NotYours:
        return _page(person, form, _("You can't give this role at this place.")), 422
    return _invited(person, made, form.name.data, form.language.data or "ru")


@bp.post("/people/<int:who>/renew")
@staff_only(*CHIEFS, at_shared_desk=False)
def renew(person: SignedIn, who: int) -> ResponseReturnValue:
    """A link and a code with which somebody chooses a new password."""
    now = clock.now()
    db.session.rollback()
    with writing() as s:
        her = people.managed(s, person.staff_id, who)
        made = invitations.renew(s, person.staff_id, who, now)
        language = s.get_one(Staff, who).language
        audit.record(s, now, person.login, "staff.renew", her.login)
    return _invited(person, made, her.name, language)


def _invited(person: SignedIn, made: invitations.Invited, name: str, language: str) -> str:
    """Link (in the language of whoever gets it) and code."""
    base = settings().base_url or request.host_url.rstrip("/")
    return render_template(
        "staff/invited.html",
        person=person,
        link=f"{base}/{language}{url_for('desk.accept', key=made.key).removeprefix(request.script_root)}",
        code=f"{made.code[:4]} {made.code[4:]}",
        name=name,
    )


@bp.post("/people/invite/<key>/back")
@staff_only(*CHIEFS, at_shared_desk=False)
def take_back(person: SignedIn, key: str) -> ResponseReturnValue:
    """Make an invitation void."""
    now = clock.now()
    db.session.rollback()
    with writing() as s:
        name = invitations.take_back(s, person.staff_id, key, now)
        audit.record(s, now, person.login, "invitation.back", name)
    return redirect(url_for("desk.all_people"), 303)


@bp.get("/invitation/<key>")
def accept(key: str) -> ResponseReturnValue:
    """The form for a new account: the same for every link, used up by none of its openings."""
    return render_template("staff/accept.html", key=key[:40], form=AcceptForm(), error="")


@bp.post("/invitation/<key>", endpoint="do_accept")
@limits.limit(limits.SIGN_INS, "invitation")
def do_accept(key: str) -> ResponseReturnValue:
    """Make the account and go in."""
    form = AcceptForm(request.form)
    try:
        guard.check_form()
    except guard.FormExpired:
        return _again(key, form, _("The page was open for a long time. Nothing is lost: send it once more.")), 400
    if not form.validate():
        return _again(key, form, ""), 422
    now = clock.now()
    db.session.rollback()
    try:
        accepted = invitations.accept(
            key.replace("\x00", ""), form.code.data, form.login.data, form.password.data or "", form.pin.data or "", now
        )
    except invitations.InvitationRefused:
        sentence = _("Link and code do not match, or the invitation is over. After 5 tries a new one is needed.")
        return _again(key, form, sentence), 422
    except accounts.AccountError:
        return _again(key, form, _("This login can't be had. Choose another one.")), 422
    with writing() as s:
        audit.record(s, now, accepted.login, "invitation.accept", accepted.login)
    if not accepted.is_new:  # the second factor is still asked
        return redirect(url_for("desk.sign_in_page"), 303)
    return doors.enter(accepted.staff_id, now)


def _again(key: str, form: AcceptForm, error: str) -> str:
    return render_template("staff/accept.html", key=key[:40], form=form, error=error)


def _page(person: SignedIn, form: InviteForm, error: str = "") -> str:
    rules = people.rules_over(db.session(), person.staff_id)
    return render_template(
        "staff/invite.html",
        person=person,
        form=form,
        error=error,
        roles=people_words.roles_of(rules),
        choices=people_words.choices(rules),
    )
