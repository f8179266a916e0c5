"""What she waits for, under her code: the times that are free now, each one tap away, and ending it."""

import re
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms.widgets import HiddenInput

from clinic import messaging
from clinic.booking import fitting, waiting
from clinic.booking.fitting import WishView
from clinic.booking.forms import OpenForm, Parsed, her_code, one_of
from clinic.booking.refusals import Gone
from clinic.booking.typed import Unreadable
from clinic.booking.views_wait import free_words, when_words
from clinic.directory.catalogue import Catalogue
from clinic.passes.passes import OpenPass
from clinic.site.mine_orders import Said
from clinic.wording import gettext as _

SHOWN, OF_A_PLACE = 6, 2


def _wish(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{32}", value):
        raise Unreadable(_l("You do not wait for this any more."))
    return bytes.fromhex(value)


class WishForm(OpenForm):
    """She waits no longer."""

    act = Parsed(_l("What to do"), one_of(("end",)), widget=HiddenInput())
    wish = Parsed(_l("What you wait for"), _wish, widget=HiddenInput())
    code = Parsed(_l("Code"), her_code, widget=HiddenInput())


@dataclass(frozen=True, slots=True)
class WishCard:
    """A wish as the page shows it: `free` are slug, value of the start, its words, the place."""

    id: str
    view: WishView
    when: str
    free: tuple[tuple[str, str, str, str], ...]
    more: int
    act: str  # booking at once, or the check page where they ask for ID
    sms: bool


def cards(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> list[WishCard]:
    """All that she waits for, in words."""
    return [_card(s, cat, view, pass_, now) for view in waiting.of_pass(s, cat, pass_, now)]


def _card(s: Session, cat: Catalogue, view: WishView, pass_: OpenPass, now: datetime) -> WishCard:
    found = fitting.fitting(s, cat, view, now)
    first = fitting.some(found, OF_A_PLACE, SHOWN)
    return WishCard(
        id=view.rid.hex(),
        view=view,
        when=when_words(view, now),
        free=free_words(first, now),
        more=len(found) - len(first),
        act="show" if any(service.asks_id for service in view.services) else "plain",
        sms=view.tell and pass_.phone is not None and messaging.enabled(),
    )


def act(s: Session, cat: Catalogue, pass_: OpenPass, form: WishForm, now: datetime) -> Said:  # noqa: ARG001
    """End a wish; a sentence about it."""
    try:
        if form.errors or form.act.data is None or form.wish.data is None:
            raise Gone
        waiting.end(s, pass_, form.wish.data)
    except Gone:
        return Said(_("You do not wait for this any more."), 404)
    return Said(_("You wait no longer."))
