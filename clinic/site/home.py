"""Home, help numbers, what we keep, and the small files that browsers, robots and machines ask for."""

from datetime import datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from clinic import alive, clock, messaging, wording
from clinic.booking import cities, find
from clinic.config import settings
from clinic.db import LANGUAGES, db
from clinic.directory import catalogue, needs
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.kits import catalogue as kit_catalogue
from clinic.kits import showing as kit_showing
from clinic.privacy import keys
from clinic.safety import help_numbers
from clinic.safety.alerts import offering
from clinic.safety.pages import views as pages
from clinic.safety.trainings import reading
from clinic.site import keep as kept
from clinic.site import language
from clinic.wording import gettext as _
from clinic.wording import ngettext

blueprint = Blueprint("site", __name__)
CITIES_SHOWN = 6
NOON, EVENING = 12, time(18)
HELP_PAGE = 1


@blueprint.get("/")
def home() -> str:
    """Where everything starts: tonight near her, her code, help."""
    cat = catalogue.current(db.session())
    known = cities.cities(cat)
    city = cities.named(known, request.args.get("near", "")[:80]) or cities.remembered(cat, session)
    now = clock.now()
    return render_template(
        "site/home.html",
        greeting=_greeting(now),
        needs=needs.read(cat),
        city=city,
        tonight=_tonight(cat, city, now) if city else "",
        when={"open_now": "1"} if _is_night(now) else {"after": "18:00"},
        cities=[c for c in known if city is None or c.key != city.key][:CITIES_SHOWN],
        sms=messaging.enabled(),
        others=pages.in_others(pages.START),
        tests=bool(kit_showing.shown(kit_catalogue.kits(db.session(), cat))),
        classes=reading.any_ahead(db.session(), now),
    )


def _greeting(now: datetime) -> str:
    """A greeting for the hour it is."""
    hour = clock.local(now).hour
    if clock.DAY_TURNS.hour <= hour < NOON:
        return _("Good morning")
    if NOON <= hour < EVENING.hour:
        return _("Good day")
    return _("Good evening") if hour >= EVENING.hour else _("Hello")


def _tonight(cat: Catalogue, city: PlaceInfo, now: datetime) -> str:
    """How many places near take bookings tonight, and the next time; or the name of the city alone.

    It counts what the list behind the button will show: this evening from 18:00, after midnight what is open.
    """
    night = _is_night(now)
    usual = needs.usual(cat)
    services = frozenset({usual.id} if usual else ())
    wish = find.Wish(services, after=None if night else EVENING, open_now=night, within_m=find.NEAR_M)
    offers = find.find(db.session(), cat, cities.spot_of(city), wish, now)
    starts = [offer.slots[0].start for offer in offers if offer.slots]
    name = city.name[wording.language_now()]
    if not starts:
        return name
    places = ngettext("%(num)s place takes bookings", "%(num)s places take bookings", len(starts))
    return _(
        "%(city)s: %(places)s, next time %(time)s",
        city=name,
        places=places,
        time=wording.time_words(min(starts)),
    )


def _is_night(now: datetime) -> bool:
    """After midnight tonight is what is left of it: the next evening is not what she asks for."""
    return clock.local(now).time() < clock.DAY_TURNS


@blueprint.app_context_processor
def _exit() -> dict[str, Any]:
    return {"exit_url": settings().exit_url, "posted": request.method == "POST"}


@blueprint.get("/out")
def out() -> BaseResponse:
    """Quick exit without a script: away to a neutral site, and the visit's cookie is gone."""
    session.clear()
    return redirect(settings().exit_url)


@blueprint.get("/p/1", endpoint="help")
def help_page() -> str:
    """Help numbers and what stays in the phone; readable without a connection once opened."""
    return render_template(
        "site/help.html",
        numbers=help_numbers.read(),
        on_duty=offering.offer(db.session(), clock.now()) is not None,
        pages=pages.in_my_language(("help", "health")),
        others=pages.in_others(HELP_PAGE),
        keep=pages.to_keep(),
    )


@blueprint.get("/what-we-keep")
def keep() -> str:
    """What is kept, written from the declarations beside the columns."""
    return render_template("site/keep.html", rows=kept.rows(db.metadata), others=kept.OTHERS, sms=messaging.enabled())


@blueprint.get("/offline")
def offline() -> str:
    """What the service worker shows when there is no connection."""
    return render_template("site/offline.html")


