"""The pages on which she looks for a place and chooses a time: /near and /at."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request, session
from werkzeug.wrappers import Response

from clinic import clock, wording
from clinic.booking import availability, cities, demand, drawing, feedback, find, pages, searching, showing, typed
from clinic.booking.find import Offer, Wish
from clinic.booking.forms import NearForm, PlaceForm
from clinic.booking.searching import carried as carried
from clinic.db import db
from clinic.directory import catalogue, streets
from clinic.directory.catalogue import Catalogue, LocationInfo, PlaceInfo, takes_bookings
from clinic.directory.gazetteer import NotFound, Spot
from clinic.privacy import addresses, choices
from clinic.wording import gettext as _

blueprint = Blueprint("booking", __name__)
STRIP_DAYS = 14
VISIBLE = 4  # services that stand open; the rest is folded, so that the times are near
LOOKED_AT = 20  # places nearest to her, of which those with times come first
PEP = "pills-now"  # the one service whose page says within how many hours it helps

Page = str | tuple[str, int]


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Small words that the templates of the room ask for."""
    return {
        "dial": showing.dial,
        "phones": showing.phones,
        "minutes_short": wording.minutes_short,
        "minutes_words": wording.minutes_words,
        "kind_words": showing.kind_words,
        "place_card": drawing.place_card,
        "km": wording.km,
    }


def sent() -> Any:
    """The fields of this request: the body of a POST, which alone may act; of an address what it may say."""
    return request.form if request.method == "POST" else addresses.shown(request.args)


def asked(page: str, now: datetime) -> Any:
    """The fields of this request; of a bare address what she last chose there in this browser."""
    fields = sent()
    return choices.kept(page, now) if request.method == "GET" and not fields else fields


def set_aside(page: str, form: Any, pairs: choices.Pairs, now: datetime) -> Response | None:
    """The bare address that answers a form which only looks for something: nothing secret is in it, nothing wrong."""
    if request.method != "POST" or form.errors or carried(form):
        return None
    return choices.aside(page, pairs, now)


@blueprint.route("/near", methods=["GET", "POST"])
def near() -> Page | Response:
    """Places near what she typed, tapped or where she is, with the next free times as buttons."""
    now = clock.now()
    fields = asked("near", now)
    if request.method == "POST":
        form = NearForm(fields)
        form.validate()
        searching.services_of(catalogue.current(db.session()), form)
        limit = [("limit", form.limit.raw)] if form.limit.raw else []
        if to := set_aside("near", form, [*searching.kept(form), *limit], now):
            return to
    page: Page = pages.remembered(lambda: _near(NearForm(fields)), fields)
    if (unmet := pages.unmet()) is not None:
        demand.count(*unmet)
    return page


def _near(form: NearForm) -> Page:
    cat, now = catalogue.current(db.session()), clock.now()
    known = form.validate()
    services = searching.wished(cat, form)
    if not known or form.service.errors:
        return _list(form, cat, now), 400
    spot = searching.spot_of(cat, form, None if form.other.data else cities.remembered(cat, session))
    if form.near.errors:
        return _list(form, cat, now), 400
    if isinstance(spot, NotFound):
        return render_template("booking/not_found.html", asked=spot, **_choices(form, cat, now, services))
    city = cities.city_at(cat, spot) if spot is not None else None
    if city is not None:
        cities.remember(session, city)
    shared = _choices(form, cat, now, services)
    if spot is None:
        unread = [name for name in request.args if name not in addresses.NAMES]
        return render_template("booking/which_city.html", cities=cities.cities(cat), unread=unread, **shared)
    wish = searching.wish_of(form, services)
    shared["spot"], shared["has_streets"] = spot, spot.city in streets.known_cities()
    shared["summary"] = searching.summary(spot, form, wish, wording.language_now(), now)
    if any(cat.services[i].walk_in_only for i in services):
        return _at_once(cat, spot, wish, shared, now)
    return _places(cat, spot, wish, city, shared, now)


