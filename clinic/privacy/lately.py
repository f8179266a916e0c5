"""What this browser did here a short while ago, so that Back, a reload or a closed tab lead to it again.

It stands in the visit's cookie, sealed: whoever looks at the phone reads nothing in it. It goes with Hide,
with the end of the browser's session, and after two hours. Who refuses cookies has the form's own token.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from flask import request, session

from clinic import clock
from clinic.privacy import sealing

KEPT = timedelta(hours=2)
MOST = 4  # a cookie is small
_NAME, _CONTEXT = "l", "lately"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done here: by which form and where, what it made, the code that opens it, whether that is new."""

    form: str
    where: str
    rid: str
    code: str
    new: bool
    until: int  # seconds since 1970

    @property
    def answer(self) -> dict[str, str]:
        """The answer of the form that did it."""
        return {"code": self.code if self.new else "", "rid": self.rid}


def remember(form: str, where: str, answer: dict[str, str], code: str | None, now: datetime) -> None:
    """Keep a deed: `answer` as its form gave it, `code` the one under which she came, if she did."""
    new = bool(answer["code"])
    until = int((now + KEPT).timestamp())
    deed = Deed(form, where, answer["rid"], answer["code"] if new else code or "", new, until)
    _write([*[one for one in deeds(now) if one.rid != deed.rid][1 - MOST :], deed])


def deeds(now: datetime) -> list[Deed]:
    """What is remembered, the latest last."""
    value = session.get(_NAME)
    if not isinstance(value, str):
        return []
    try:
        kept = json.loads(sealing.open_(_CONTEXT, b"", urlsafe_b64decode(value.encode())))
        found = [Deed(**one) for one in kept]
    except (sealing.Gone, sealing.Damaged, ValueError, TypeError, binascii.Error):
        return []
    return [one for one in found if one.until > now.timestamp()]


def of(form: str, now: datetime, where: str = "") -> list[Deed]:
    """What one form did there, the latest first."""
    return [one for one in reversed(deeds(now)) if (one.form, one.where) == (form, where)]


def wanted() -> str:
    """The key of the deed whose ticket a form asks for."""
    return request.form.get("rid", "")[:32]


def _write(found: list[Deed]) -> None:
    last = clock.local(datetime.fromtimestamp(max(one.until for one in found), UTC)).date()
    box = sealing.seal(last, _CONTEXT, b"", json.dumps([asdict(one) for one in found]))
    session[_NAME] = urlsafe_b64encode(box).decode()
