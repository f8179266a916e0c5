"""What a keeper does to the stock of a point: deliveries, counts, write-offs, moves, deliveries to come, recalls."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form

from clinic.booking import typed
from clinic.db import db, writing
from clinic.desk import bp, labels, point_pages
from clinic.desk.point_forms import (
    REASONS,
    ExpectedForm,
    MoveForm,
    ReceiveForm,
    WriteOffForm,
)
from clinic.desk.point_pages import POINT_ROLES, Counter, LotRow, expiry_words
from clinic.directory.catalogue import LocationInfo
from clinic.kits import deliveries, scanning, shelving, stock
from clinic.kits.refusals import (
    BadLotNumber,
    BadQuantity,
    CountChanged,
    LotDiffers,
    LotExpired,
    LotNotExpired,
    LotNotRecalled,
    LotRecalled,
    LotUnknown,
    NotEnough,
    ReasonNeeded,
)
from clinic.privacy import once
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

REFUSALS = (
    BadLotNumber, BadQuantity, CountChanged, LotDiffers, LotExpired, LotNotExpired, LotNotRecalled, LotRecalled,
    LotUnknown, NotEnough, ReasonNeeded,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of a form: done (perhaps by an earlier press of the same), or a sentence that says why not."""

    entries: tuple[int, ...] = ()
    replayed: bool = False
    refused: str = ""