def _places(
    cat: Catalogue, spot: Spot, wish: Wish, city: PlaceInfo | None, shared: dict[str, Any], now: datetime
) -> str:
    """The list for what is booked: near her, and where nothing near can be booked, the nearest other city by name."""
    s, language = db.session(), wording.language_now()
    looked = replace(wish, limit=max(wish.limit, LOOKED_AT))
    if wish.services and all(cat.services[i].by_phone for i in wish.services):
        looked = replace(looked, within_m=None)  # a call knows no distance
    found = find.find(s, cat, spot, looked, now)
    offers = sorted(found, key=_use)[: wish.limit]
    if not any(offer.slots for offer in found) and wish.limit == searching.FIRST_PAGE:
        pages.found_nothing(demand.area_of(cat, spot), demand.part_of(wish, now))
    other = elsewhere = None
    if not any(offer.slots or offer.openness.open for offer in offers):
        other = find.otherwise(s, cat, spot, wish, now)
        if not any(offer.next for offer in (*found, *other.farther)):
            elsewhere = find.elsewhere(s, cat, spot, wish, now)
    else:
        pages.about([offer.location.id for offer in found], city)

    def cards(shown: Iterable[Offer], far_m: int | None = None) -> list[showing.Card]:
        centre = spot.kind in cities.KINDS
        return [showing.card(cat, offer, language, now, centre, far_m) for offer in shown]

    return render_template(
        "booking/near.html",
        cards=cards(offers),
        farther=cards(other.farther) if other else [],
        sooner=cards(other.sooner) if other and not offers else [],
        elsewhere=elsewhere,
        far_cards=cards(elsewhere.offers, elsewhere.metres) if elsewhere else [],
        status=showing.status_words(found, now),
        moment=showing.moment_words(now),
        can_wait=not any(offer.slots for offer in found) and any(offer.takes_bookings for offer in found),
        more=len(found) > len(offers) or (len(offers) == wish.limit and wish.limit < searching.MOST),
        chips=searching.chips(shared["form"], wish, now),
        **shared,
    )


def _use(offer: Offer) -> tuple[bool, bool, bool]:
    """What she can use first: tonight's times, then later ones, then those to call; last what says nothing."""
    return not offer.slots, offer.next is None, showing.dead(offer.location)


def _at_once(cat: Catalogue, spot: Spot, wish: Wish, shared: dict[str, Any], now: datetime) -> str:
    """Places of what is given without booking: those that are open and can be called first, all of them near."""
    s, language = db.session(), wording.language_now()
    wish = replace(wish, within_m=find.FAR_M, limit=searching.MOST, kind=None, open_now=False)
    found = sorted(find.find(s, cat, spot, wish, now), key=lambda offer: _callable(offer, now))
    elsewhere = None
    if not any(offer.location.phone for offer in found):
        elsewhere = find.elsewhere(s, cat, spot, wish, now)
    far_m = elsewhere.metres if elsewhere else None
    centre = spot.kind in cities.KINDS
    return render_template(
        "booking/at_once.html",
        cards=[showing.card(cat, offer, language, now, centre) for offer in found],
        elsewhere=elsewhere,
        far_cards=[showing.card(cat, offer, language, now, False, far_m) for offer in elsewhere.offers]
        if elsewhere
        else [],
        must_tell={place.slug: showing.must_tell(cat, place) for place in (offer.location for offer in found)},
        **shared,
    )


def _callable(offer: Offer, now: datetime) -> tuple[bool, bool, datetime]:
    """Open and with a number first, then a number that answers soonest, then the rest."""
    state = offer.openness
    opens = now if state.open else state.next_open or now + timedelta(days=365)
    return not offer.location.phone, not state.open, opens


def _choices(form: NearForm, cat: Catalogue, now: datetime, chosen: frozenset[int]) -> dict[str, Any]:
    """What every page of the search offers: what one may come for, when, where."""
    needs, services = searching.need_chips(cat, form, chosen, wording.language_now())
    return {
        "form": form,
        "kept": searching.kept(form),
        "needs": needs,
        "need_services": services,
        "what": searching.what(cat, chosen, wording.language_now()),
        "chosen": chosen,
        "pep": any(cat.services[i].slug == PEP for i in chosen),
        "days": searching.days(now),
        "hours": searching.HOURS,
        "services": sorted(cat.services.values(), key=lambda service: service.number),
        "kinds": [(kind, showing.kind_words(kind)) for kind in ("clinic", "ngo", "legal_aid", "mobile")],
        "spoken": [(code, showing.spoken_words(code)) for code in ("kk", "ru", "en", "uz", "ky", "tg", "ug", "tr")],
        "carry": carried(form),
    }


