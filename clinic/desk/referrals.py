"""One-time codes between organizations: made to be handed over on paper, redeemed once."""

import secrets
from datetime import date, datetime

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from clinic import clock
from clinic.booking import showing
from clinic.db import db, writing
from clinic.desk import bp, organizations
from clinic.desk.request_forms import RedeemForm, ReferralForm
from clinic.directory import catalogue
from clinic.privacy import codes, limits, once
from clinic.safety.referrals import codes as referrals
from clinic.safety.referrals.codes import DAYS, KINDS, CodeUnknown
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

ROLES = ("receptionist", "clinician", "responder", "coordinator", "administrator")
USUAL_DAYS = "7"


@bp.get("/referrals")
@staff_only(*ROLES)
def referrals_page(person: SignedIn) -> ResponseReturnValue:
    """Give a code, or take one."""
    return _page(person, _blank(), RedeemForm())


@bp.post("/referrals/give")
@staff_only(*ROLES)
@limits.limit(limits.BOOKINGS, "referral")
def give_referral(person: SignedIn) -> ResponseReturnValue:
    """A new code, to be handed to her; it is shown in this answer alone."""
    mine, now = organizations.theirs(person, ROLES), clock.now()
    form = ReferralForm(request.form)
    form.validate()
    if form.sender.data is not None and form.sender.data not in mine:
        abort(404)
    if form.to.data is not None and (form.to.data not in organizations.names() or form.to.data == form.sender.data):
        form.to.errors = [_("Choose another organization.")]
    if any(field.errors for field in form):
        return _page(person, form, RedeemForm()), 422
    asked = (form.sender.data, form.to.data, form.kind.data, form.days.data)
    db.session.rollback()
    try:
        with writing() as s:

            def make() -> dict[str, object]:
                code, last = referrals.make(s, *asked, person.login, now)
                return {"code": code, "last": last.isoformat()}

            answer = once.run(s, "refer", form.token.data, repr(asked).encode(), once.DESK_KEPT, now, make).answer
    except (once.Reused, once.Busy):
        form.kind.errors = [_("This form was sent before. Begin a new one.")]
        return _page(person, form, RedeemForm()), 409
    return render_template(
        "desk/referral.html",
        person=person,
        code=codes.shown(answer["code"]),
        last=date.fromisoformat(answer["last"]),
        to=organizations.names()[form.to.data],
        kind=kind_words()[form.kind.data],
        places=_places_of(form.to.data, now),
    )


def _places_of(organization: int, now: datetime) -> list[tuple[str, str, str, str]]:
    """Where to go, to be said aloud: name, address as far as everybody may know it, phone, whether it is open."""
    cat, language = catalogue.current(db.session()), language_now()
    return [
        (place.name[language], showing.address(place, language), place.phone, showing.open_line(cat, place, now)[0])
        for place in cat.locations.values()
        if place.organization_id == organization and place.visibility != "unlisted"
    ]


@bp.post("/referrals/take")
@staff_only(*ROLES)
@limits.limit(limits.CODE_TRIES, "referral code")
def take_referral(person: SignedIn) -> ResponseReturnValue:
    """For what and by whom somebody was sent; the code is used up."""
    mine, now = organizations.theirs(person, ROLES), clock.now()
    form = RedeemForm(request.form)
    if not form.validate():
        return _page(person, _blank(), form), 422
    db.session.rollback()
    try:
        answer = _redeem(form, mine, person.login, now)
    except (CodeUnknown, once.Reused, once.Busy):
        form.code.errors = [_("No code to your organization: it never was one, was used before, or is too old.")]
        return _page(person, _blank(), form), 404
    return render_template(
        "desk/referral_taken.html",
        person=person,
        kind=kind_words()[answer["kind"]],
        sender=organizations.names().get(int(answer["from"]), ""),
    )


def _redeem(form: RedeemForm, mine: dict[int, str], actor: str, now: datetime) -> dict[str, str]:
    with writing() as s:

        def make() -> dict[str, object]:
            sent = referrals.redeem(s, form.code.data, mine, actor, now)
            return {"kind": sent.kind, "from": sent.from_id}

        body = f"{form.code.data}:{sorted(mine)}".encode()
        return once.run(s, "redeem", form.token.data, body, once.DESK_KEPT, now, make).answer


def kind_words() -> dict[str, str]:
    """For what somebody is sent."""
    words = (
        _("medical help after violence"), _("a safe place"), _("a lawyer"), _("a talk with a psychologist"),
        _("papers"),
    )  # fmt: skip
    return dict(zip(KINDS, words, strict=True))


def _blank() -> ReferralForm:
    form = ReferralForm()
    form.days.raw = USUAL_DAYS
    return form


def _page(person: SignedIn, form: ReferralForm, taken: RedeemForm) -> str:
    mine = organizations.theirs(person, ROLES)
    return render_template(
        "desk/referrals.html",
        person=person,
        form=form,
        taken=taken,
        mine=mine,
        others=organizations.names(),
        kinds=list(kind_words().items()),
        days=[(str(n), ngettext("%(num)s day", "%(num)s days", n)) for n in DAYS],
        token=secrets.token_urlsafe(16),
        taken_token=secrets.token_urlsafe(16),
    )
