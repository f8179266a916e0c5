"""Whose word on the caller's address counts: the operator's own proxies', nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from clinic.config import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAID = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")


class BehindProxy:
    """Takes address and scheme from the headers of `count` proxies, if the connection comes from one of `networks`.

    Whoever reaches the port past the proxy is counted by the address of the connection, whatever the headers say.
    A connection without an address is a Unix socket, which only this machine reaches.
    """

    def __init__(self, app: WSGIApplication, count: int, networks: Sequence[Network]) -> None:
        self._direct = app
        self._fixed = ProxyFix(app, x_for=count, x_proto=count, x_host=0)
        self._networks = networks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._is_ours(str(environ.get("REMOTE_ADDR") or "")):
            return self._fixed(environ, start_response)
        for name in SAID:
            environ.pop(name, None)
        return self._direct(environ, start_response)

    def _is_ours(self, peer: str) -> bool:
        if not peer:
            return True
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks)
