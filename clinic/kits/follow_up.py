"""After the test: where the answer is confirmed, and what a woman chose to tell us, as bare counts.

A count says city, month, kit type and, for what is wrong with a lot, the lot; no row of it leads to an
order, a pass or a day. Nobody is asked: whoever says nothing stands in no column but "collected".
"""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking import find
from clinic.booking.find import Offer, Wish
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


def confirming(s: Session, cat: Catalogue, spot: Spot | None, count: int, now: datetime) -> tuple[Offer, ...]:
    """Places that confirm and take bookings, the soonest free time first: near the spot, else in the whole country.

    Empty when nobody offers it. The booking itself is an ordinary visit; the roster shows nothing else.
    """
    service = cat.service_by_slug.get(SERVICE)
    if service is None:
        return ()
    wish = Wish(services=frozenset({service.id}), limit=LOOKED_AT, within_m=find.NEAR_M)
    offers: list[Offer] = []
    for wider in (wish, replace(wish, within_m=None)):
        offers = [offer for offer in find.find(s, cat, spot, wider, now) if offer.next is not None]
        if offers:
            break
    offers.sort(key=lambda offer: offer.next.start if offer.next else now)
    return tuple(offers[:count])
