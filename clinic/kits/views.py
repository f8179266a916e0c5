"""The pages on which she orders a test to take home and learns how it is done: /order, its points, its steps."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from clinic import clock, wording
from clinic.booking import cities, searching
from clinic.booking.views import Page, carried, sent
from clinic.config import settings
from clinic.db import db
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, PlaceInfo, listed
from clinic.directory.gazetteer import NotFound, Spot
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import follow_up, showing
from clinic.kits.catalogue import KitCatalogue, KitInfo
from clinic.kits.forms import MOST_PER_ORDER, BeganForm, OrderForm
from clinic.wording import gettext as _

blueprint = Blueprint("kits", __name__)
CITIES_SHOWN = 6
STILL_TOLD = timedelta(hours=6)  # for so long a beginning in the address means something

KEPT_FILES = ("keshki.css", "kits.css", "keshki.js", "timer.js", "keep.js", "icon.svg")


@dataclass(frozen=True, slots=True)
class Began:
    """When a test was begun, and the clock times between which it is read."""

    at: str
    first: str
    last: str
    late: bool


@blueprint.route("/order", methods=["GET", "POST"])
def order() -> Page:
    """The question about the last 3 days, which test, how many, where, when."""
    form = OrderForm(sent())
    form.validate()
    page = order_page(form, clock.now())
    return page, 400 if form.errors else 200


def order_page(form: OrderForm, now: datetime, suggestions: tuple[Any, ...] = ()) -> str:
    """The page of her choice, with what is wrong in it."""
    cat = catalogue.current(db.session())
    all_kits = kit_catalogue.kits(db.session(), cat)
    kits = showing.shown(all_kits)
    city = cities.remembered(cat, session)
    chosen = form.kit.data if any(kit.number == form.kit.data for kit in kits) else None
    return render_template(
        "kits/order.html",
        form=form,
        kits=kits,
        chosen=chosen or (kits[0].number if kits else 0),
        most=most(),
        pep=showing.pep_number(cat),
        city=city.name[wording.language_now()] if city else "",
        cities=[] if city or form.near.raw else _with_points(cat, all_kits)[:CITIES_SHOWN],
        suggestions=suggestions,
        days=searching.days(now),
        hours=("12:00", *searching.HOURS),
        carry=carried(form),
        recalled=follow_up.recalled(db.session(), clock.local(now).date()),
    )


def _with_points(cat: Catalogue, kits: KitCatalogue) -> list[PlaceInfo]:
    """Cities in which a point hands tests over: the others are not offered."""
    today = clock.local(clock.now()).date()
    there = {
        point.location.city
        for point in kits.points.values()
        if listed(point.location) and kit_catalogue.takes_orders(point, today)
    }
    return [city for city in cities.cities(cat) if city.name in there]


def kit_of(kits: KitCatalogue, form: OrderForm) -> KitInfo | None:
    """The chosen kit; None, and an error of the field, where it can't be ordered."""
    kit = next((kit for kit in showing.shown(kits) if kit.number == form.kit.data), None)
    if kit is None and not form.kit.errors:
        form.kit.errors = [_("Choose one of these tests.")]
    return kit


def spot_of(cat: Catalogue, form: OrderForm) -> Spot | NotFound | None:
    """Where she wants to collect it; None, and an error of the field, where nothing was said."""
    asked: Any = form  # it has the fields of a search
    spot = searching.spot_of(cat, asked, cities.remembered(cat, session))
    if spot is None and not form.near.errors:
        form.near.errors = [_("Type a town, a district or a metro station.")]
    if isinstance(spot, NotFound):
        form.near.errors = [_("We do not know this place. Type a district, a metro station or a town.")]
    return spot


@blueprint.get("/order/how")
def tests() -> str:
    """Which test does she have: each has its own steps."""
    kits = showing.shown(kit_catalogue.kits(db.session(), catalogue.current(db.session())))
    return render_template("kits/tests.html", kits=kits, recalled=follow_up.recalled(db.session(), clock.today()))


@blueprint.route("/order/how/<int:number>", methods=["GET", "POST"])
def how(number: int) -> str | Response:
    """The steps of one kit type and its clock.

    With a script the clock counts in the tab and nothing is sent. Without one, "I began now" comes here and
    leads on to this page with the moment in its address, in minutes: a plain number, which a reload keeps
    and the next days make meaningless.
    """
    now = clock.now()
    kits = showing.shown(kit_catalogue.kits(db.session(), catalogue.current(db.session())))
    kit = next((kit for kit in kits if kit.number == number), None)
    if kit is None:
        abort(404)
    if request.method == "POST":
        return redirect(url_for("kits.how", number=number, at=int(now.timestamp()) // 60, _anchor="timer"), 303)
    form = BeganForm(request.args)
    form.validate()
    return render_template(
        "kits/how.html",
        kit=kit,
        others=[other for other in kits if other is not kit],
        known=showing.DRAWN,
        face=showing.face(kit),
        window=showing.window(kit),
        began=began_of(kit, form.at.data, now),
        late=_("The time is over: do not read it any more, it may be wrong now. Take another test."),
        recalled=follow_up.recalled(db.session(), clock.local(now).date()),
        keep=[url_for("kits.how", number=number), url_for("site.result"), url_for("site.help"), *kept_files()],
    )


def began_of(kit: KitInfo, minute: int | None, now: datetime) -> Began | None:
    """The clock times of a test begun at a minute since 1970; None where that is no recent moment."""
    if minute is None:
        return None
    at = datetime.fromtimestamp(minute * 60, UTC)
    if not timedelta(minutes=-5) <= now - at <= STILL_TOLD:
        return None
    first, last = at + timedelta(minutes=kit.read_from), at + timedelta(minutes=kit.read_to)
    return Began(wording.time_words(at), wording.time_words(first), wording.time_words(last), now > last)


def kept_files() -> list[str]:
    """What a kept page needs to look and count as it does."""
    asset = current_app.jinja_env.globals["asset"]
    return [asset(name) for name in KEPT_FILES]  # type: ignore[operator]


def most() -> int:
    """How many tests one order may hold."""
    return min(MOST_PER_ORDER, settings().kits_per_order)
