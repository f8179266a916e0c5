"""The counter of a distribution point: who waits, handing over by number and letter, five minutes to undo."""

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from clinic.config import settings
from clinic.db import db, writing
from clinic.desk import bp, finding, point_pages, sifting
from clinic.desk.forms import FindForm
from clinic.desk.pages import Said, scripted
from clinic.desk.point_forms import PressForm, WalkInForm
from clinic.desk.point_pages import POINT_ROLES, Counter, Got
from clinic.directory.catalogue import LocationInfo
from clinic.kits import counter, shelving
from clinic.kits.refusals import (
    LotStopped,
    LotUnknown,
    NotEnough,
    NotUndoable,
    OrderChanged,
    OutOfStock,
    TooMany,
    UndoOver,
)
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn


@bp.get("/points")
@staff_only(*POINT_ROLES)
def all_points(person: SignedIn) -> ResponseReturnValue:
    """The points at which this person may hand over."""
    places = point_pages.points_of(person.staff_id, person.desk_id)
    return render_template("desk/points.html", person=person, places=sifting.places(places))


@bp.get("/points/<slug>")
@staff_only(*POINT_ROLES)
def show_point(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The page of a point; opening it is what keeps the point taking orders."""
    desk = point_pages.at(person, location)
    point_pages.note_seen(desk)
    return point_pages.page(desk, None, point_pages.said_before(desk))


@bp.get("/points/<slug>/board")
@staff_only(*POINT_ROLES)
def show_point_board(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The moving parts of the page alone; 304 while nothing has changed."""
    return point_pages.parts(point_pages.at(person, location), None)


@bp.get("/points/<slug>/<any(step, find, 'walk-in'):act>")
@staff_only(*POINT_ROLES)
def back_to_point(person: SignedIn, location: LocationInfo, act: str) -> ResponseReturnValue:  # noqa: ARG001
    """Whoever reloads the answer of a form lands on the point's page."""
    return redirect(point_pages.at(person, location).url(), 303)


@bp.post("/points/<slug>/find", endpoint="find_order")
@staff_only(*POINT_ROLES)
def find(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """The order of a number and the first letter of its noun; a number alone opens nothing."""
    desk = point_pages.at(person, location)
    form = FindForm(request.form)
    readings = finding.readings(form.q.data or "") if form.validate() else ()
    if not readings:
        return point_pages.beside(
            desk, Got(sentence=_("Type the number and the first letter of the word, for example 8 h."))
        )
    s = db.session()
    for typed in readings:
        order = counter.find(s, desk.cat, desk.point, *typed, desk.now)
        if order is not None:
            return point_pages.beside(desk, Got(order))
    for typed in readings:
        became = counter.became(s, desk.point, *typed)
        if became:
            return point_pages.beside(desk, Got(sentence=_became_words(typed[0], became)))
    return point_pages.beside(desk, Got(sentence=_("There is no order under this number and letter here.")))


@bp.post("/points/<slug>/step", endpoint="press")
@staff_only(*POINT_ROLES)
def press(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Hand an order over, or take back what was done just now. 409, and the truth, when another counter was faster."""
    desk = point_pages.at(person, location)
    form = PressForm(request.form)
    if not form.validate():
        abort(422)
    what, _colon, rest = str(form.step.data).partition(":")
    db.session.rollback()
    if what == "give":
        rid, _colon, shown = rest.partition(":")
        return _hand_over(desk, bytes.fromhex(rid), frozenset(int(n) for n in shown.split(".") if n))
    if len(rest) == 32 and "." not in rest:
        return _take_back_order(desk, bytes.fromhex(rest))
    return _take_back_deed(desk, [int(n) for n in rest.split(".") if n])


@bp.post("/points/<slug>/walk-in", endpoint="walk_in_kits")
@staff_only(*POINT_ROLES)
def walk_in(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Hand kits to somebody who ordered none; pressed twice it counts once."""
    desk = point_pages.at(person, location)
    form = WalkInForm(request.form)
    limit = settings().kits_per_order
    if not form.validate():
        return point_pages.page(desk, None, None, form), 422
    kit = desk.known.kit_by_id.get(form.kit.data)
    if kit is None or kit.id not in desk.point.kits:
        abort(404)
    n = form.quantity.data
    db.session.rollback()

    def give() -> dict[str, object]:
        given = shelving.walk_in(s, desk.cat, desk.point, kit, n, person.login, desk.now)
        lots = sorted(given.lots, key=lambda lot: (lot.expires_on, lot.holding_id))
        boxes = [f"{lot.lot} × {lot.quantity}" if len(lots) > 1 else lot.lot for lot in lots]
        return {"entries": given.entries, "lots": ", ".join(boxes)}

    body = f"{location.id}:{kit.id}:{n}".encode()
    try:
        with writing() as s:
            done = once.run(s, "point-walk-in", str(form.token.data), body, once.DESK_KEPT, desk.now, give)
    except OutOfStock:
        why = _("There are not so many kits %(letter)s that nobody has ordered.", letter=kit.letter)
        return point_pages.page(desk, None, None, form, why), 409
    except TooMany:
        return point_pages.page(desk, None, None, form, _("At most %(count)s at a time.", count=limit)), 422
    except (once.Busy, once.Reused):
        return point_pages.page(desk, None, Said(_("That was done already."), bad=True)), 409
    if not done.replayed:
        words = _("Without an order: kit %(letter)s, %(pieces)s, lot %(lots)s",
                  letter=kit.letter, pieces=pieces(n), lots=done.answer["lots"])  # fmt: skip
        point_pages.note(desk, "walk_in", words, done.answer["entries"])
    return redirect(desk.url(), 303)


def pieces(n: int) -> str:
    """How many, as a counter says it."""
    return str(ngettext("%(num)s piece", "%(num)s pieces", n))


def _hand_over(desk: Counter, rid: bytes, shown: frozenset[int]) -> ResponseReturnValue:
    try:
        with writing() as s:
            handed = counter.hand_over(s, desk.cat, desk.point, rid, desk.person.login, desk.now, shown)
    except OrderChanged as changed:
        return _after(desk, Said(_changed_words(changed.current), bad=True), 409)
    except LotStopped as stopped:
        with writing() as s:
            order = counter.serve_again(s, desk.cat, desk.point, rid, desk.person.login, desk.now)
        words = _(
            "Nothing was handed over: lot %(lot)s is not for this order any more. Find the number again.",
            lot=stopped.lot,
        )
        if scripted():
            return _after(desk, Said(words, bad=True), 409)
        return point_pages.page(desk, Got(order), Said(words, bad=True)), 409
    lots = ", ".join(lot.lot for lot in handed.order.lots)
    words = _(
        "Handed over: %(ticket)s. Lot %(lot)s. Left: %(left)s, of them set aside: %(reserved)s.",
        ticket=handed.order.ticket,
        lot=lots,
        left=handed.left,
        reserved=handed.left_reserved,
    )
    return _after(desk, Said(words, f"back:{rid.hex()}"), 200)


def _take_back_order(desk: Counter, rid: bytes) -> ResponseReturnValue:
    try:
        with writing() as s:
            order = counter.undo_hand_over(s, desk.cat, desk.point, rid, desk.person.login, desk.now)
    except OrderChanged:
        return _after(desk, Said(_("This order has changed in the meantime. Nothing was undone."), bad=True), 409)
    except UndoOver:
        return _after(desk, Said(_("The five minutes are over. Count the shelf instead."), bad=True), 409)
    return _after(desk, Said(_("%(ticket)s is set aside again.", ticket=order.ticket)), 200)


def _take_back_deed(desk: Counter, entries: list[int]) -> ResponseReturnValue:
    """Undo what this very browser did here; no other entry can be named."""
    what = point_pages.own_deed(desk, entries)
    if what is None:
        return _after(desk, Said(_("The five minutes are over. Count the shelf instead."), bad=True), 409)
    undo = shelving.undo_walk_in if what == "walk_in" else None
    try:
        with writing() as s:
            if undo is not None:
                undo(s, desk.cat, desk.point, entries, desk.person.login, desk.now)
            else:
                for entry in entries:
                    shelving.undo(s, desk.cat, desk.point, entry, desk.person.login, desk.now)
    except NotEnough:
        words = _("This cannot be undone: some of these kits were set aside or handed over since.")
        return _after(desk, Said(words, bad=True), 409)
    except (NotUndoable, LotUnknown):
        point_pages.forget_deed(entries)
        return _after(desk, Said(_("That was undone already."), bad=True), 409)
    point_pages.forget_deed(entries)
    return _after(desk, Said(_("Undone.")), 200)


def _after(desk: Counter, said: Said, status: int) -> ResponseReturnValue:
    """The answer to a press: the parts for the script, the page or the truth on a whole page otherwise."""
    if scripted():
        return point_pages.parts(desk, said), status
    if status == 200:
        point_pages.say(desk, said.text)
        return redirect(desk.url(), 303)
    return point_pages.page(desk, None, said), status


def _became_words(ticket: int, became: str) -> str:
    words = {
        "collected": _("%(ticket)s was handed over already.", ticket=ticket),
        "cancelled": _("%(ticket)s was cancelled. A free kit can be given without an order.", ticket=ticket),
        "released": _("%(ticket)s was not collected in time. A free kit can be given without an order.", ticket=ticket),
    }
    return str(words.get(became, _("There is no order under this number and letter here.")))


def _changed_words(current: str) -> str:
    words = {
        "collected": _("Another counter was faster: it is handed over already."),
        "backordered": _("This order waits for a delivery now. Nothing was handed over."),
        "cancelled": _("This order was cancelled in the meantime. Nothing was handed over."),
        "released": _("This order was not collected in time and went to the next. Nothing was handed over."),
    }
    return str(words.get(current, _("This order is not here any more. Nothing was handed over.")))
