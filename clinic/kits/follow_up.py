"""After the test: where the answer is confirmed, and what a woman chose to tell us, as bare counts.

A count says city, month, kit type and, for what is wrong with a lot, the lot; no row of it leads to an
order, a pass or a day. Nobody is asked: whoever says nothing stands in no column but "collected".
"""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking import find
from clinic.booking.find import Elsewhere, Offer, Wish
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import Spot
from clinic.kits import counting
from clinic.kits.models import Lot

REACTIVE, NONREACTIVE, INVALID = "reactive", "nonreactive", "invalid"  # what she saw
CONFIRMED, FALSE = "confirmed", "false"  # what the second test said to a reactive one
HARM = "harm"  # something bad happened because of the test
TOLD = (REACTIVE, NONREACTIVE, INVALID, CONFIRMED, FALSE)
OF_A_LOT = (INVALID, FALSE)  # what may be the fault of a lot, and so is counted by lot
SERVICE = "confirming"  # the slug of the service that confirms
TEST = "quick-test"  # of the test that clinics do who may confirm as well
PEP = "pills-now"  # the slug of the pills that help within 72 hours
LOOKED_AT = 20


def count(s: Session, city: str, kit_id: int, lot_id: int, what: str, now: datetime) -> None:
    """Add one to the count of `what` in a city ("" = not known); `kit_id` and `lot_id` 0 = not known."""
    counting.add(s, city, kit_id, what, 1, now, lot_id if what in OF_A_LOT else 0)


def recalled(s: Session, today: date) -> dict[int, tuple[str, ...]]:
    """Numbers of the lots that were called back and that somebody may still have at home, by kit type."""
    query = select(Lot.kit_type_id, Lot.number).where(Lot.recalled_on.is_not(None), Lot.expires_on >= today)
    found: dict[int, tuple[str, ...]] = {}
    for kit_id, number in s.execute(query.order_by(Lot.number)):
        found[kit_id] = (*found.get(kit_id, ()), number)
    return found


def confirming(s: Session, cat: Catalogue, spot: Spot, count: int, now: datetime) -> tuple[Offer, ...]:
    """Places near the spot that confirm and take bookings, the soonest free time first; none of another city.

    Empty when nobody offers it. The booking itself is an ordinary visit; the roster shows nothing else.
    """
    wish = _wish(cat, SERVICE)
    if wish is None:
        return ()
    offers = [offer for offer in find.find(s, cat, spot, wish, now) if offer.next is not None]
    offers.sort(key=lambda offer: offer.next.start if offer.next else now)
    return tuple(offers[:count])


def confirming_elsewhere(s: Session, cat: Catalogue, spot: Spot, now: datetime) -> Elsewhere | None:
    """The nearest other city where it is confirmed by booking."""
    wish = _wish(cat, SERVICE)
    return None if wish is None else find.elsewhere(s, cat, spot, wish, now)


def to_call(s: Session, cat: Catalogue, spot: Spot, now: datetime) -> Offer | None:
    """Whom she can call about it: a place near the spot that confirms or a clinic that tests, an open one first.

    Where nobody near has a number, the nearest clinic of the country that has one.
    """
    wishes = [wish for wish in (_wish(cat, SERVICE), _wish(cat, TEST, "clinic")) if wish is not None]
    near = {offer.location.id: offer for wish in wishes for offer in find.find(s, cat, spot, wish, now)}
    called = [offer for offer in near.values() if offer.location.phone]
    if not called:
        wide = [replace(wish, within_m=None) for wish in wishes]
        called = [offer for wish in wide for offer in find.find(s, cat, spot, wish, now) if offer.location.phone]
        return min(called, key=lambda offer: offer.distance_m or 0, default=None)
    return min(called, key=lambda offer: (not offer.openness.open, offer.distance_m or 0))


def _wish(cat: Catalogue, slug: str, kind: str | None = None) -> Wish | None:
    service = cat.service_by_slug.get(slug)
    if service is None:
        return None
    return Wish(services=frozenset({service.id}), kind=kind, limit=LOOKED_AT, within_m=find.FAR_M)
