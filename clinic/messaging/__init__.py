"""Messages to her: an outbox that commits with what caused it, senders, receipts, reconciling."""

from pathlib import Path
from typing import cast

from flask import current_app

from clinic.config import settings
from clinic.messaging.senders import Sender
from clinic.messaging.senders.local import LocalSender
from clinic.messaging.senders.twilio import TwilioSender, Voice

EXTENSION = "keshki.sender"
STATUS_PATH = "/hooks/twilio/status/"
VOICE_PATH = "/hooks/twilio/voice/"


def enabled() -> bool:
    """Whether messages can be sent at all; where not, no page mentions them."""
    return settings().twilio is not None or settings().demo


def voice() -> bool:
    """Whether people on duty can be called by voice as well."""
    return settings().voice is not None


def sender() -> Sender:
    """The sender of the current app: Twilio where it is configured, else the demo's local one.

    Raises LookupError when there is none.
    """
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions[EXTENSION] = _new_sender()
    return cast(Sender, found)


def _new_sender() -> Sender:
    s = settings()
    if s.twilio is not None:
        # receipts need an address that Twilio reaches and whose answers nobody reads on the way;
        # a stand-in on this machine may use plain http
        public = s.is_https or s.twilio.api_base is not None
        known = public and bool(s.base_url)
        voice_from = Voice(s.voice, s.base_url + VOICE_PATH) if known and s.voice else None
        return TwilioSender(s.twilio, s.base_url + STATUS_PATH if known else None, voice_from)
    if s.demo:
        return LocalSender(Path(s.database_url.removeprefix("sqlite:///")).parent)
    raise LookupError("no sender of SMS is configured")
