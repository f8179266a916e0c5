"""Where the provider tells what became of a message, and asks what a call says: never without its signature."""

from flask import Blueprint, Response, abort, request

from clinic import clock
from clinic.config import settings
from clinic.db import writing
from clinic.messaging import receipts
from clinic.safety.alerts import by_voice, texts

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


@blueprint.post("/twilio/voice/<token>")
def twilio_voice(token: str) -> Response:
    """What a call to somebody on duty says: first the question, after the key whether it took something."""
    if not _signed_by_twilio():
        abort(403)
    from twilio.twiml.voice_response import VoiceResponse

    said, now, pressed = VoiceResponse(), clock.now(), _field("Digits")
    with writing() as s:
        called = by_voice.whom(s, token, now)
        if called is None:
            said.hangup()
        elif pressed == "1":
            taken = by_voice.pressed(s, called, now)
            said.say(texts.spoken_taken(called.language, taken), language=_voice_of(called.language))
        else:
            asked = said.gather(num_digits=1, timeout=8, action=settings().base_url + request.path, method="POST")
            for _twice in range(2):
                asked.say(texts.spoken(called.language), language=_voice_of(called.language))
    return Response(str(said), content_type="text/xml; charset=utf-8")


def _voice_of(language: str) -> str:
    # the provider speaks no Kazakh: texts.spoken gives Russian for it
    return "en-GB" if language == "en" else "ru-RU"


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
