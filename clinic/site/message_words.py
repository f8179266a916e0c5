"""What is known of her messages, for /mine."""

from collections.abc import Iterable
from datetime import datetime

from clinic.booking import showing
from clinic.messaging.outbox import MessageView
from clinic.wording import gettext as _

WAITING = ("waiting", "sending")


def sms_words(messages: Iterable[MessageView], now: datetime) -> str:
    """When the next one comes, or what became of the last; nothing when she wanted none."""
    words = ""
    for message in messages:
        if message.state in WAITING and not message.dropped:
            return _("comes %(at)s", at=showing.lead_words(message.due_at, now))
        if message.state in ("expired", "failed", "undelivered", "unknown"):
            words = _("could not be sent in time")
        elif message.state in ("accepted", "sent", "delivered"):
            words = _("has gone out")
    return words
