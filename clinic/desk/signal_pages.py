"""Signals, for whoever is on duty: the list, the one that is yours; drills for coordinators."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from clinic import clock
from clinic.booking import cities
from clinic.db import db, writing
from clinic.desk import bp
from clinic.desk.duty_forms import SignalStepForm
from clinic.desk.duty_pages import organizations
from clinic.directory import catalogue
from clinic.safety.alerts import answering, drills, duty, events, signals, standing
from clinic.safety.alerts.answering import NotYours
from clinic.staff import memberships
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn

RESPONDER, COORDINATOR = ("responder",), ("coordinator",)
ROLES = (*RESPONDER, *COORDINATOR)


@bp.get("/alerts")
@staff_only(*ROLES)
def show_signals(person: SignedIn) -> ResponseReturnValue:
    """What waits, who has what; for coordinators the drills and what they measured."""
    return _list(person)


@bp.post("/alerts")
@staff_only(*COORDINATOR)
def start_drill(person: SignedIn) -> ResponseReturnValue:
    """Give a signal of nobody, to measure the chain."""
    db.session.rollback()
    known = organizations(person, COORDINATOR)
    asked = request.form.get("organization", "")
    organization = int(asked) if re.fullmatch(r"[0-9]{1,9}", asked, re.ASCII) else next(iter(known))
    if organization not in known:
        abort(404)
    try:
        with writing() as s:
            drills.start(s, organization, person.login, clock.now())
    except drills.DrillRuns:
        return _list(person, _("A drill is under way already.")), 409
    except drills.NobodyOnDuty:
        return _list(person, _("Nobody is on duty whom a drill would call.")), 409
    return redirect(url_for("desk.show_signals"), 303)


@bp.get("/alerts/<signal>")
@staff_only(*RESPONDER)
def show_signal(person: SignedIn, signal: str) -> ResponseReturnValue:
    """The signal that is yours, with what she told; everybody else goes back to the list."""
    try:
        return _opened(person, _rid(signal))
    except NotYours:
        return redirect(url_for("desk.show_signals"), 303)


@bp.post("/alerts/<signal>")
@staff_only(*RESPONDER)
def step_signal(person: SignedIn, signal: str) -> ResponseReturnValue:
    """Take it, take it over, answer, note what was done, end it."""
    rid, form, now = _rid(signal), SignalStepForm(request.form), clock.now()
    if not form.validate():
        abort(422)
    db.session.rollback()
    text = form.text.data or form.text.raw.strip()
    try:
        with writing() as s:
            done = _do(s, rid, person, form, now)
    except NotYours:
        return _not_theirs(person, rid, text), 409
    if not done and form.act.data == "say":
        sentence = _("Not sent: too much has been written here.") if text else _("Write something first.")
        return _opened(person, rid, sentence, text), 422
    if not done:
        return _list(person, _("Somebody was faster, or it has ended. Nothing was changed.")), 409
    if form.act.data == "close":
        return redirect(url_for("desk.show_signals"), 303)
    return redirect(url_for("desk.show_signal", signal=signal), 303)


def _not_theirs(person: SignedIn, rid: bytes, text: str) -> str:
    """Why nothing was done; what was written stays in its field as long as the page is hers to see."""
    if text:
        with suppress(NotYours):
            return _opened(person, rid, _("Not sent: the signal has ended."), text)
    return _list(person, _("It is not yours now. Only who is on duty, with a passed test, takes one."))


def _do(s, rid: bytes, person: SignedIn, form: SignalStepForm, now: datetime) -> bool:  # type: ignore[no-untyped-def]
    match form.act.data:
        case "take":
            return answering.take(s, rid, person.staff_id, person.login, now)
        case "over":
            return answering.take_over(s, rid, form.was.data or "", person.staff_id, person.login, now)
        case "say":
            return answering.answer(s, rid, person.staff_id, form.text.data or "", now)
        case "note" if form.note.data:
            answering.note(s, rid, person.staff_id, form.note.data, now)
        case "close":
            answering.close(s, rid, person.staff_id, person.login, now)
        case "reopen":
            answering.reopen(s, rid, person.staff_id, person.login, now)
    return True


@dataclass(frozen=True, slots=True)
class Measured:
    """A drill in the list."""

    began_at: datetime
    running: bool
    sent_seconds: float | None
    taken_seconds: float | None


def _list(person: SignedIn, sentence: str = "") -> str:
    s, now = db.session(), clock.now()
    roles = {role.role for role in memberships.roles_of(s, person.staff_id)}
    responds, coordinates = "responder" in roles, "coordinator" in roles
    mine = next((one for one in duty.to_call(s, now) if one.staff_id == person.staff_id), None)
    own = tuple(organizations(person, COORDINATOR)) if coordinates else ()
    asked = request.args.get("page", "")
    number = int(asked) if re.fullmatch(r"[0-9]{1,6}", asked, re.ASCII) else 1
    waiting = answering.waiting(s, mine.organization_id if mine else None, person.staff_id, number)
    return render_template(
        "desk/signals.html",
        person=person,
        sentence=sentence,
        waiting=waiting if responds else None,
        cities={place.key: place.name for place in cities.cities(catalogue.current(s))},
        on_duty=mine,
        responds=responds,
        people=duty.to_call(s, now),
        coordinates=coordinates,
        organizations=organizations(person, COORDINATOR) if coordinates else {},
        drills=[
            Measured(one.began_at, one.ended_at is None, one.sent_seconds, one.taken_seconds)
            for one in drills.lately(s, own)
        ],
        figures=drills.figures(s, now),
    )


def _opened(person: SignedIn, rid: bytes, sentence: str = "", text: str = "") -> str:
    """The page of a signal. Raises NotYours."""
    s, now = db.session(), clock.now()
    s.rollback()
    opened = answering.open_(s, rid, person.staff_id)
    return render_template(
        "desk/signal.html",
        person=person,
        one=opened,
        sentence=sentence,
        text=text,
        open=opened.line.state == "taken",
        city=cities.by_key(catalogue.current(s), opened.line.city),
        well="safe" in [what for _at, what in opened.events],
        page_open=standing.page_is_open(opened.seen_at, now),
        steps=[(at, _event_words(what)) for at, what in opened.events],
        notes=[(what, _event_words(what)) for what in events.NOTES],
        most=signals.MOST_WORDS,
    )


def _rid(signal: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", signal, re.ASCII):
        abort(404)
    return bytes.fromhex(signal)


def _event_words(what: str) -> str:
    words = {
        "given": _("given"),
        "fired": _("went out"),
        "next_called": _("the next person was called"),
        "unanswered": _("calling has stopped"),
        "told_more": _("she told more"),
        "moved": _("her position came again"),
        "taken": _("taken"),
        "taken_over": _("taken over"),
        "she_wrote": _("she wrote"),
        "answered": _("answered"),
        "called_back": _("called back"),
        "called_103": _("103 called"),
        "called_102": _("102 called"),
        "handed_on": _("handed on to a colleague or a service"),
        "not_well": _("she cannot write, and is not well"),
        "she_stopped": _("she has stopped it, and said no more"),
        "safe": _("she is safe"),
        "closed": _("ended"),
        "reopened": _("opened again"),
        "called_again": _("she calls again"),
    }
    return str(words.get(what, what))
