"""/mine: everything under her code, by POST alone. The code is never shown again, and never in an address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import (
    appointments,
    availability,
    feedback,
    showing,
    taken,
    telling,
    typed,
    waiting,
)
from clinic.booking.appointments import AppointmentView
from clinic.booking.forms import MineForm
from clinic.booking.refusals import Alternatives, Gone, NotASlot, NotBookable, SlotTaken, TooLate
from clinic.booking.views import STRIP_DAYS, Page, sent
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import orders
from clinic.kits import showing as kit_showing
from clinic.kits.forms import MyOrderForm
from clinic.messaging import outbox
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass
from clinic.privacy import lately, limits, tokens
from clinic.safety.trainings import reading
from clinic.safety.trainings.forms import MySeatForm
from clinic.site import mine_felt, mine_orders, mine_ready, mine_trainings, mine_visits, mine_waiting
from clinic.site.home import blueprint
from clinic.wording import gettext as _

Draw = Callable[[Session], Page | Response]  # draws a page when what was done is committed: no lock waits for it
LOOKS = ("open", "times", "calendar", "silent", "points")  # they change nothing, so they wait for no writer


@dataclass(frozen=True, slots=True)
class Own:
    """What else hangs from a pass and has acts of its own: their form, and what does them."""

    form: Callable[[Any], Any]
    act: Callable[[Session, Catalogue, OpenPass, Any, datetime], mine_orders.Said | Draw]


# by the field that names the thing
OWN = {
    "order": Own(MyOrderForm, mine_orders.act),
    "felt": Own(mine_felt.FeltForm, mine_felt.act),
    "seat": Own(MySeatForm, mine_trainings.act),
    "wish": Own(mine_waiting.WishForm, mine_waiting.act),
}


@blueprint.route("/mine", methods=["GET", "POST"])
def mine() -> Page | Response:
    """Ask for the code; with it, see, move, cancel, silence, forget, take the calendar file."""
    form = MineForm(sent())
    if not form.is_submitted():
        return render_template("site/mine.html", form=MineForm(None), lines=_lately(clock.now()))
    now = clock.now()
    own = next((own for name, own in OWN.items() if name in request.form), None)
    its = None if own is None else own.form(sent())
    valid = form.validate()
    if its is not None:  # its acts are its own
        its.validate()
        form.act.errors = ()
    if form.code.data is None and not form.code.errors:
        form.code.errors = [_("Type your code.")]
    if form.code.errors or form.act.errors:
        return render_template("site/mine.html", form=form), 400
    asked = form.act.data if its is None else its.act.data
    try:
        if (asked or "open") in LOOKS:
            return _answer(db.session(), form, own, its, valid, now)(db.session())
        with writing() as s:
            draw = _answer(s, form, own, its, valid, now)
        db.session.rollback()  # what was read before is older than what was done
        return draw(db.session())
    except CodeUnknown:
        limits.missed()
        form.code.errors = [_("There is no such code. It may have been forgotten already.")]
        return render_template("site/mine.html", form=form), 404


def _lately(now: datetime) -> list[tuple[str, str, str]]:
    """What this browser has done lately, each with the address that shows it again."""
    where: dict[str, Callable[[str], tuple[str, str]]] = {
        "book": lambda slug: (_("You are booked"), url_for("booking.book_visit", slug=slug)),
        "order": lambda _where: (_("You have ordered"), url_for("kits.points")),
        "seat": lambda number: (_("You have a seat"), url_for("trainings.day", number=int(number))),
        "wait": lambda _where: (_("You wait for a free time"), url_for("booking.wait")),
    }
    found = reversed(lately.deeds(now))
    return [(*where[deed.form](deed.where), deed.rid) for deed in found if deed.form in where]


def _answer(s: Session, form: MineForm, own: Own | None, its: Any, valid: bool, now: datetime) -> Draw:
    """Do what she asked; what draws the page of it, once that is committed."""
    cat = catalogue.current(s)
    pass_ = passes.find(s, form.code.data)
    if own is None:
        return _act(s, cat, pass_, form, valid, now)
    done = own.act(s, cat, pass_, its, now)
    return _shown(form, now, done.words, done.status, its) if isinstance(done, mine_orders.Said) else done


def _shown(form: MineForm, now: datetime, said: str = "", status: int = 200, its: Any = None) -> Draw:
    """Everything under the pass, with a sentence over it."""

    def draw(s: Session) -> Page:
        pass_ = passes.find(s, form.code.data)
        return _page(s, catalogue.current(s), pass_, form, now, said, its), status

    return draw


def _act(s: Session, cat: Catalogue, pass_: OpenPass, form: MineForm, valid: bool, now: datetime) -> Draw:
    act = form.act.data or "open"
    if act == "forget":
        _forget(s, cat, pass_, now)
        return lambda _s: render_template("site/forgotten.html")
    if act == "quiet":
        _silence(s, cat, pass_, now)
        return _shown(form, now, _("No SMS will come. Your number is erased."))
    if act == "open":
        return _shown(form, now)
    view = next((v for v in appointments.of_pass(s, cat, pass_, now) if v.rid == form.visit.data), None)
    if view is None:
        return _shown(form, now, _("There is no such visit any more."), 404)
    if act in ("calendar", "silent"):
        return lambda _s: mine_visits.calendar_file(form.code.data, view, pass_, act == "calendar", now)
    try:
        if act == "cancel":
            appointments.cancel(s, cat, pass_, view.rid, now)
            said = _("Cancelled. The time %(time)s is free again.", time=wording.time_words(view.start))
            return _shown(form, now, said)
        if act == "late" and form.minutes.data is not None:
            later = appointments.comes_late(s, cat, pass_, view.rid, form.minutes.data, now)
            return _shown(form, now, mine_visits.late_words(later))
        if act == "late":
            return _shown(form, now, _("Please choose one of the answers."), 400)
        if act == "times" or not valid or form.start.data is None:
            if act == "move" and not form.start.errors:
                form.start.errors = [_("Choose a time.")]
            status = 200 if act == "times" and valid else 400
            return lambda later: (_times(later, cat, view, form, now), status)
        return _move(s, cat, pass_, view, form, now)
    except TooLate:
        return _shown(form, now, _("It is too late to change this here. At the door, say your ticket."), 409)
    except Gone:
        return _shown(form, now, _("There is no such visit any more."), 404)


def _move(s: Session, cat: Catalogue, pass_: OpenPass, view: AppointmentView, form: MineForm, now: datetime) -> Draw:
    def others(said: str, found: Alternatives, status: int) -> Draw:
        return lambda later: (_times(later, cat, view, form, now, said, found), status)

    saved = s.begin_nested()
    try:
        appointments.move(s, cat, pass_, view.rid, form.start.data, now)
        saved.commit()
    except SlotTaken as refusal:
        saved.rollback()
        return others(_("This time was just taken."), refusal.alternatives, 409)
    except NotASlot as refusal:
        saved.rollback()
        return others(_("This time can't be chosen."), refusal.alternatives, 400)
    except NotBookable:
        saved.rollback()
        return others(_("This place takes no bookings here at the moment."), (), 409)
    return _shown(form, now, _("Moved. This is your ticket now."))


def _forget(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> None:
    """Cancel what is ahead, then delete the pass and all that hangs from it."""
    views = appointments.of_pass(s, cat, pass_, now)
    # the days of all of them, in one order for everybody, so that two who forget can't lock each other out
    for location_id, day in sorted({(view.location.id, clock.service_day(view.start)) for view in views}):
        taken.bump(s, location_id, day, 0)
    for view in views:
        try:
            appointments.cancel(s, cat, pass_, view.rid, now)
        except TooLate:
            outbox.drop(s, telling.about(view.rid), None, now)
    mine_orders.forget(s, cat, pass_, now)
    mine_trainings.forget(s, pass_, now)
    passes.forget(s, pass_)


def _silence(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> None:
    """No message any more: what waits is dropped, and the number goes."""
    pass_ = passes.hold(s, pass_)  # who books with her code at this moment puts no message after this
    for view in appointments.of_pass(s, cat, pass_, now):
        outbox.drop(s, telling.about(view.rid), None, now)
    mine_orders.silence(s, cat, pass_, now)
    mine_trainings.silence(s, pass_, now)
    waiting.silence(s, pass_, now)
    outbox.erase(s, pass_.rid)
    passes.set_contact(s, pass_, pass_.language, pass_.cover, None)


def _page(
    s: Session, cat: Catalogue, pass_: OpenPass, form: MineForm, now: datetime, said: str = "", its: Any = None
) -> str:
    """Everything under the pass; `its`: the form that was just sent of something of its own."""
    views = appointments.of_pass(s, cat, pass_, now)
    asked = feedback.open_for(s, views)
    visits = mine_visits.cards(s, views, asked, now)
    cards = [mine_orders.card(s, cat, view, now) for view in orders.of_pass(s, cat, pass_, now)]
    return render_template(
        "site/mine_open.html",
        visits=visits,
        cards=cards,
        seats=mine_trainings.cards(s, cat, pass_, now),
        wishes=mine_waiting.cards(s, cat, pass_, now),
        token_for=lambda: tokens.new("book"),
        ready=mine_ready.cards(s, cat, pass_, now),
        unreached=pass_.unreached,
        code=form.code.data,
        said=said,
        felt=its if isinstance(its, mine_felt.FeltForm) else None,
        token=tokens.new("told"),
        classes=reading.any_ahead(s, now),
        tests_shown=bool(kit_showing.shown(kit_catalogue.kits(s, cat))),
    )


def _times(
    s: Session,
    cat: Catalogue,
    view: AppointmentView,
    form: MineForm,
    now: datetime,
    said: str = "",
    alternatives: Alternatives = (),
) -> str:
    """Days and times to move a visit to, at the same place."""
    loc = view.location
    today = clock.local(now).date()
    days = min(loc.days_ahead + 1, STRIP_DAYS)
    services = frozenset(service.id for service in view.services)
    slots = availability.slots(s, cat, loc, services, today, days + 1, now)
    if not appointments.in_time(loc, view.start, now):  # she is late: this evening, no other
        days, slots = 1, tuple(slot for slot in slots if clock.service_day(slot.start) == clock.service_day(view.start))
    strip = showing.strip(cat, loc, slots, today, days)
    first_free = next((row[0] for row in strip if not row[4]), today.isoformat())
    wished = form.day.data or max(clock.local(view.start).date(), today)
    day = wished if today <= wished < today + timedelta(days=days) else typed.day(first_free)
    groups, ticked = showing.groups(slots, day, form.start.data)
    near = [
        (typed.start_value(slot.start), showing.day_and_time(slot.start, now))
        for other, slot in alternatives
        if other.id == loc.id
    ]
    shown: dict[str, Any] = {"strip": strip, "day": day.isoformat(), "groups": groups, "ticked": ticked}
    return render_template(
        "site/move.html",
        form=form,
        code=form.code.data,
        visit=view.rid.hex(),
        now_at=showing.day_and_time(view.start, now),
        day_words=wording.day_words(day, today),
        near=near,
        said=said,
        left=sum(len(times) for _name, times in groups),
        **shown,
    )
