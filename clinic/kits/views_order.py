"""Where she collects it, and the order itself: /order/points. The ticket is rendered in the answer to the POST."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clinic import clock, messaging, wording
from clinic.booking import cities, message_words
from clinic.booking import showing as place_showing
from clinic.booking.showing import lead_words
from clinic.booking.views import Page, asked, carried, sent, set_aside
from clinic.booking.views_book import token_is_good
from clinic.db import db, writing
from clinic.directory import catalogue, needs
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import NotFound, Spot
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import collecting, orders, routing, serving, showing, stock, telling
from clinic.kits.catalogue import KitCatalogue, KitInfo, PointInfo
from clinic.kits.forms import OrderForm
from clinic.kits.orders import OrderView
from clinic.kits.refusals import Gone, NotOffered, OutOfStock, PointClosed, TooMany
from clinic.kits.routing import Proposal, Wish
from clinic.kits.views import blueprint, kit_of, order_page, spot_of
from clinic.messaging import covers, window
from clinic.messaging.today import is_spent
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, PhoneNeeded
from clinic.privacy import codes, lately, limits, once, tokens
from clinic.wording import gettext as _

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """What she wants, and where she wants it."""

    kit: KitInfo
    quantity: int
    spot: Spot


@blueprint.route("/order/points", methods=["GET", "POST"])
@limits.limit(limits.BOOKINGS, "order", looks=("show", "ticket"))
def points() -> Page | Response:
    """Propose a point and say why; order there, or at another one."""
    now = clock.now()
    form = OrderForm(asked("order", now))
    form.validate()
    s = db.session()
    cat = catalogue.current(s)
    if form.act.data == "ticket":
        shown = [page for rid, page in _lately(cat, now) if rid.hex() == lately.wanted()]
        return done_page(cat, *shown[0], now) if shown else redirect(url_for("kits.order"), 303)
    hers = _lately(cat, now)
    if request.method == "GET" and hers and not sent():
        return _ordered_page([view for _rid, (view, _code) in hers])
    if request.method == "GET" and not form.kit.raw and not form.near.raw:
        return redirect(url_for("kits.order"))
    kits = kit_catalogue.kits(s, cat)
    kit, quantity, spot = kit_of(kits, form), form.q.data or 1, spot_of(cat, form)
    if isinstance(spot, NotFound):
        return order_page(form, now, spot.suggestions), 400
    if (
        kit is None
        or spot is None
        or any(form[name].errors for name in ("kit", "q", "near", "lat", "lng", "day", "after"))
    ):
        return order_page(form, now), 400
    if city := cities.city_at(cat, spot):
        cities.remember(session, city)
    choice = Choice(kit, quantity, spot)
    if (form.act.data or "show") == "show" and not hers and (to := set_aside("order", form, chosen(form, choice), now)):
        return to
    try:
        return _act(cat, kits, choice, form, now)
    except OutOfStock:
        return points_page(cat, kits, choice, form, now, "out"), 409
    except PointClosed:
        return points_page(cat, kits, choice, form, now, "closed"), 409
    except once.Reused:
        return points_page(cat, kits, choice, form, now, "sent"), 409
    except Gone:
        return points_page(cat, kits, choice, form, now, "over"), 409
    except NotOffered:
        form.point.errors = [_("This point does not hand out this test any more. Choose another.")]
    except TooMany as refusal:
        form.q.errors = [_("At most %(limit)s tests in one order.", limit=refusal.limit)]
        return order_page(form, now), 400
    except PhoneNeeded:
        form.phone.errors = [_("Type a mobile number, or order without SMS.")]
    except CodeUnknown:
        limits.missed()
        form.code.errors = [_("There is no such code.")]
    return points_page(cat, kits, choice, form, now), 400


def _act(cat: Catalogue, kits: KitCatalogue, choice: Choice, form: OrderForm, now: datetime) -> Page:
    act = form.act.data or "show"
    own = (
        ("act", "point", "line", "code")
        if act == "order"
        else ("act", "point", "line", "code", "phone", "cover", "remind")
    )
    if any(form[name].errors for name in own):
        return points_page(cat, kits, choice, form, now), 400
    if act == "show":
        return points_page(cat, kits, choice, form, now)
    place = cities.at_link(cat, form.point.data or "")
    point = None if place is None else kits.points.get(place.id)
    if point is None:
        form.point.errors = [_("We do not know this point.") if form.point.data else _("Choose a point.")]
        return points_page(cat, kits, choice, form, now), 400
    if before := _sent_before(cat, choice, point, form, now):
        return before
    if not token_is_good("order", form, now):
        return points_page(cat, kits, choice, form, now, "expired"), 400
    if act == "tell" and form.phone.data is None and not form.code.data:
        form.phone.errors = [_("Type a mobile number, or order without SMS.")]
        return points_page(cat, kits, choice, form, now), 400
    return _order(cat, kits, choice, point, form, now)


def _asked(choice: Choice, point: PointInfo, form: OrderForm) -> tuple[orders.Request, bool, bytes]:
    """What her form asks for, whether it is a place in the line, and both as bytes."""
    tell = form.act.data == "tell"
    waits = form.point.data in (form.line.data or ())
    wanted = orders.Request(
        kit=choice.kit,
        quantity=choice.quantity,
        point=point,
        language=wording.language_now(),
        cover=(form.cover.data if tell else None) or "plain",
        phone=form.phone.data if tell else None,
        tell_when_ready=tell and waits,
        remind=tell,
        code=form.code.data,
        distance_m=routing.told_m(choice.spot, point),
    )
    body = repr((wanted.kit.slug, wanted.quantity, point.location.slug, wanted.language, wanted.cover, wanted.phone,
                 wanted.remind, wanted.code, waits)).encode()  # fmt: skip
    return wanted, waits, body


def _sent_before(cat: Catalogue, choice: Choice, point: PointInfo, form: OrderForm, now: datetime) -> Page | None:
    """The ticket that this very form has made before, for as long as the order stands. Raises Gone, once.Reused."""
    s, (wanted, _waits, body) = db.session(), _asked(choice, point, form)
    answer = once.before(s, "order", form.token.data or "", body, now)
    if answer is None:
        return None
    view = _standing(s, cat, answer, wanted.code, now)
    lately.remember("order", "", answer, wanted.code, now)
    return done_page(cat, view, answer["code"], now)


def _standing(s: Session, cat: Catalogue, answer: dict[str, Any], code: str | None, now: datetime) -> OrderView:
    """The order of an answer that was given before. Raises Gone where it does not stand any more."""
    try:
        seen = orders.of_pass(s, cat, passes.find(s, answer["code"] or code or ""), now)
    except CodeUnknown as forgotten:
        raise Gone from forgotten
    view = next((one for one in seen if one.rid.hex() == answer["rid"]), None)
    if view is None or view.status not in orders.LIVE:
        raise Gone
    return view


def _order(
    cat: Catalogue, kits: KitCatalogue, choice: Choice, point: PointInfo, form: OrderForm, now: datetime
) -> Page:
    """Order once, however often she taps; show the ticket."""
    wanted, waits, body = _asked(choice, point, form)
    token = form.token.data or ""
    try:
        with writing() as s:
            fresh: list[orders.Ordered] = []

            def make() -> dict[str, Any]:
                fresh.append((orders.wait if waits else orders.place)(s, cat, wanted, now))
                return {"code": fresh[0].code or "", "rid": fresh[0].order.rid.hex()}

            done = once.run(s, "order", token, body, once.FORM_KEPT, now, make, lambda: fresh[0].order.forget_on)
            view = fresh[0].order if fresh else _standing(s, cat, done.answer, wanted.code, now)
    except once.Busy:
        return points_page(cat, kits, choice, form, now, "busy"), 409
    lately.remember("order", "", done.answer, wanted.code, now)
    return done_page(cat, view, done.answer["code"], now)


def _lately(cat: Catalogue, now: datetime) -> list[tuple[bytes, tuple[OrderView, str]]]:
    """The orders that this browser has made lately and that stand, each with its code where that was new."""
    found = []
    for deed in lately.of("order", now):
        with suppress(Gone):
            view = _standing(db.session(), cat, deed.answer, deed.code, now)
            found.append((view.rid, (view, deed.answer["code"])))
    return found


def _ordered_page(hers: list[OrderView]) -> str:
    """She has ordered, and how to see the ticket."""
    language = wording.language_now()
    lines = [
        (
            _("%(when)s, %(place)s", when=kept_words(view), place=view.point.location.name[language]),
            url_for("kits.points"),
            view.rid.hex(),
        )
        for view in hers
    ]
    links = [(_("Order another test"), url_for("kits.order"))]
    return render_template("booking/booked.html", heading=_("You have ordered"), lines=lines, again=(), links=links)


def kept_words(view: OrderView) -> str:
    """Until when it is set aside; that she is in line, where it is not yet."""
    if view.collect_by is None:
        return _("in line, not ready yet")
    return _("set aside until %(until)s", until=showing.until_words(view.point, view.collect_by))


def chosen(form: OrderForm, choice: Choice) -> list[tuple[str, str]]:
    """Kit, number, place and time as hidden fields."""
    pairs = [("kit", str(choice.kit.number)), ("q", str(choice.quantity)), ("near", form.near.raw)]
    pairs += [("day", form.day.raw), ("after", form.after.raw), *carried(form)]
    return [(name, value) for name, value in pairs if value]


def proposals(s: Any, kits: KitCatalogue, choice: Choice, form: OrderForm, now: datetime) -> tuple[Proposal, ...]:
    """Points for her wish, the best first."""
    today = clock.local(now).date()
    free = stock.free(s, choice.kit.id, today, today)
    wish = Wish(choice.kit.id, choice.quantity, form.day.data, form.after.data)
    expected = serving.expected(s, choice.kit.id, choice.quantity, today)
    return routing.propose(kits.points.values(), free, choice.spot, wish, now, SHOWN, expected)


def points_page(
    cat: Catalogue,
    kits: KitCatalogue,
    choice: Choice,
    form: OrderForm,
    now: datetime,
    trouble: str = "",
) -> str:
    """The proposed point and the others. `trouble`: "" | "out" | "closed" | "expired" | "sent" | "over" | "busy"."""
    language = wording.language_now()
    found = proposals(db.session(), kits, choice, form, now)
    cards = [showing.card(one, language, now) for one in found]
    return render_template(
        "kits/points.html",
        form=form,
        trouble=trouble,
        spot=choice.spot,
        kit=choice.kit,
        quantity=choice.quantity,
        best=cards[0] if cards else None,
        others=cards[1:],
        fewer=_fewer(found, choice),
        line=[("line", card.slug) for card in cards if card.waiting],
        far=routing.FAR_M // 1000,
        test=needs.usual(cat),
        chosen=chosen(form, choice),
        token=tokens.new("order"),
        confirming=showing.confirming_words(cat),
        pep=showing.pep_number(cat),
        sms=messages(found[0], form, now) if found and messaging.enabled() else None,
        spent=is_spent(db.session(), now),
        carry=carried(form),
    )


def _fewer(found: tuple[Proposal, ...], choice: Choice) -> int:
    """How many she could have at once where so many as she wants are nowhere near; 0 for none."""
    if not found or found[0].in_stock:
        return 0
    return max(0, max(one.left for one in found) + choice.quantity)


@dataclass(frozen=True, slots=True)
class Messages:
    """What an SMS about the proposed order would say, in each cover, and when; `due` "" where it waits for stock."""

    covers: tuple[tuple[str, str, str], ...]
    cover: str
    due: str

    @property
    def text(self) -> str:
        """The text in the chosen cover."""
        return next(text for name, _word, text in self.covers if name == self.cover)


def messages(best: Proposal, form: OrderForm, now: datetime) -> Messages | None:
    """The messages that would be of use; None where a reminder could not come before the last day ends."""
    language = wording.language_now()
    until = collecting.until(best.point, best.collect_by)
    due = window.due(until, telling.REMIND_MINUTES, now)
    if best.in_stock and due is None:
        return None
    texts = tuple((name, covers.word(name, language), covers.ready(name, language, until)) for name in covers.COVERS)
    when = lead_words(due, now) if best.in_stock and due is not None else ""
    return Messages(texts, form.cover.data or "plain", when)


def done_page(cat: Catalogue, view: OrderView, code: str, now: datetime) -> str:
    """The ticket, large; the code of a new pass folded under it."""
    language = wording.language_now()
    loc = view.point.location
    waiting = view.collect_by is None
    return render_template(
        "kits/done.html",
        order=view,
        noun=view.noun_in(language),
        until=kept_words(view),
        waiting=waiting,
        expected=showing.expected_words(view.ready_on, now),
        hidden_place=loc.visibility == "district",
        district=place_showing.address(loc, language),
        place=loc,
        street=place_showing.street(loc, language),
        open_words=showing.open_words(cat, view.point, now),
        how_to_ask=view.point.how_to_ask[language],
        word_name=showing.word_name(view.point),
        by_word=view.point.kind in showing.BY_WORD,
        sms=message_words.just_put(telling.about(view.rid), now),
        code=codes.shown(code) if code else "",
    )