@blueprint.get("/sw.js")
def service_worker() -> Response:
    """The service worker: it holds the help numbers and nothing else."""
    kept = [language.in_language(code, path) for code in LANGUAGES for path in ("/p/1", "/offline")]
    assets = [current_app.jinja_env.globals["asset"](name) for name in pages.KEPT_FILES]  # type: ignore[operator]
    body = render_template("site/sw.js", pages=kept, assets=assets)
    response = Response(body, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Name and icon for a home screen; nothing in it tells what the site is for."""
    asset = current_app.jinja_env.globals["asset"]
    icons = [
        {"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"},  # type: ignore[operator]
        {"src": asset("icon.png"), "sizes": "192x192", "type": "image/png"},  # type: ignore[operator]
    ]
    body = {
        "name": _("Keshki"), "short_name": _("Keshki"), "lang": language.choose(), "start_url": url_for("site.home"),
        "display": "browser", "background_color": "#faf6f0", "theme_color": "#2a2030", "icons": icons,
    }  # fmt: skip
    response = jsonify(body)
    response.content_type = "application/manifest+json"
    return response


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Robots may read all but searches; no private path is named here, since the file is public."""
    lines = ["User-agent: *"]
    if settings().indexing:
        lines += ["Disallow: /near?", *(f"Disallow: /{code}/near?" for code in LANGUAGES), "Allow: /"]
        lines += [f"Sitemap: {_base()}/sitemap.xml"]
    else:
        lines.append("Disallow: /")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages that may be found, in three languages: no search, no booking, only places that are open to all."""
    if not settings().indexing:
        abort(404)
    cat = catalogue.current(db.session())
    paths: list[tuple[str, str]] = [("/", ""), ("/p/1", ""), ("/p/2", ""), ("/p/3", ""), ("/what-we-keep", "")]
    for page in pages.in_my_language(pages.PUBLIC):
        paths.append((f"/p/{page.number}", page.reviewed_on.isoformat() if page.reviewed_on else ""))
    for place in sorted(cat.locations.values(), key=lambda place: place.slug):
        if place.visibility == "open" and catalogue.listed(place):
            paths.append((f"/at/{place.slug}", place.checked_on.isoformat() if place.checked_on else ""))
    body = "".join(_entry(path, changed) for path, changed in paths)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{body}</urlset>\n',
        content_type="application/xml; charset=utf-8",
    )


def _entry(path: str, changed: str) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(_base())}/{code}{path}"/>' for code in LANGUAGES
    )
    links += f'<xhtml:link rel="alternate" hreflang="x-default" href="{escape(_base())}{path}"/>'
    modified = f"<lastmod>{changed}</lastmod>" if changed else ""
    return "".join(f"<url><loc>{escape(_base())}/{code}{path}</loc>{modified}{links}</url>\n" for code in LANGUAGES)


def _base() -> str:
    return settings().base_url or request.host_url.rstrip("/")


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell about a weakness (RFC 9116); 404 while the operator names nobody."""
    contact = settings().contact
    if contact is None:
        abort(404)
    expires = (clock.now() + timedelta(days=180)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: kk, ru, en"]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/healthz")
def healthy() -> Response:
    """The process answers."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and today's key is there; 503 with the name of what is missing."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return _plain("database"), 503
    ring = keys.ring()
    if ring.is_away or ring.day > clock.today() or ring.has_leapt(clock.today()):
        return _plain("keys"), 503
    return _plain("ready"), 200


@blueprint.get("/workz")
def working() -> tuple[Response, int]:
    """All that runs in the background does; 503 with a line for each thing that stands still.

    Not a part of `/readyz`: a proxy that takes nodes out would take the site away because the worker is.
    """
    try:
        found = [trouble.code for trouble in alive.troubles(db.session(), clock.now())]
    except SQLAlchemyError:
        return _plain("database"), 503
    return (_plain("\n".join(found)), 503) if found else (_plain("working"), 200)


def _plain(word: str) -> Response:
    response = make_response(f"{word}\n")
    response.content_type = "text/plain; charset=utf-8"
    return response


@blueprint.get("/problems/<code>")
def problem(code: str) -> str | tuple[str, int]:
    """What an error code of the JSON face means, for whoever builds on it."""
    meanings: dict[str, Any] = {
        "invalid": _("A field is missing or wrong; the answer names it."),
        "not_found": _("There is no such thing, or it is gone."),
        "slot_taken": _("Somebody was faster; the answer offers other times."),
        "too_late": _("It can no longer be changed here."),
        "too_soon": _("The time is too near to be booked."),
        "not_bookable": _("This place takes no bookings here."),
        "out_of_stock": _("Nothing is left at this point."),
        "idempotency_reused": _("The same key came with another body."),
        "idempotency_busy": _("The first request with this key is still running."),
        "too_many": _("Too many requests; wait before the next."),
        "too_large": _("The body is too long."),
        "failed": _("Something went wrong on our side; nothing was changed."),
    }
    if code not in meanings:
        abort(404)
    return render_template("site/problem.html", code=code, meaning=meanings[code])
