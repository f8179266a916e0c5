"""What the test shows and what it means: one page of three folds; which one she opens never reaches us.

Only what she tells by a tap of its own is counted, and only as a count (kits.follow_up). "Something bad
happened" leads to help whatever else is wrong with the form.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clinic import clock, wording
from clinic.booking import cities, find, showing, typed
from clinic.booking.find import Offer
from clinic.booking.views import Page, carried, sent
from clinic.booking.views_book import token_is_good
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import Spot
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import counting, follow_up, navigators, orders
from clinic.kits import showing as kit_showing
from clinic.kits.forms import ToldForm
from clinic.kits.orders import OrderView
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown
from clinic.privacy import limits, once, tokens
from clinic.safety import help_numbers
from clinic.site.home import blueprint
from clinic.wording import gettext as _

CITIES_SHOWN = 8
OFFERED = 2  # places that confirm: the soonest, and one more
AT_WORST = ("103", "111")  # for somebody who thinks of harming herself; neither answers about tests
CHECK_UP, BEFOREHAND = "check-up", "pills-start"  # slugs of services


@dataclass(frozen=True, slots=True)
class Place:
    """A place that confirms, and its next free time."""

    slug: str
    name: str
    where: str
    value: str
    when: str
    hour: str
    service: int
    asks_id: bool
    example: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A place she can call about it: `far` says in which other city it is and how far; "" for her own."""

    name: str
    phone: str
    open_words: str
    open: bool
    where: str
    far: str
    example: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What her code tells of her order; nothing without one."""

    city: str
    kit_id: int
    lot_id: int
    spot: Spot | None


@blueprint.route("/p/4", methods=["GET", "POST"])
def result() -> Page | Response:
    """What do you see? And, by a tap of its own, the result told or help after harm."""
    form = ToldForm(sent())
    form.validate()
    now = clock.now()
    act = form.act.data or "show"
    if act == "harm":
        _count(form, follow_up.HARM, now)
        return redirect(url_for("site.help"), 303)
    if act == "told" and form.what.data is None and not form.what.errors:
        form.what.errors = [_("Please choose one of the answers.")]
    if form.errors:
        return result_page(form, now), 400
    if act == "told":
        if not token_is_good("told", form, now):
            trouble = _("The page was open for a long time. Nothing was counted: send it again.")
            return result_page(form, now, trouble=trouble), 400
        _count(form, form.what.data, now)
        return result_page(form, now, _("Thank you. Only a count was kept: the city and the month, nothing of you."))
    return result_page(form, now)


def _count(form: ToldForm, what: str, now: datetime) -> None:
    """Add one to a count, once for each form; in silence where it is not ours, sent before, or one of too many."""
    if not token_is_good("told", form, now) or not limits.within(limits.BOOKINGS, "told"):
        return
    with writing() as s:
        cat = catalogue.current(s)
        known = known_of(s, cat, form, now)
        city = known.city or _city_of_visit(cat)

        def make() -> dict[str, Any]:
            follow_up.count(s, city, known.kit_id, known.lot_id, what, now)
            return {}

        try:
            once.run(s, "told", form.token.data or "", what.encode(), once.FORM_KEPT, now, make)
        except (once.Reused, once.Busy):
            return


def _city_of_visit(cat: Catalogue) -> str:
    city = cities.remembered(cat, session)
    return city.name.en if city else ""


def known_of(s: Session, cat: Catalogue, form: ToldForm, now: datetime) -> Known:
    """Where her order waited and what it was of, if she came by her code."""
    view = _order(s, cat, form, now)
    if view is None:
        return Known("", 0, 0, None)
    lots = view.lot_ids
    measured = view.point.measured
    spot = Spot(*measured, None, "position") if measured else None
    return Known(counting.city_of(view.point), view.kit.id, lots[0] if len(lots) == 1 else 0, spot)


def _order(s: Session, cat: Catalogue, form: ToldForm, now: datetime) -> OrderView | None:
    if not form.code.data or form.order.data is None:
        return None
    try:
        pass_ = passes.find(s, form.code.data)
    except CodeUnknown:
        limits.missed()
        return None
    return next((v for v in orders.of_pass(s, cat, pass_, now) if v.rid == form.order.data), None)


def result_page(form: ToldForm, now: datetime, said: str = "", trouble: str = "") -> str:
    """The page; 404 where its words are not checked and this is not the demo."""
    s = db.session()
    cat = catalogue.current(s)
    kits = kit_showing.shown(kit_catalogue.kits(s, cat))
    if not kits:
        abort(404)
    known = known_of(s, cat, form, now)
    every = cities.cities(cat)
    city = cities.named(every, request.args.get("near", "")[:80]) or cities.remembered(cat, session)
    if city is not None:
        cities.remember(session, city)
    spot = known.spot or (cities.spot_of(city) if city else None)
    language = wording.language_now()
    offers = follow_up.confirming(s, cat, spot, OFFERED, now) if spot else ()
    places = [place(cat, offer, language, now) for offer in offers]
    return render_template(
        "site/result.html",
        form=form,
        kits=kits,
        said=said,
        trouble=trouble,
        token=tokens.new("told"),
        carry=carried(form),
        order=form.order.data.hex() if form.order.data else "",
        at_worst=help_numbers.named(AT_WORST),
        city=city,
        cities=[] if spot else every[:CITIES_SHOWN],
        call=call(cat, spot, language, now) if spot else None,
        elsewhere=follow_up.confirming_elsewhere(s, cat, spot, now) if spot and not places else None,
        navigator=navigators.near(navigators.read(), known.city or (city.name.en if city else "")),
        places=places,
        pep=kit_showing.pep_number(cat),
        check_up=_number(cat, CHECK_UP),
        beforehand=_number(cat, BEFOREHAND),
    )


def call(cat: Catalogue, spot: Spot, language: str, now: datetime) -> Call | None:
    """Whom she can call about it, in words."""
    offer = follow_up.to_call(db.session(), cat, spot, now)
    if offer is None:
        return None
    loc, far = offer.location, ""
    if offer.distance_m is not None and offer.distance_m > find.FAR_M:
        metres = find.to_city(cat, spot, loc) or offer.distance_m
        far = _("%(city)s, %(distance)s", city=loc.city[language], distance=wording.km(metres))
    open_words, is_open = showing.open_line(cat, loc, now)
    return Call(loc.name[language], loc.phone, open_words, is_open, showing.address(loc, language), far, loc.example)


def place(cat: Catalogue, offer: Offer, language: str, now: datetime) -> Place:
    """A place that confirms, in words."""
    loc, service = offer.location, cat.service_by_slug[follow_up.SERVICE]
    if offer.next is None:
        raise ValueError("a place without a free time is not offered")
    return Place(
        slug=loc.slug,
        name=loc.name[language],
        where=showing.address(loc, language),
        value=typed.start_value(offer.next.start),
        when=showing.day_and_time(offer.next.start, now),
        hour=wording.time_words(offer.next.start),
        service=service.number,
        asks_id=service.asks_id,
        example=loc.example,
    )


def _number(cat: Catalogue, slug: str) -> int | None:
    service = cat.service_by_slug.get(slug)
    return service.number if service else None
