"""The pages on which she looks for a place and chooses a time: /near and /at."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request, session

from clinic import clock, wording
from clinic.booking import availability, cities, demand, drawing, feedback, find, pages, searching, showing, typed
from clinic.booking.forms import NearForm, PlaceForm
from clinic.db import db
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, takes_bookings
from clinic.directory.gazetteer import NotFound
from clinic.privacy import addresses
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
    }


def sent() -> Any:
    """The fields of this request: the body of a POST, which alone may act; of an address what it may say."""
    return request.form if request.method == "POST" else addresses.shown(request.args)


def carried(form: Any) -> list[tuple[str, str]]:
    """What must not stand in an address and so goes on in hidden fields: her position and her code."""
    pairs = []
    for name in ("lat", "lng"):
        if name in form and form[name].data is not None:
            pairs.append((name, f"{form[name].data:.2f}"))
    if form.code.data:
        pairs.append(("code", form.code.data))
    return pairs


@blueprint.route("/near", methods=["GET", "POST"])
def near() -> Page:
    """Places near what she typed, tapped or where she is, with the next free times as buttons."""
    page: Page = pages.remembered(_near)
    if (unmet := pages.unmet()) is not None:
        demand.count(*unmet)
    return page


def _near() -> Page:
    form = NearForm(sent())
    cat, now = catalogue.current(db.session()), clock.now()
    known = form.validate()
    services = searching.services_of(cat, form)
    if not known or form.service.errors:
        return _list(form, cat, now), 400
    spot = searching.spot_of(cat, form, cities.remembered(cat, session))
    if form.near.errors:
        return _list(form, cat, now), 400
    if isinstance(spot, NotFound):
        return render_template(
            "booking/not_found.html", form=form, suggestions=spot.suggestions, **_choices(form, cat, now)
        )
    city = cities.city_at(cat, spot) if spot is not None else None
    if city is not None:
        cities.remember(session, city)
    wish = searching.wish_of(form, services)
    if services and all(cat.services[i].by_phone for i in services):
        wish = replace(wish, within_m=None)  # a call knows no distance
    language = wording.language_now()
    found = find.find(db.session(), cat, spot, replace(wish, limit=max(wish.limit, LOOKED_AT)), now)
    offers = sorted(found, key=lambda offer: (not offer.slots, offer.next is None))[: wish.limit]
    if any(cat.services[i].walk_in_only for i in services):
        return render_template(
            "booking/at_once.html",
            form=form,
            services=[cat.services[i] for i in services],
            pep=any(cat.services[i].slug == PEP for i in services),
            cards=[showing.card(cat, offer, language, now) for offer in offers],
            must_tell={offer.location.slug: showing.must_tell(cat, offer.location) for offer in offers},
        )
    if spot is not None and not any(offer.slots for offer in found) and wish.limit == searching.FIRST_PAGE:
        pages.found_nothing(demand.area_of(cat, spot), demand.part_of(wish, now))
    other = None
    if not any(offer.slots or offer.openness.open for offer in offers):
        other = find.otherwise(db.session(), cat, spot, wish, now)
    else:
        pages.about([offer.location.id for offer in found], city)
    return render_template(
        "booking/near.html",
        form=form,
        spot=spot,
        cities=cities.cities(cat) if spot is None else [],
        cards=[showing.card(cat, offer, language, now) for offer in offers],
        farther=[showing.card(cat, offer, language, now) for offer in other.farther] if other else [],
        sooner=[showing.card(cat, offer, language, now) for offer in other.sooner] if other and not offers else [],
        open_now=sum(offer.openness.open for offer in offers),
        bookable=sum(bool(offer.slots) for offer in offers),
        can_wait=not any(offer.slots for offer in found) and any(offer.takes_bookings for offer in found),
        more=len(found) > len(offers) or (len(offers) == wish.limit and wish.limit < searching.MOST),
        summary=searching.summary(cat, spot, wish, language, now),
        chips=searching.chips(wish, now),
        moment=_(
            "%(weekday)s, %(time)s", weekday=wording.weekday_long(clock.local(now).date()), time=wording.time_words(now)
        ),
        **_choices(form, cat, now),
    )


def _choices(form: NearForm, cat: Catalogue, now: datetime) -> dict[str, Any]:
    """What the search form offers."""
    return {
        "days": searching.days(now),
        "hours": searching.HOURS,
        "services": sorted(cat.services.values(), key=lambda service: service.number),
        "kinds": [(kind, showing.kind_words(kind)) for kind in ("clinic", "ngo", "legal_aid", "mobile")],
        "spoken": [(code, showing.spoken_words(code)) for code in ("kk", "ru", "en", "uz", "ky", "tg", "ug", "tr")],
        "carry": carried(form),
    }


def _list(form: NearForm, cat: Catalogue, now: datetime) -> str:
    """The search form alone, with what is wrong in it."""
    return render_template("booking/search.html", form=form, **_choices(form, cat, now))


def place_or_404(cat: Catalogue, slug: str) -> LocationInfo:
    """The place of a slug; an unlisted one too, for who has its link."""
    found = cities.at_link(cat, slug)
    if found is None:
        abort(404)
    return found


@blueprint.route("/at/<slug>", methods=["GET", "POST"])
def place(slug: str) -> Page:
    """A place: what can be done in one visit, days and times; or phone and hours where nothing is booked."""
    cat, now = catalogue.current(db.session()), clock.now()
    loc = place_or_404(cat, slug)
    form = PlaceForm(sent())
    form.validate()
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
        "spoken": ", ".join(showing.spoken_words(code) for code in loc.languages),
        "address": "" if loc.visibility == "district" else loc.address[language],
        "felt": feedback.shown(db.session(), loc.id), "must_tell": showing.must_tell(cat, loc),
    }  # fmt: skip
    if not takes_bookings(loc, today) or not bookable:
        return render_template("booking/phone.html", week=showing.week(cat, loc, now), services=bookable, **shared)
    chosen = searching.services_of(cat, form) or availability.usual(cat, loc)
    here = frozenset(service.id for service in bookable)
    if chosen - here:
        form.service.errors = [*form.service.errors, _("Not everything you chose is done here.")]
        chosen = chosen & here or availability.usual(cat, loc)
    days = min(loc.days_ahead + 1, STRIP_DAYS)
    slots = availability.slots(db.session(), cat, loc, chosen, today, days + 1, now)
    strip = showing.strip(cat, loc, slots, today, days)
    wished = form.day.data or (clock.local(form.start.data).date() if form.start.data else None)
    first_free = next((row[0] for row in strip if not row[4]), today.isoformat())
    day = wished if wished and today <= wished < today + timedelta(days=days) else typed.day(first_free)
    groups, ticked = showing.groups(slots, day, form.start.data)
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