@bp.route("/points/<slug>/receive", methods=["GET", "POST"], endpoint="receive_stock")
@staff_only(*POINT_ROLES)
def receive(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Take a delivery in, by hand or from what a scanner typed; nothing typed is lost by a mistake."""
    desk = point_pages.at(person, location)
    if request.method == "GET":
        return _receive_page(desk, ReceiveForm())
    scanned = request.form.get("scan", "")[: scanning.LONGEST + 1]
    fresh = scanned.strip() != "" and scanned != request.form.get("scanned", "")  # Enter ends what a scanner types
    if request.form.get("act") == "read" or fresh:
        return _read_scan(desk, scanned)
    form = ReceiveForm(request.form)
    if not form.validate():
        return _receive_page(desk, form, scan=scanned), 422
    kit = desk.known.kit_by_id.get(form.kit.data)
    if kit is None:
        abort(404)
    lot, until, n = form.lot.data, form.expires.data, form.quantity.data

    def take(s: Session) -> list[int]:
        return [shelving.receive(s, desk.cat, desk.point, kit, lot, until, n, person.login, desk.now)]

    done = _once(desk, form, f"{kit.id}:{lot}:{until}:{n}", take)
    if done.refused:
        return _receive_page(desk, form, done.refused, scan=scanned), 422
    words = _("Taken in: kit %(letter)s, lot %(lot)s, %(count)s", letter=kit.letter, lot=lot, count=n)
    return _done(desk, "received", words, done)


@bp.route("/points/<slug>/count", methods=["GET", "POST"], endpoint="count_stock")
@staff_only(*POINT_ROLES)
def count(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Correct what lies here to what was counted; all of it, or nothing while one number needs a look."""
    desk = point_pages.at(person, location)
    rows = point_pages.lots(desk)
    if request.method == "GET":
        return _count_page(desk, rows, {})
    wrong: dict[int, str] = {}
    counts: list[tuple[LotRow, int, int, str]] = []
    for row in rows:
        text = request.form.get(f"lot-{row.lot_id}", "")
        if not text.strip():
            continue
        try:
            n = labels.quantity(0, stock.MOST, text[:40])
        except typed.Unreadable as error:
            wrong[row.lot_id] = str(error.message)
            continue
        was, why = _was(row.lot_id), request.form.get(f"why-{row.lot_id}", "")
        if was != row.on_hand != n:
            wrong[row.lot_id] = _why(CountChanged(row.on_hand))
        elif n != row.on_hand and why not in REASONS:
            wrong[row.lot_id] = _("It said %(was)s, you counted %(now)s: say why.", was=row.on_hand, now=n)
        else:
            counts.append((row, n, was, why))
    if wrong:
        return _count_page(desk, rows, wrong), 422
    if not counts:
        return _count_page(desk, rows, {}, _("No number was typed: nothing was counted.")), 422
    db.session.rollback()
    entries: list[int] = []
    changed: list[str] = []
    try:
        with writing() as s:
            for row, n, was, why in counts:
                entry = shelving.count(s, desk.cat, desk.point, row.lot_id, n, why, person.login, desk.now, was)
                if entry is not None:
                    entries.append(entry)
                    changed.append(f"{row.lot} {was} → {n}")
    except REFUSALS as refusal:
        return _count_page(desk, point_pages.lots(desk), {row.lot_id: _why(refusal)}), 422
    left = [row.lot for row in rows if row.lot_id not in {one.lot_id for one, _n, _was_, _why_ in counts}]
    rest = " " + _("Not counted: %(lots)s.", lots=", ".join(left)) if left else ""
    if not entries:
        point_pages.say(desk, _("Counted: everything is right.") + rest)
        return redirect(desk.url(), 303)
    words = _("Counted: %(lots)s", lots=", ".join(changed)) + ("." + rest if rest else "")
    return _done(desk, "counted", words, Pressed(tuple(entries)))


def _was(lot_id: int) -> int:
    """What the ledger said when the page of the count was made; -1 when the form does not say it."""
    text = request.form.get(f"was-{lot_id}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1


@bp.route("/points/<slug>/write-off", methods=["GET", "POST"], endpoint="write_off_stock")
@staff_only(*POINT_ROLES)
def write_off(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Take expired, recalled or damaged kits out for good."""
    desk = point_pages.at(person, location)
    rows = point_pages.lots(desk)
    form = WriteOffForm(request.form) if request.method == "POST" else WriteOffForm()
    if request.method == "GET":
        return _write_off_page(desk, rows, form)
    if not form.validate():
        return _write_off_page(desk, rows, form), 422
    lot_id, kind, n = form.lot_id.data, str(form.kind.data), form.quantity.data

    def take(s: Session) -> list[int]:
        return [shelving.write_off(s, desk.cat, desk.point, lot_id, kind, n, person.login, desk.now)]

    done = _once(desk, form, f"{lot_id}:{kind}:{n}", take)
    if done.refused:
        return _write_off_page(desk, point_pages.lots(desk), form, done.refused), 422
    lot = next((row.lot for row in rows if row.lot_id == lot_id), "")
    return _done(desk, kind, _("Written off: lot %(lot)s, %(count)s", lot=lot, count=n), done)


@bp.route("/points/<slug>/move", methods=["GET", "POST"])
@staff_only(*POINT_ROLES)
def move_stock(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Bring free kits to another point of the same organization."""
    desk = point_pages.at(person, location)
    family = {place.id: place for place in desk.family()}
    if request.method == "GET":
        return _move_page(desk, MoveForm(MultiDict(request.args)) if request.args else MoveForm())
    form = MoveForm(request.form)
    if not form.validate():
        return _move_page(desk, form), 422
    lot_id, n, to = form.lot_id.data, form.quantity.data, form.to.data
    if to not in family:
        abort(404)
    there = desk.known.points[to]

    def take(s: Session) -> list[int]:
        shelving.move(s, desk.cat, desk.point, there, lot_id, n, person.login, desk.now)
        return []

    done = _once(desk, form, f"{lot_id}:{to}:{n}", take)
    if done.refused:
        return _move_page(desk, form, done.refused), 422
    point_pages.say(desk, _("Moved to %(place)s: %(count)s", place=family[to].name[language_now()], count=n))
    return redirect(desk.url(), 303)


@bp.route("/points/<slug>/expected", methods=["GET", "POST"])
@staff_only(*POINT_ROLES)
def expected(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Deliveries that were promised: what an honest date for whoever waits rests on."""
    desk = point_pages.at(person, location)
    if request.method == "GET":
        return _expected_page(desk, ExpectedForm(MultiDict(request.args)) if request.args else ExpectedForm())
    drop = request.form.get("drop", "")
    if drop:
        if not (drop.isascii() and drop.isdigit() and len(drop) < 10):
            abort(422)
        db.session.rollback()
        with writing() as s:
            deliveries.drop(s, desk.point.id, int(drop))
        return redirect(request.base_url, 303)
    form = ExpectedForm(request.form)
    if not form.validate():
        return _expected_page(desk, form), 422
    kit, n, day = form.kit.data, form.quantity.data, form.day.data
    if kit not in desk.known.kit_by_id:
        abort(404)
    if day < desk.today:
        return _expected_page(desk, form, _("This day is over.")), 422

    def take(s: Session) -> list[int]:
        shelving.expect(s, desk.point.id, kit, n, day)
        return []

    done = _once(desk, form, f"{kit}:{n}:{day}", take)
    if done.refused:
        return _expected_page(desk, form, done.refused), 422
    return redirect(request.base_url, 303)


def _read_scan(desk: Counter, scanned: str) -> ResponseReturnValue:
    """Fill the form in from a scan; what cannot be read is said, and everything typed stays."""
    sent = MultiDict(request.form)
    try:
        found = scanning.scan(scanned)
    except scanning.ScanUnreadable as error:
        return _receive_page(desk, ReceiveForm(sent), scan=scanned, wrong=str(error.message)), 422
    kit = next((k for k in desk.known.kits if k.gtin and k.gtin.zfill(14) == found.gtin), None)
    if kit is not None:
        sent["kit"] = str(kit.id)
    sent["lot"], sent["expires"] = found.lot, f"{found.expires_on:%d.%m.%Y}"
    if found.quantity and not sent.get("quantity", "").strip():
        sent["quantity"] = str(found.quantity)
    form = ReceiveForm(sent)
    if kit is None:
        wrong = _("This is no test that we know. Look whether the right box was scanned, and choose the test.")
        return _receive_page(desk, form, scan=scanned, wrong=wrong), 422
    return _receive_page(desk, form, scan=scanned, read=True, other_keyboard=found.other_keyboard)


def _receive_page(
    desk: Counter, form: ReceiveForm, sentence: str = "", scan: str = "", wrong: str = "", read: bool = False,
    other_keyboard: bool = False,
) -> str:  # fmt: skip
    return _page(
        "desk/point_receive.html", desk, form, sentence, scan=scan, scan_wrong=wrong, read=read,
        other_keyboard=other_keyboard, all_kits=desk.known.kits,
    )  # fmt: skip


def _count_page(desk: Counter, rows: Sequence[LotRow], wrong: dict[int, str], sentence: str = "") -> str:
    sent = request.form
    reasons = {
        "miscounted": _("counted wrongly before"),
        "lost": _("lost"),
        "found": _("found again"),
        "damaged": _("damaged, thrown away"),
        "other": _("another reason"),
    }
    return render_template(
        "desk/point_count.html",
        person=desk.person,
        location=desk.location,
        holdings=rows,
        wrong=wrong,
        sentence=sentence,
        lot_names={row.lot_id: row.lot for row in rows},
        typed={row.lot_id: sent[f"lot-{row.lot_id}"][:40] for row in rows if f"lot-{row.lot_id}" in sent},
        why={row.lot_id: sent.get(f"why-{row.lot_id}", "") for row in rows},
        reasons=[(word, reasons[word]) for word in REASONS],
    )


def _write_off_page(desk: Counter, rows: Sequence[LotRow], form: WriteOffForm, sentence: str = "") -> str:
    stopped = [row for row in rows if row.state != "good"]
    return _page(
        "desk/point_write_off.html", desk, form, sentence, stopped=stopped,
        holdings=[row for row in rows if row.state == "good"],
        tokens={row.lot_id: secrets.token_urlsafe(16) for row in stopped},
    )  # fmt: skip


def _move_page(desk: Counter, form: MoveForm, sentence: str = "") -> str:
    language = language_now()
    return _page(
        "desk/point_move.html", desk, form, sentence,
        holdings=[row for row in point_pages.lots(desk) if row.state == "good" and row.free],
        family=[(place.id, place.name[language], desk.away(place)) for place in desk.family()],
    )  # fmt: skip


def _expected_page(desk: Counter, form: ExpectedForm, sentence: str = "") -> str:
    return _page(
        "desk/point_expected.html", desk, form, sentence, all_kits=desk.known.kits, day=desk.today,
        rows=deliveries.of_point(db.session(), desk.point.id),
        letters={kit.id: kit.letter for kit in desk.known.kits},
    )  # fmt: skip


def _page(template: str, desk: Counter, form: Form, sentence: str, **more: object) -> str:
    token = secrets.token_urlsafe(16)
    return render_template(
        template, person=desk.person, location=desk.location, form=form, sentence=sentence, token=token, **more
    )


def _once(desk: Counter, form: Form, body: str, act: Callable[[Session], list[int]]) -> Pressed:
    """Do what a form asks for in one transaction; pressed twice it counts once."""
    db.session.rollback()
    whole = f"{desk.location.id}:{request.endpoint}:{body}".encode()
    try:
        with writing() as s:
            done = once.run(
                s, "point-stock", str(form["token"].data), whole, once.DESK_KEPT, desk.now,
                lambda: {"entries": act(s)},
            )  # fmt: skip
    except REFUSALS as refusal:
        return Pressed(refused=_why(refusal))
    except (once.Busy, once.Reused):
        return Pressed(refused=_("That was done already. Look at the stock before you send it again."))
    return Pressed(tuple(done.answer["entries"]), done.replayed)


def _done(desk: Counter, what: str, words: str, done: Pressed) -> ResponseReturnValue:
    """Back to the point's page, where what was done can be undone for five minutes."""
    if not done.replayed:
        point_pages.note(desk, what, words, done.entries)
    return redirect(desk.url(), 303)


def _why(refusal: Exception) -> str:
    """A refusal in a sentence that says what to do."""
    match refusal:
        case LotExpired(expires_on=day):
            return str(
                _(
                    "This lot expired on %(day)s and may not be given. Put it aside and tell the coordinator.",
                    day=expiry_words(day),
                )
            )
        case LotRecalled():
            return str(_("This lot was recalled. It may not be given: put it aside and tell the coordinator."))
        case LotDiffers(expires_on=day):
            return str(_("This lot is known as good until %(day)s. Look at the box once more.", day=expiry_words(day)))
        case LotNotExpired(expires_on=day):
            return str(_("This lot is still good until %(day)s.", day=expiry_words(day)))
        case LotNotRecalled():
            return str(_("This lot was not recalled."))
        case NotEnough():
            return str(_("There are not so many here that are free. The stock has not changed."))
        case CountChanged(on_hand=n):
            return str(_("This changed while you counted, to %(count)s. Count again.", count=n))
        case ReasonNeeded():
            return str(_("Say why the number differs."))
        case LotUnknown():
            return str(_("This lot is not here any more."))
        case BadLotNumber():
            return str(_("A lot number has up to 20 letters, digits and dashes. Look at the box once more."))
    return str(_("This number cannot be right. Look at it once more."))
