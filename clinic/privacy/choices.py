"""What she looks for in this browser, so that no address says it: neither the history nor a shared screen names it.

A form that looks for something is answered by an address without a word in it; what was chosen stands in the
visit's cookie, sealed, so that Back and a reload find it. It goes with Hide, with the end of the browser's session,
and after two hours. Who refuses cookies, or sends a code or her position, gets the page as the answer to the form.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import redirect, request, session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from clinic import clock
from clinic.privacy import cookies, sealing

KEPT = timedelta(hours=2)
_NAME, _CONTEXT = "c", "choices"

Pairs = Iterable[tuple[str, str]]


def aside(page: str, pairs: Pairs, now: datetime) -> Response | None:
    """Keep the choice of a page that a form asks for, and lead to its bare address; None where the form is answered."""
    known = bool(cookies.read("s"))
    everything = _read(now)
    everything[page] = [list(pair) for pair in pairs]
    until = now + KEPT
    box = json.dumps({"until": int(until.timestamp()), "pages": everything})
    session[_NAME] = urlsafe_b64encode(sealing.seal(clock.local(until).date(), _CONTEXT, b"", box)).decode()
    by_script = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return redirect(request.script_root + request.path, 303) if known and not by_script else None


def kept(page: str, now: datetime) -> MultiDict[str, str]:
    """What was last chosen of a page, if this browser still knows."""
    return MultiDict([(name, value) for name, value in _read(now).get(page, ())])


def _read(now: datetime) -> dict[str, list[Any]]:
    value = session.get(_NAME)
    if not isinstance(value, str):
        return {}
    try:
        box: dict[str, Any] = json.loads(sealing.open_(_CONTEXT, b"", urlsafe_b64decode(value.encode())))
    except (sealing.Unreadable, ValueError, TypeError, binascii.Error):
        return {}
    fresh = datetime.fromtimestamp(box["until"], UTC) > now
    return dict(box["pages"]) if fresh else {}
