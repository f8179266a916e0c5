"""Rate limits that keep no address: counters stand under a keyed hash with a random key of the day."""

import secrets
from collections.abc import Callable
from datetime import date
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter, RateLimitExceeded
from limits import parse

from clinic import clock
from clinic.config import Settings
from clinic.privacy import keys

_key: tuple[date, bytes] = (date.min, b"")


def who() -> str:
    """A name for the caller's address that means nothing tomorrow; of IPv6 the network, which one household has whole.

    With several nodes behind one Redis the key comes from the shared keys, else it is this process's own.
    """
    global _key
    today = clock.today()
    if _key[0] != today:
        # a node whose clock is behind uses the oldest key that still exists
        shared_key = keys.ring().of_day(max(today, keys.ring().day)) if _shared else b""
        _key = (today, shared_key or secrets.token_bytes(32))
    return blake2b(_network(request.remote_addr or ""), key=_key[1], digest_size=12).hexdigest()


def network() -> bytes:
    """Two bytes that are the same for all callers of one network today, and for one in 65,536 others.

    They tell a flood of one network from callers of many; whoever reads them finds thousands of networks.
    All processes agree on them, since the key is that of the day.
    """
    key = keys.ring().of_day(max(clock.today(), keys.ring().day))
    return blake2b(_network(request.remote_addr or ""), key=key, digest_size=2, person=b"keshki-network").digest()


def _network(address: str) -> bytes:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode()
    if not isinstance(found, IPv6Address):
        return found.packed
    return found.ipv4_mapped.packed if found.ipv4_mapped else found.packed[:8]


_shared = False
limiter = Limiter(key_func=who, strategy="moving-window", default_limits=[], headers_enabled=False)


def init(app: Flask, settings: Settings) -> None:
    """Set up the limiter: in memory, or in the Redis that all nodes share."""
    global _shared
    _shared = settings.redis_url is not None
    app.config["RATELIMIT_ENABLED"] = settings.limits
    app.config["RATELIMIT_STORAGE_URI"] = settings.redis_url or "memory://"
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = settings.redis_url is not None
    app.config["RATELIMIT_KEY_PREFIX"] = "keshki"
    limiter.init_app(app)


def limit(rule: str, scope: str, looks: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """A decorator for views: `rule` such as "10 per 10 minutes", counted per caller within `scope`.

    What is sent by POST counts, for nothing else acts; but not a form whose `act` is one of `looks`.
    """

    def only_looks() -> bool:
        acts = [act for act in request.form.getlist("act") if act]
        return bool(looks) and set(acts) <= set(looks)

    decorated: Callable[[Any], Any] = limiter.shared_limit(
        rule, scope=scope, methods=["POST"], exempt_when=only_looks if looks else None
    )
    return decorated


def may_guess(found: bool) -> bool:
    """Whether this caller may still look for addresses that are reached by their link only; counts the misses.

    After too many, such an address does not exist for the caller until ten minutes later. What is listed
    stays open, so that nobody is locked out by a guesser behind the same address.
    """
    if not limiter.enabled:
        return True
    name = ("guess", who())
    if not limiter.limiter.test(MISSES, *name):
        return False
    if not found:
        limiter.limiter.hit(MISSES, *name)
    return True


def within(rule: str, scope: str) -> bool:
    """Count one act of this caller within `scope`; whether the rule still holds. The page opens all the same."""
    try:
        with limiter.shared_limit(rule, scope=scope):
            return True
    except RateLimitExceeded:
        return False


MISSES = parse("60 per 10 minutes")
CODE_TRIES = "20 per 10 minutes"  # wrong or right codes at /mine and in the JSON face
BOOKINGS = "30 per hour"
SIGN_INS = "10 per 10 minutes"
