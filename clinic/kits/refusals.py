"""What can happen to an order or to a change of stock; each carries what the page needs to help at once."""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinic.kits.routing import Proposal


class OutOfStock(Exception):
    """No such kits are free here; `alternatives` are points that have them, the best first."""

    def __init__(self, alternatives: "tuple[Proposal, ...]" = ()) -> None:
        super().__init__("out of stock")
        self.alternatives = alternatives


class TooMany(Exception):
    """Fewer than one kit, or more than the operator allows in one order: `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"1 to {limit}")
        self.limit = limit


class NotOffered(Exception):
    """This kit is not offered: its leaflet is missing here, or this point does not hand it over."""


class PointClosed(Exception):
    """The point takes no orders now: it is not open before the last day, or nobody looks at its page."""


class Gone(Exception):
    """There is no such order under this pass any more, or it can't be changed any more."""


class OrderChanged(Exception):
    """Another counter or the worker was faster: `current` is the order's status now, "" when it is gone."""

    def __init__(self, current: str) -> None:
        super().__init__(current)
        self.current = current


class LotStopped(Exception):
    """These kits may not be handed over (recalled, expired, or others than the counter saw): `lot` is its number."""

    def __init__(self, lot: str) -> None:
        super().__init__(lot)
        self.lot = lot


class CountChanged(Exception):
    """The shelf changed while somebody counted: `on_hand` lie there now by the ledger."""

    def __init__(self, on_hand: int) -> None:
        super().__init__(str(on_hand))
        self.on_hand = on_hand


class UndoOver(Exception):
    """The five minutes are over, or there is nothing to undo."""


class NotEnough(Exception):
    """A balance would fall below zero, or below what is set aside for orders."""


class BadQuantity(Exception):
    """A number of kits that can't be: zero, negative or beyond all reason."""


class BadLotNumber(Exception):
    """A lot number is 1 to 20 letters, digits and signs of its leaflet's bar code, without spaces."""


class LotExpired(Exception):
    """Kits of this lot may not be taken in, moved or handed over any more; its last day was `expires_on`."""

    def __init__(self, expires_on: date) -> None:
        super().__init__(expires_on.isoformat())
        self.expires_on = expires_on


class LotNotExpired(Exception):
    """Written off as expired, but it may still be given until the end of `expires_on`."""

    def __init__(self, expires_on: date) -> None:
        super().__init__(expires_on.isoformat())
        self.expires_on = expires_on


class LotRecalled(Exception):
    """This lot was recalled."""


class LotNotRecalled(Exception):
    """Written off as recalled, but nobody recalled it."""


class LotDiffers(Exception):
    """This lot is known with another last day: `expires_on`. One of the two was mistyped."""

    def __init__(self, expires_on: date) -> None:
        super().__init__(expires_on.isoformat())
        self.expires_on = expires_on


class LotUnknown(Exception):
    """There is no such lot at this point."""


class ReasonNeeded(Exception):
    """A count that differs needs a reason."""


class NotUndoable(Exception):
    """This entry can't be undone by itself, or was undone before."""
