"""Kit orders under her code: what stands on /mine of them, and moving or cancelling one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from sqlalchemy.orm import Session

from clinic import clock, messaging, wording
from clinic.booking import cities
from clinic.booking import showing as place_showing
from clinic.booking.message_words import sms_words
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import Spot
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import orders, routing, showing, stock, telling
from clinic.kits.forms import MyOrderForm
from clinic.kits.orders import OrderView
from clinic.kits.refusals import Gone, NotOffered, OutOfStock, PointClosed
from clinic.kits.routing import Proposal, Wish
from clinic.messaging import outbox
from clinic.passes.passes import OpenPass
from clinic.wording import gettext as _

Draw = Callable[[Session], tuple[str, int]]  # draws a page when what was done is committed
OTHERS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class OrderCard:
    """An order as the page shows it."""

    id: str
    view: OrderView
    noun: str
    place: str
    address: str
    hidden: bool  # a point whose address shows around its hours only
    open_words: str
    how_to_ask: str
    until: str
    expected: str
    word_name: str
    sms: str
    forget: str
    shown: bool  # its steps may be shown
    live: bool  # it still waits for her, or she for it
    away: bool  # its point is stopped, until somebody there opens it again


@dataclass(frozen=True, slots=True)
class Said:
    """What happened, to stand above everything under the pass."""

    words: str
    status: int = 200


def card(s: Session, cat: Catalogue, view: OrderView, now: datetime) -> OrderCard:
    """An order in words."""
    language = wording.language_now()
    point, loc = view.point, view.point.location
    today = clock.local(now).date()
    live = view.status in orders.LIVE
    away = loc.stopped_at is not None
    address = place_showing.street(loc, language) if live and not away and showing.address_open(cat, point, now) else ""
    return OrderCard(
        id=view.rid.hex(),
        view=view,
        noun=view.noun_in(language),
        place=loc.name[language],
        address=f"{address}. {loc.way_in[language]}".removesuffix(". ") if address else "",
        hidden=loc.visibility == "district" and not away,
        open_words="" if away else showing.open_words(cat, point, now),
        how_to_ask=point.how_to_ask[language],
        until=until(view),
        expected=showing.expected_words(view.ready_on, now),
        word_name=showing.word_name(point),
        sms=sms_words(outbox.of(s, telling.about(view.rid)), now) if messaging.enabled() else "",
        forget=wording.day_words(view.forget_on, today),
        shown=view.kit in showing.shown(kit_catalogue.kits(s, cat)),
        live=live,
        away=live and away,
    )


def until(view: OrderView) -> str:
    """Until when the kits wait; that they are waited for, where there are none yet."""
    if view.collect_by is None:
        return _("in line, not ready yet")
    return _("set aside until %(until)s", until=showing.until_words(view.point, view.collect_by))


def act(s: Session, cat: Catalogue, pass_: OpenPass, form: MyOrderForm, now: datetime) -> Said | Draw:
    """Do what she asked with one of her orders: a sentence, or what draws the page of other points."""
    view = next((v for v in orders.of_pass(s, cat, pass_, now) if v.rid == form.order.data), None)
    if view is None or form.act.errors or form.act.data is None:
        return Said(_("There is no such order any more."), 404)
    try:
        if form.act.data == "cancel":
            orders.cancel(s, cat, pass_, view.rid, now)
            return Said(_("Cancelled. The tests are free for others again."))
        if form.act.data == "points":
            return lambda later: (points_page(later, cat, view, form, now), 200)
        return _move(s, cat, pass_, view, form, now)
    except Gone:
        return Said(_("There is no such order any more."), 404)


def _move(
    s: Session, cat: Catalogue, pass_: OpenPass, view: OrderView, form: MyOrderForm, now: datetime
) -> Said | Draw:
    def again(said: str, status: int) -> Draw:
        return lambda later: (points_page(later, cat, view, form, now, said), status)

    place = cities.at_link(cat, form.point.data or "")
    point = None if place is None else kit_catalogue.kits(s, cat).points.get(place.id)
    if point is None:
        if not form.point.errors:
            form.point.errors = [_("We do not know this point.") if form.point.data else _("Choose a point.")]
        return again("", 400)
    saved = s.begin_nested()
    try:
        orders.move_to(s, cat, pass_, view.rid, point, now)
        saved.commit()
    except OutOfStock:
        saved.rollback()
        return again(_("The last one was just taken there."), 409)
    except (PointClosed, NotOffered):
        saved.rollback()
        return again(_("This point is closed now. Choose another."), 409)
    return Said(_("Moved. This is your ticket now."))


def points_page(
    s: Session,
    cat: Catalogue,
    view: OrderView,
    form: MyOrderForm,
    now: datetime,
    said: str = "",
) -> str:
    """Other points for an order, the nearest to the present one first."""
    language = wording.language_now()
    others = [one for one in around(s, cat, view, now) if one.in_stock and one.point.id != view.point.id]
    return render_template(
        "site/points.html",
        form=form,
        code=form.code.data,
        order=view.rid.hex(),
        place=view.point.location.name[language],
        cards=[showing.card(one, language, now) for one in others],
        said=said,
    )


def around(s: Session, cat: Catalogue, view: OrderView, now: datetime) -> tuple[Proposal, ...]:
    """What is proposed around a point for what is ordered there."""
    today, measured = clock.local(now).date(), view.point.measured
    spot = Spot(*measured, None, "point") if measured else None
    free = stock.free(s, view.kit.id, today, today)
    wish = Wish(view.kit.id, view.quantity, None, None)
    return routing.propose(kit_catalogue.kits(s, cat).points.values(), free, spot, wish, now, OTHERS_SHOWN)


def forget(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> None:
    """Give back what is set aside for her, before all of it is deleted; points are locked in the order of their ids."""
    for view in sorted(orders.of_pass(s, cat, pass_, now), key=lambda view: view.point.id):
        if view.status in orders.LIVE:
            with suppress(Gone):  # handed over in this very moment
                orders.cancel(s, cat, pass_, view.rid, now)
        outbox.drop(s, telling.about(view.rid), None, now)


def silence(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> None:
    """No message about any order any more."""
    for view in orders.of_pass(s, cat, pass_, now):
        outbox.drop(s, telling.about(view.rid), None, now)
