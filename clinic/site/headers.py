"""Headers of every answer: nothing from elsewhere, nothing told to others, nothing kept of what is hers."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from clinic.config import LOOPBACK, settings
from clinic.site.language import for_machines

YEAR = 365 * 24 * 3600
# Pages about her or for staff: not for search engines, and kept in no cache.
PRIVATE = ("/mine", "/now", "/watch", "/note", "/staff", "/order", "/dev", "/out", "/entry")
NEVER_INDEXED = (*PRIVATE, "/near", "/days", "/problems", "/api/", "/hooks/", "/offline")


def policy(https: bool) -> Secure:
    """The headers that are the same for every page; `https` adds HSTS."""
    csp = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .script_src("'self'")
        .style_src("'self'")
        .img_src("'self'", "data:")
        .connect_src("'self'")
        .manifest_src("'self'")
        .worker_src("'self'")
        .form_action("'self'")
        .base_uri("'none'")
        .frame_ancestors("'none'")
    )
    permissions = PermissionsPolicy().geolocation("self")
    for name in ("camera", "microphone", "payment", "usb", "browsing-topics", "interest-cohort"):
        permissions = permissions.add_directive(name)
    return Secure(
        csp=csp,
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        hsts=StrictTransportSecurity().max_age(YEAR).include_subdomains() if https else None,
        permissions=permissions,
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


def is_private() -> bool:
    """Whether this answer is about her or for staff: everything answered to a POST is."""
    return request.method == "POST" or request.path.startswith(PRIVATE) or request.path.endswith("/book")


def refuse_other_names() -> None:
    """The site answers to its own name and to its own machine: a forged one would stand in its redirects.

    What machines ask is not redirected, and a provider's receipt is signed for the public address.
    """
    ours = urlsplit(settings().base_url).hostname
    if ours is not None and not for_machines() and urlsplit(f"//{request.host}").hostname not in (ours, *LOOPBACK):
        abort(400)


def refuse_strangers() -> None:
    """A form of ours is sent from a page of ours: answers 403 to what another site sends.

    Under no-referrer browsers send `Origin: null` even from our own page, so null proves nothing;
    Sec-Fetch-Site does, where the browser has it. The signed token in each form is the other half.
    """
    if request.method != "POST" or request.path.startswith(("/api/", "/hooks/")):
        return
    origin = request.headers.get("Origin", "null")
    ours = settings().base_url or request.host_url.rstrip("/")  # the demo has no address of its own
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") or origin not in ("null", ours):
        abort(403)


def refuse_chunked() -> None:
    """A body without a declared length would be cut off silently at the limit: 411 instead.

    The JSON face refuses it in its own words.
    """
    if request.path.startswith("/api/"):
        return
    if request.method in ("POST", "PUT", "PATCH") and request.content_length is None:
        coding = request.headers.get("Transfer-Encoding", "")
        if coding or request.environ.get("wsgi.input_terminated"):
            abort(411)


def init(app: Flask) -> None:
    """Check what comes in, mark what goes out."""
    with app.app_context():
        base = settings()
    fixed = dict(policy(base.is_https).header_items())

    app.before_request(refuse_other_names)
    app.before_request(refuse_chunked)
    app.before_request(refuse_strangers)

    @app.after_request
    def mark(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/api/") and "Access-Control-Allow-Origin" in response.headers:
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if is_private():
            response.headers["Cache-Control"] = "no-store"
        elif response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        if not base.indexing or is_private() or request.path.startswith(NEVER_INDEXED):
            response.headers["X-Robots-Tag"] = "noindex"
        return response
