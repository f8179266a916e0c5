"""Problem documents (RFC 9457): one shape for every refusal of the JSON face, with a stable `code`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

from clinic import patience
from clinic.api import speech
from clinic.config import settings
from clinic.privacy.limits import seconds_left

MIME = "application/problem+json"

Fields = Mapping[str, Sequence[object]]
Span = dict[str, str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says: what happened, and what to do about it."""

    title: LazyString
    detail: LazyString


# The codes are a promise: they may be added to, never renamed. Each has a page at /problems/<code>.
MEANINGS: Mapping[str, Meaning] = {
    "invalid": Meaning(
        _l("Something in the request is not right"),
        _l("Look at the fields named in the answer, correct them, and send the request again."),
    ),
    "not_found": Meaning(
        _l("There is nothing here"),
        _l("The address or the code is wrong, or what it opened has been forgotten since."),
    ),
    "slot_taken": Meaning(
        _l("That time was just taken"), _l("Somebody was faster. The answer names the nearest free times.")
    ),
    "too_late": Meaning(
        _l("It is too late to change this"), _l("It is over, or the place asks to be told earlier. Please call it.")
    ),
    "too_soon": Meaning(
        _l("That time is too near to be booked"),
        _l("The place needs some time to prepare. The answer names the nearest free times."),
    ),
    "not_bookable": Meaning(
        _l("This cannot be booked here"),
        _l("The place takes no bookings at present, or this service needs none: come in or call."),
    ),
    "out_of_stock": Meaning(
        _l("There is none left at this point"), _l("Choose another point, or order without naming one.")
    ),
    "idempotency_reused": Meaning(
        _l("This Idempotency-Key was used for another request"), _l("Make a new key for each new booking.")
    ),
    "idempotency_busy": Meaning(
        _l("The same request is still being answered"), _l("Wait a moment, then send it again with the same key.")
    ),
    "too_many": Meaning(_l("Too many requests"), _l("Wait for as long as Retry-After says, then go on more slowly.")),
    "too_large": Meaning(_l("The request is too large"), _l("Send less: no request here needs more than a page.")),
    "failed": Meaning(
        _l("Something went wrong on our side"), _l("Nothing was changed. Wait a little and send the request again.")
    ),
}

_CODE_OF_STATUS = {404: "not_found", 413: "too_large", 429: "too_many"}
_SPOKEN = (400, 404, 405, 408, 411, 413, 414, 415, 422, 429, 431, 500, 502, 503)


@dataclass
class Refusal(Exception):
    """A request that is answered by a problem document."""

    status: int
    code: str
    fields: Fields = field(default_factory=dict)
    alternatives: Sequence[Span] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def invalid(fields: Fields) -> Refusal:
    """The usual refusal: 422, with messages by field."""
    return Refusal(422, "invalid", fields)


def document(refusal: Refusal) -> Response:
    """The refusal as an answer, in the language of the request; nothing of her input is in it."""
    with force_locale(speech.language()):
        told: dict[str, Any] = {
            "type": f"{settings().base_url or request.host_url.rstrip('/')}/problems/{refusal.code}",
            "title": str(MEANINGS[refusal.code].title),
            "status": refusal.status,
            "detail": str(MEANINGS[refusal.code].detail),
            "code": refusal.code,
        }
        if refusal.fields:
            told["fields"] = {name: [str(message) for message in all_] for name, all_ in refusal.fields.items()}
    if refusal.alternatives is not None:
        told["alternatives"] = list(refusal.alternatives)
    answer = Response(json.dumps(told, ensure_ascii=False), refusal.status, mimetype=MIME)
    answer.headers.update(refusal.headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def of_http(error: HTTPException) -> Response:
    """An error that Flask raised under /api/, as a problem document; keeps Allow and Retry-After."""
    status = error.code or 500
    code = _CODE_OF_STATUS.get(status, "invalid" if status < 500 else "failed")
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.setdefault("Retry-After", str(seconds_left()))
    return document(Refusal(status, code, headers=headers))


def unreached(error: Exception) -> Response:
    """The database is away, or another writer has held it for too long: to be sent again, with the same key if any."""
    if not patience.is_away(error):
        raise error
    current_app.logger.error("The database does not answer: %s", type(error).__name__)
    again = {"Retry-After": "2"}
    if request.headers.get("Idempotency-Key"):
        return document(Refusal(409, "idempotency_busy", headers=again))
    return document(Refusal(503, "failed", headers=again))


def unrouted() -> Response | None:
    """Before each request: one for a path under /api/ that no rule takes is refused here, as a problem.

    The pages of the site have their own handlers for 404 and 405, which would answer with HTML.
    """
    error = request.routing_exception
    if error is None or not request.path.startswith("/api/") or (error.code or 500) < 400:
        return None
    return of_http(error)


def speak(blueprint: Blueprint) -> None:
    """Make every error raised inside `blueprint` a problem document, and no error outside of it."""
    blueprint.register_error_handler(Refusal, document)
    for kind in patience.UNREACHED:
        blueprint.register_error_handler(kind, unreached)
    for status in _SPOKEN:  # by number: the site's own handlers for a number would win over a general one
        blueprint.register_error_handler(status, of_http)
