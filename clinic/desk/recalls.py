"""Recall of a lot by a coordinator: first what it would do, then, on a second press, it is done everywhere at once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.db import db, writing
from clinic.desk import bp, point_pages
from clinic.desk.point_forms import RecallForm
from clinic.desk.point_pages import COORDINATOR, Counter
from clinic.directory.catalogue import LocationInfo
from clinic.directory.models import Location
from clinic.kits import serving
from clinic.kits.models import Holding, Lot
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now


@dataclass(frozen=True, slots=True)
class LotName:
    id: int
    kit_id: int
    number: str
    expires_on: date
    recalled_on: date | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a recall would do: where the lot lies, which orders get others, which must wait."""

    lot_id: int
    lot: str
    letter: str
    on_hand: int
    points: tuple[str, ...]
    served: int
    waiting: int


@bp.route("/points/<slug>/recall", methods=["GET", "POST"])
@staff_only(*COORDINATOR)
def recall(person: SignedIn, location: LocationInfo) -> ResponseReturnValue:
    """Choose a lot, see what its recall would do, recall it."""
    desk = point_pages.at(person, location)
    if request.method == "GET":
        return _page(desk, RecallForm(), None)
    form = RecallForm(request.form)
    if not form.validate():
        return _page(desk, form, None), 422
    lot = next((one for one in _lots(db.session(), location) if one.id == form.lot_id.data), None)
    if lot is None:
        abort(404)
    if lot.recalled_on is not None:
        return _page(desk, form, None, _("This lot is recalled already.")), 409
    if request.form.get("act") != "recall":
        return _page(desk, form, _foreseen(desk, lot))
    db.session.rollback()
    with writing() as s:
        serving.recall(s, desk.cat, lot.id, person.login, desk.now)
    point_pages.say(desk, _("Lot %(lot)s is recalled. Nobody can hand it over any more.", lot=lot.number))
    return redirect(desk.url(), 303)


def _foreseen(desk: Counter, lot: LotName) -> Effect:
    """Do it, look at it, and roll it back: nothing else could tell what it would do to the orders."""
    db.session.rollback()
    with writing() as s:
        here = s.execute(
            select(Holding.point_id, Holding.on_hand).where(Holding.lot_id == lot.id, Holding.on_hand > 0)
        ).all()
        done = serving.recall(s, desk.cat, lot.id, desk.person.login, desk.now)
        s.rollback()
    language = language_now()
    names = sorted(desk.cat.locations[row.point_id].name[language] for row in here)
    on_hand = sum(row.on_hand for row in here)
    return Effect(
        lot.id, lot.number, desk.letter(lot.kit_id), on_hand, tuple(names), done.served_again, done.backordered
    )


def _lots(s: Session, here: LocationInfo) -> tuple[LotName, ...]:
    """The lots that the points of this place's organization have had: others are not theirs to judge."""
    theirs = (
        select(Holding.lot_id)
        .join(Location, Location.id == Holding.point_id)
        .where(Location.organization_id == here.organization_id)
    )
    rows = s.execute(
        select(Lot.id, Lot.kit_type_id, Lot.number, Lot.expires_on, Lot.recalled_on)
        .where(Lot.id.in_(theirs))
        .order_by(Lot.kit_type_id, Lot.number)
    )
    return tuple(LotName(*row) for row in rows)


def _page(desk: Counter, form: RecallForm, effect: Effect | None, sentence: str = "") -> str:
    lots = _lots(db.session(), desk.location)
    letters: Mapping[int, str] = {kit.id: kit.letter for kit in desk.known.kits}
    return render_template(
        "desk/point_recall.html",
        person=desk.person,
        location=desk.location,
        form=form,
        sentence=sentence,
        effect=effect,
        token=secrets.token_urlsafe(16),
        letters=letters,
        open_lots=[lot for lot in lots if lot.recalled_on is None],
        recalled=[lot for lot in lots if lot.recalled_on is not None],
    )
