"""What can happen to her wish for a time; each carries what the page needs to help at once."""

from datetime import datetime

from clinic.booking.availability import Slot
from clinic.directory.catalogue import LocationInfo

Alternatives = tuple[tuple[LocationInfo, Slot], ...]


class SlotTaken(Exception):
    """The time was a slot and somebody else has it; `alternatives` are the free times nearest to it."""

    def __init__(self, alternatives: Alternatives) -> None:
        super().__init__("slot taken")
        self.alternatives = alternatives


class NotASlot(Exception):
    """The time is none that this place offers for this visit."""

    def __init__(self, alternatives: Alternatives) -> None:
        super().__init__("not a slot")
        self.alternatives = alternatives


class TooSoon(NotASlot):
    """The time has passed, or comes before the place could get ready."""


class TooFar(NotASlot):
    """The time lies further ahead than the place plans."""


class NotBookable(Exception):
    """This cannot be booked here at any time; `why` is one of the words below."""

    NOBODY_LOOKS = "nobody_looks"  # its roster was not opened for a week, or it keeps none here
    NO_ROOM_FOR_ALL = "no_room_for_all"  # a service is unknown, not offered, or no one room has them all
    WALK_IN_ONLY = "walk_in_only"  # a service is for those who come without a time

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ReminderUseless(Exception):
    """Inside the hours in which messages may be sent, none would reach her before the visit in time."""


class TooLate(Exception):
    """This visit can no longer be moved or cancelled here."""


class Gone(Exception):
    """There is no such visit under this pass any more."""


class NoTimeLeft(Exception):
    """No room has time left for this in the present service day."""


class StatusChanged(Exception):
    """Another desk was faster: `current` is the status now."""

    def __init__(self, current: str) -> None:
        super().__init__(current)
        self.current = current


class StillInside(Exception):
    """The room is not free: visit `ticket` is in it and was not marked as done."""

    def __init__(self, ticket: int) -> None:
        super().__init__(f"still inside: {ticket}")
        self.ticket = ticket


class TimeGiven(Exception):
    """The time of a visit that was missed has gone to somebody else in the meantime."""


class MovedMeanwhile(Exception):
    """The visit no longer stands where the desk saw it; `start` is where it stands now."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start.isoformat())
        self.start = start
