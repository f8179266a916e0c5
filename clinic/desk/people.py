"""The people of a coordinator: who works where, roles given and taken, accounts switched off and on."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from clinic import audit, clock
from clinic.db import db, writing
from clinic.desk import bp, people_words, sifting
from clinic.desk.me import place_names
from clinic.desk.people_forms import GiveForm, RoleForm
from clinic.staff import invitations, people, sign_in
from clinic.staff.guard import staff_only
from clinic.staff.people import CHIEFS, Held, LastOne, NotYours, Person
from clinic.staff.sign_in import SignedIn


@bp.errorhandler(NotYours)
def not_yours(_error: NotYours) -> ResponseReturnValue:
    """What is not theirs does not exist."""
    return current_app.handle_user_exception(NotFound())


@bp.get("/people")
@staff_only(*CHIEFS, at_shared_desk=False)
def all_people(person: SignedIn) -> ResponseReturnValue:
    """Whom she searches for among all who work where she coordinates, and the invitations that are open."""
    s = db.session()
    rules, everybody = people.rules_over(s, person.staff_id), people.seen_by(s, person.staff_id)
    q, role, where = (request.args.get(name, "")[: sifting.MOST_SIGNS] for name in ("q", "role", "where"))
    holds, choices = sifting.sieve(q), people_words.choices(rules)
    found = [
        (one, people_words.summary(held))
        for one in everybody
        for held in [[role for role in one.held if _reached(rules, role)]]
        if holds(one.name, one.login)
        and (not role or any(it.role == role for it in held))
        and (not where or any(where == people_words.value_of(it) for it in held))
    ]
    return render_template(
        "staff/people.html",
        **_words(),
        person=person,
        people=found,
        all_of_them=len(everybody),
        asked={"q": q, "role": role, "where": where},
        searched=len(everybody) > sifting.SHORT,
        roles=people_words.roles_of(rules),
        choices=choices,
        pending=invitations.pending(s, person.staff_id, clock.now()),
    )


@bp.get("/people/<int:who>")
@staff_only(*CHIEFS, at_shared_desk=False)
def one_person(person: SignedIn, who: int) -> ResponseReturnValue:
    """One of them: roles, sign-ins, the account."""
    return _page(person, who, GiveForm())


@bp.post("/people/<int:who>/<any(give, take, off, on, end, reset):act>")
@staff_only(*CHIEFS, at_shared_desk=False)
def change_person(person: SignedIn, who: int, act: str) -> ResponseReturnValue:
    """One deed; what can't be done is said on her page."""
    form = GiveForm(request.form) if act == "give" else RoleForm(request.form)
    if act in ("give", "take") and not form.validate():
        return _page(person, who, form), 422
    db.session.rollback()
    try:
        with writing() as s:
            said = _do(s, person, who, act, form)
    except LastOne:
        sentence = _(
            "This can't be taken away: nobody would be left there who can let others in. "
            "Give it to somebody else first."
        )
        return _page(person, who, GiveForm(), sentence), 409
    if said:
        flash(said)
    return redirect(url_for("desk.one_person", who=who), 303)


def _do(s: Session, chief: SignedIn, who: int, act: str, form: GiveForm | RoleForm) -> str:
    """Do it and write it down; what is said afterwards."""
    now, her = clock.now(), people.seen(s, chief.staff_id, who)

    def note(verb: str, place: int | None = None, thing: str = her.login) -> None:
        audit.record(s, now, chief.login, verb, thing[:80], place)

    if act in ("give", "take"):
        for where in form.where.data if act == "give" else (form.where.data,):
            role = people.target(s, form.role.data or "", *where)
            (people.give if act == "give" else people.take)(s, chief.staff_id, who, role)
            note(f"role.{act}", role.location_id, f"{role.role} {her.login}")
        return str(_("Saved."))
    if act == "off":
        people.switch_off(s, chief.staff_id, who, now)
        note("staff.off")
        return str(_("Switched off: no page opens with this account any more."))
    if act == "on":
        people.switch_on(s, chief.staff_id, who)
        note("staff.on")
        return str(_("Switched on again."))
    if act == "reset":
        people.reset_second(s, chief.staff_id, who)
        note("second.reset")
        return str(_("At the next sign-in another second factor has to be set up."))
    people.managed(s, chief.staff_id, who)
    if sign_in.end_one(s, who, request.form.get("sign_in", "")):
        note("sign_in.end")
    return str(_("The sign-in has ended."))


def _page(chief: SignedIn, who: int, form: GiveForm | RoleForm, sentence: str = "") -> str:
    s, now = db.session(), clock.now()
    her = people.seen(s, chief.staff_id, who)
    rules = people.rules_over(s, chief.staff_id)
    manage = people.may_manage(rules, her)
    return render_template(
        "staff/person.html",
        **_words(),
        person=chief,
        her=her,
        held=_lines(her, rules),
        elsewhere=any(not _reached(rules, held) for held in her.held),
        manage=manage,
        opened=sign_in.opened(s, who, now, chief.token) if manage else [],
        form=form,
        sentence=sentence,
        roles=people_words.roles_of(rules),
        choices=people_words.choices(rules),
    )


def _lines(her: Person, rules: tuple[Held, ...]) -> list[tuple[Held, bool]]:
    """The roles that concern this coordinator, and whether she may take each."""
    return [(held, people.givable(rules, held)) for held in her.held if _reached(rules, held)]


def _reached(rules: tuple[Held, ...], held: Held) -> bool:
    return any(rule.covers(held) for rule in rules)


def _words() -> dict[str, Any]:
    return {
        "role_words": people_words.ROLE_WORDS,
        "where_words": people_words.where_words,
        "value_of": people_words.value_of,
        "reached": _reached,
        "places": place_names(),
    }
