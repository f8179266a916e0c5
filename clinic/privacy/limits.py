"""Rate limits that keep no address: counters stand under a keyed hash with a random key of the day."""

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from functools import partial
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter, RateLimitExceeded
from limits import parse

from clinic import clock
from clinic.config import Settings
from clinic.privacy import keys

_key: tuple[date, bytes] = (date.min, b"")


def who(wide: int = 0) -> str:
    """A name for the caller's network that means nothing tomorrow: the narrowest, or a wider one (see `_networks`).

    With several nodes behind one Redis the key comes from the shared keys, else it is this process's own.
    """
    global _key
    today = clock.today()
    if _key[0] != today:
        # a node whose clock is behind uses the oldest key that still exists
        shared_key = keys.ring().of_day(max(today, keys.ring().day)) if _shared else b""
        _key = (today, shared_key or secrets.token_bytes(32))
    return blake2b(_networks(request.remote_addr or "")[wide], key=_key[1], digest_size=12).hexdigest()


def network() -> bytes:
    """Two bytes that are the same for all callers of one network today, and for one in 65,536 others.

    They tell a flood of one network from callers of many; whoever reads them finds thousands of networks.
    All processes agree on them, since the key is that of the day.
    """
    key = keys.ring().of_day(max(clock.today(), keys.ring().day))
    return blake2b(_networks(request.remote_addr or "")[0], key=key, digest_size=2, person=b"keshki-network").digest()


def _networks(address: str) -> tuple[bytes, ...]:
    """The networks of an address, one for each of WIDER: of IPv6 /64, /56 and /48, of IPv4 /32 twice and /24.

    A home line has a /56 or /48 whole (RIPE-690), so a rule for its /64 alone binds nobody. An IPv4 address inside an
    IPv6 one (mapped, NAT64 of RFC 6052, 6to4 of RFC 3056) is that IPv4 address.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return (address.encode(),) * len(WIDER)
    if isinstance(found, IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inside = IPv4Address(found.packed[-4:])
        if inside is None:
            return found.packed[:8], found.packed[:7], found.packed[:6]
        found = inside
    return found.packed, found.packed, found.packed[:3]


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

    def decorated(view: Any) -> Any:
        for one in _limits(rule, scope, {"methods": ["POST"], "exempt_when": only_looks if looks else None}):
            view = one(view)
        return view

    return decorated


def _limits(rule: str, scope: str, options: dict[str, Any]) -> list[Any]:
    """The rule for each width of network: a wider one, which holds more callers, may do a little more."""
    many, per = rule.split(" ", 1)
    return [
        limiter.shared_limit(
            f"{int(many) * times} {per}",
            scope=f"{scope} {wide}",
            key_func=partial(who, wide),
            **options,
        )
        for wide, times in enumerate(WIDER)
    ]


def may_guess(found: bool) -> bool:
    """Whether this caller may still look for addresses that are reached by their link only; counts the misses.

    After too many, such an address does not exist for the caller until ten minutes later. What is listed
    stays open, so that nobody is locked out by a guesser behind the same address.
    """
    if not limiter.enabled:
        return True
    counted = [(misses, "guess", who(wide)) for wide, misses in enumerate(MISSES)]
    if not all(limiter.limiter.test(*one) for one in counted):
        return False
    if not found:
        for one in counted:
            limiter.limiter.hit(*one)
    return True


def seconds_left() -> int:
    """How long the limit that was just reached holds on."""
    reached = limiter.current_limit
    return max(1, int(reached.reset_at - time.time()) + 1) if reached else 60


def within(rule: str, scope: str) -> bool:
    """Count one act of this caller within `scope`; whether the rule still holds. The page opens all the same."""
    try:
        _count(rule, scope)
    except RateLimitExceeded:
        return False
    return True


def missed() -> None:
    """Count a wrong code of this caller. Raises RateLimitExceeded after too many.

    A right code is not counted and never refused: it has 63 random bits (see `codes`), so nobody is let in by
    guessing, and thousands of women share the address of a mobile operator with whoever tries.
    """
    _count(CODE_TRIES, "code")


def _count(rule: str, scope: str) -> None:
    with ExitStack() as all_widths:
        for one in _limits(rule, scope, {}):
            all_widths.enter_context(one)


WIDER = (1, 4, 12)  # how much more the wider networks may do
NAT64 = ip_network("64:ff9b::/96")
MISSES = [parse(f"{60 * times} per 10 minutes") for times in WIDER]
CODE_TRIES = "20 per 10 minutes"  # wrong codes, wherever one is typed
BOOKINGS = "30 per hour"
SIGN_INS = "10 per 10 minutes"
