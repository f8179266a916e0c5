"""Her running signal in this browser: a sealed cookie, so that Back, Hide or a closed tab do not cut her off from it.

It holds the token of her page, opens on the server alone, tells whoever looks at the phone nothing, and
goes when the signal is over, at the latest with its 24 hours. Who refuses cookies has the page alone.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from flask import Response

from clinic.privacy import cookies, sealing
from clinic.safety.alerts import told
from clinic.safety.alerts.told import KEPT

NAME = "n"
_CONTEXT, _ROW = "signal cookie", b""


def recall() -> str | None:
    """The token of the signal that this browser has given; None without one."""
    value = cookies.read(NAME)
    try:
        return sealing.open_(_CONTEXT, _ROW, urlsafe_b64decode(value.encode())) if value else None
    except (sealing.Unreadable, ValueError, binascii.Error):
        return None


def remember(response: Response, token: str, now: datetime) -> None:
    """Keep a signal in this browser."""
    box = sealing.seal(told.forget_on(now + KEPT), _CONTEXT, _ROW, token)
    cookies.keep(response, NAME, urlsafe_b64encode(box).decode(), KEPT)


def forget(response: Response) -> None:
    """Take it off again."""
    cookies.drop(response, NAME)
