"""What is known of her messages, for the ticket and for /mine."""

from collections.abc import Iterable
from datetime import datetime

from clinic import messaging
from clinic.booking import showing
from clinic.db import reading
from clinic.messaging import outbox
from clinic.messaging.outbox import MessageView
from clinic.wording import gettext as _

WAITING = ("waiting", "sending")


def sms_words(messages: Iterable[MessageView], now: datetime) -> str:
    """When the next one comes, or what became of the last; nothing when she wanted none."""
    words = ""
    for message in messages:
        if message.state in WAITING and not message.dropped:
            return _("comes %(at)s", at=showing.lead_words(message.due_at, now))
        if message.state in outbox.TROUBLES:
            words = _("could not be sent in time")
        elif message.state in ("accepted", "sent", "delivered"):
            words = _("has gone out")
    return words


def just_put(about: str, now: datetime) -> str:
    """The same of what was put a moment ago in another transaction, for the page that says so."""
    if not messaging.enabled():
        return ""
    with reading() as s:
        return sms_words(outbox.of(s, about), now)
