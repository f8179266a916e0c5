"""What the roster says hundreds of times: each sentence is looked up once for a page, then read from a dict."""

from collections.abc import Callable

from flask_babel import gettext as _


class Said(dict[int, str]):
    """Sentences by their number, made when they are first asked for. (A template reads a key faster than it calls.)"""

    def __init__(self, say: Callable[[int], str]) -> None:
        super().__init__()
        self._say = say

    def __missing__(self, number: int) -> str:
        found = self[number] = self._say(number)
        return found


class Words:
    """The words of a page, in its language."""

    def __init__(self) -> None:
        number: str = _("number %(ticket)s")
        self.states = {
            "booked": _("expected"),
            "here": _("here"),
            "in_room": _("in the room"),
            "done": _("done"),
            "missed": _("did not come"),
        }
        self.steps = {"here": _("Here"), "in_room": _("Call in"), "done": _("Done")}
        self.passed = _("time has passed")
        self.back = _("One step back")
        self.off = _("Take it off")
        self.missed = _("Did not come")
        self.open = _("open the visit")
        self.number = Said(lambda ticket: number % {"ticket": ticket})
        self.minutes = Said(lambda count: str(_("%(minutes)s min", minutes=count)))
