"""Where the SMS provider tells what became of a message. Nothing is believed without its signature."""

from flask import Blueprint, Response, abort, request

from clinic import clock
from clinic.config import settings
from clinic.db import writing
from clinic.messaging import receipts

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")

LONGEST_FIELD = 64


@blueprint.post("/twilio/status/<token>")
def twilio_status(token: str) -> Response:
    """A receipt by Twilio; 204 whether or not its token is known, 403 unless the signature is Twilio's."""
    if not _signed_by_twilio():
        abort(403)
    with writing() as s:
        receipts.take(s, token, _field("MessageSid"), _field("MessageStatus"), _field("ErrorCode"), clock.now())
    return Response(status=204)


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_FIELD].replace("\0", "")


def _signed_by_twilio() -> bool:
    """Whether the signature is right for our public address: what a proxy or a Host header says counts for nothing."""
    twilio = settings().twilio
    signature = request.headers.get("X-Twilio-Signature", "")
    if twilio is None or not signature.isascii():
        return False
    from twilio.request_validator import RequestValidator

    query = "?" + request.query_string.decode("latin-1") if request.query_string else ""
    address = settings().base_url + request.path + query
    return bool(RequestValidator(twilio.auth_token).validate(address, request.form, signature))
