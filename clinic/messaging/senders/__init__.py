"""What a sender of SMS is: one short protocol, one file per provider, no provider named outside them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One try: what goes out, to whom, the token of its receipts, and how long it may travel.

    `voice`: a call to somebody on duty instead of an SMS; what it says is asked for under its token.
    """

    to: str = field(repr=False)
    body: str = field(repr=False)
    token: str = field(repr=False)
    valid_seconds: int
    voice: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message under this number of its own; `status` is its first word about it."""

    sid: str
    status: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it: a wrong number, a barred one, a text it does not like (see `answers`)."""

    error: str


@dataclass(frozen=True, slots=True)
class Later:
    """Surely not taken, and worth another try, not before `wait` is over where the provider says so."""

    error: str
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Stop:
    """Surely not taken, and none will be until a person repairs the account or its settings."""

    error: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Perhaps taken: only the provider can tell."""

    why: str


Outcome = Accepted | Refused | Later | Stop | Unclear


@dataclass(frozen=True, slots=True)
class Copy:
    """A message as the provider lists it; `body` is empty when it was redacted there."""

    sid: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    created_at: datetime
    status: str
    error: str


class AskFailed(Exception):
    """The provider did not answer a question; nothing can be concluded."""


class NotYet(Exception):
    """The provider keeps its copy a little longer: the message is still under way."""


class Sender(Protocol):
    """A provider. `send` never raises; the others raise AskFailed when no answer came."""

    def send(self, message: Outgoing) -> Outcome:
        """Hand a message over."""

    def sent_since(self, moment: datetime) -> list[Copy]:
        """Every message of ours that the provider took from `moment` on."""

    def status(self, sid: str) -> tuple[str, str]:
        """The provider's word for where a message is, and its error code; ("", "") when it knows none such."""

    def erase(self, sid: str) -> None:
        """Delete the provider's copy; one that is not there counts as deleted. Raises NotYet."""