def _list(form: NearForm, cat: Catalogue, now: datetime) -> str:
    """The search form alone, with what is wrong in it."""
    return render_template("booking/search.html", **_choices(form, cat, now, searching.services_of(cat, form)))


def place_or_404(cat: Catalogue, slug: str) -> LocationInfo:
    """The place of a slug; an unlisted one too, for who has its link."""
    found = cities.at_link(cat, slug)
    if found is None:
        abort(404)
    return found


@blueprint.route("/at/<slug>", methods=["GET", "POST"])
def place(slug: str) -> Page | Response:
    """A place: what can be done in one visit, days and times; or phone and hours where nothing is booked."""
    cat, now = catalogue.current(db.session()), clock.now()
    loc = place_or_404(cat, slug)
    form = PlaceForm(asked(f"at {slug}", now))
    form.validate()
    services = searching.services_of(cat, form)
    only_looks = bool(services) and services <= loc.services.keys() and form.start.data is None
    if only_looks and (to := set_aside(f"at {slug}", form, searching.kept(form), now)):
        return to
    page = place_page(cat, loc, form, now)
    return page, 400 if form.errors else 200


def place_page(cat: Catalogue, loc: LocationInfo, form: PlaceForm, now: datetime) -> str:
    """The page of a place with what was chosen so far."""
    today = clock.local(now).date()
    language = wording.language_now()
    bookable, at_once = showing.services_at(cat, loc)
    open_words, is_open = showing.open_line(cat, loc, now)
    checked, stale = showing.checked_words(loc, today)
    shared: dict[str, Any] = {
        "form": form, "place": loc, "open_words": open_words, "open": is_open, "checked": checked, "stale": stale,
        "kind": showing.kind_words(loc.kind), "at_once": at_once, "carry": carried(form),
        "kept": searching.kept(form, "service", "day"), "to_list": searching.kept(form),
        "spoken": ", ".join(showing.spoken_words(code) for code in loc.languages),
        "address": showing.address(loc, language), "lack": showing.lack(loc),
        "felt": feedback.shown(db.session(), loc.id), "must_tell": showing.must_tell(cat, loc),
    }  # fmt: skip
    if not takes_bookings(loc, today) or not bookable:
        return render_template("booking/phone.html", week=showing.week(cat, loc, now), services=bookable, **shared)
    chosen = searching.services_of(cat, form)
    if not chosen and not form.picked.data:
        chosen = availability.usual(cat, loc)
    here = frozenset(service.id for service in bookable)
    if chosen - here:
        form.service.errors = [*form.service.errors, _("Not everything you chose is done here.")]
        chosen = chosen & here or availability.usual(cat, loc)
    days = min(loc.days_ahead + 1, STRIP_DAYS)
    slots = availability.slots(db.session(), cat, loc, chosen, today, days + 1, now)
    strip = showing.strip(cat, loc, slots, today, days)
    wished = form.day.data or (clock.local(form.start.data).date() if form.start.data else None)
    first_free = showing.first_day(slots, form.after.data) or today.isoformat()
    day = wished if wished and today <= wished < today + timedelta(days=days) else typed.day(first_free)
    groups, ticked = showing.groups(slots, day, form.start.data, form.after.data)
    costs = {loc.services[i][language] if i in loc.services else "" for i in here}
    bookable.sort(key=lambda service: service.id not in chosen)
    return render_template(
        "booking/place.html",
        services=bookable,
        visible=max(len(chosen), VISIBLE if len(bookable) > VISIBLE + 1 else len(bookable)),
        cost=costs.pop() if len(costs) == 1 else "",
        chosen=chosen,
        minutes=availability.minutes(cat, chosen),
        strip=strip,
        day=day.isoformat(),
        day_words=wording.day_words(day, today),
        groups=groups,
        ticked=ticked,
        left=sum(len(times) for _name, times in groups),
        asks_id=any(service.asks_id for service in bookable),
        **shared,
    )
