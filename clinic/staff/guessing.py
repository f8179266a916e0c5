"""Wrong passwords of one account from browsers that never were in it: after twenty in an hour these wait.

A browser in which she has signed in before holds a signed mark and is never asked to wait, so nobody can
lock her out; a passkey opens at any time. (OWASP Authentication Cheat Sheet: device cookies.)
"""

from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import parse
from werkzeug.wrappers import Response

from clinic.privacy import cookies, keys
from clinic.privacy.limits import limiter
from clinic.staff import accounts

COOKIE = "b"
KEPT = 90 * 24 * 3600  # seconds
MOST = 5  # accounts of one browser
WRONG = parse("20 per hour")


def must_wait(login: str) -> bool:
    """Whether this browser has to wait before it may try a password of this login."""
    return limiter.enabled and login not in _known() and not limiter.limiter.test(WRONG, *_counter(login))


def count(login: str) -> None:
    """One more wrong password from a browser that is not known; whether the account exists makes no difference."""
    if limiter.enabled and login not in _known():
        limiter.limiter.hit(WRONG, *_counter(login))


def remember(response: Response, login: str) -> None:
    """Mark this browser as one in which the account was opened."""
    known = [login, *(one for one in _known() if one != login)][:MOST]
    cookies.keep(response, COOKIE, str(_signer().dumps(known)), KEPT)


def _counter(login: str) -> tuple[str, str]:
    return "wrong password", accounts.normal_login(login)[:80]


def _known() -> list[str]:
    try:
        found = _signer().loads(cookies.read(COOKIE), max_age=KEPT)
    except BadSignature:
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys.ring().lasting("known browser"))
