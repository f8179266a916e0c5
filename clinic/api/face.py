"""The blueprint of the JSON face, how it reads requests, and the OpenAPI document made from it."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Flask, Request, Response, request
from flask_babel import lazy_gettext as _l
from flask_smorest import Api, Blueprint
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.wrappers import Response as AnyResponse

from clinic.api import problems
from clinic.api.problems import Refusal, invalid
from clinic.api.schemas import Problem

BODY_MOST = 16 * 1024
PREFIX = "/api/v1"
NOT_JSON = _l("The body has to be JSON.")
NOT_JSON_TYPE = _l("Send the body as application/json.")
NO_LENGTH = _l("Send the body in one piece, with its Content-Length.")

View = Callable[..., Any]
Decorator = Callable[[View], View]


class Reader(FlaskParser):
    """webargs, with our own refusals and a JSON reader that takes only JSON."""

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002
        return read_json(req.get_data(cache=True))

    def handle_error(self, error: ValidationError, *_request: Any, **_statuses: Any) -> NoReturn:
        (found,) = error.messages_dict.values()  # one location per call
        fields = found if isinstance(found, dict) else {"_schema": found}
        raise invalid({("body" if name == "_schema" else name): _flat(told) for name, told in fields.items()})


class FaceBlueprint(Blueprint):
    ARGUMENTS_PARSER = Reader()


blueprint = FaceBlueprint("api", __name__, url_prefix=PREFIX, description="Places, free times, visits, kits")
_reading: set[str] = set()


class FaceApi(Api):
    """flask-smorest without its error handling, which would take over every page's errors."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        """What `arguments` refers to when it documents 422."""
        told = {"description": "`invalid`", "content": {problems.MIME: {"schema": Problem}}}
        self.spec.components.response(HTTPStatus.UNPROCESSABLE_ENTITY.name, told, lazy=True)

    def _register_pagination_header(self) -> None:
        """No call here is paged."""

    def _openapi_json(self) -> Response:
        answer = answered(self.spec.to_dict())
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer


def make(app: Flask) -> FaceApi:
    """The Api object of `app`, serving its document at /api/v1/openapi.json."""
    app.config.update(
        API_TITLE="Keshki",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    about = (
        "Find a friendly place that is open, see its free times, book one without a name, move or cancel it; "
        "order self-test kits to a point nearby. "
        "Times are RFC 3339 with their offset. Refusals are problem documents (RFC 9457) with a stable `code`. "
        "Her code opens everything under it: keep it out of logs and addresses. "
        "A POST carries its Content-Length, also when its body is empty; without one, or in chunks, it gets 411."
    )
    licence = {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"}
    return FaceApi(app, spec_kwargs={"info": {"description": about, "license": licence}, "servers": [{"url": "/"}]})


def operation(rule: str, method: str, parameters: Sequence[Mapping[str, Any]] = ()) -> Decorator:
    """A view at `rule` of the face, for one method; its name is the operation's in the document."""

    def decorate(view: View) -> View:
        named = blueprint.doc(operationId=view.__name__)(view)
        added: View = blueprint.route(rule, methods=[method], parameters=list(parameters))(named)
        return added

    return decorate


def takes_query(schema: type[Schema]) -> Decorator:
    """The view's first argument: the query string, read by `schema`."""
    decorated: Decorator = blueprint.arguments(
        schema(), location="query"
    )  # an instance: webargs would make one per request
    return decorated


def takes_body(schema: type[Schema]) -> Decorator:
    """The view's first argument: the JSON body, read by `schema`."""
    decorated: Decorator = blueprint.arguments(schema())
    return decorated


def answers(status: int, schema: type[Schema]) -> Decorator:
    """Document what a view answers when all is well."""
    decorated: Decorator = blueprint.alt_response(status, schema=schema, success=True)
    return decorated


def refuses(statuses: Mapping[int, tuple[str, ...]]) -> Decorator:
    """Document with which statuses, and which codes in each, a view may refuse."""

    def decorate(view: View) -> View:
        for status, codes in statuses.items():
            about = ", ".join(f"`{code}`" for code in codes)
            view = blueprint.alt_response(status, schema=Problem, content_type=problems.MIME, description=about)(view)
        return view

    return decorate


BODY_REFUSALS: Mapping[int, tuple[str, ...]] = {
    400: ("invalid",),
    411: ("invalid",),
    413: ("too_large",),
    415: ("invalid",),
}


def reading(view: View) -> View:
    """Any site may call this from a browser (CORS): it reads what everybody may read."""
    _reading.add(f"{blueprint.name}.{view.__name__}")
    return view


def answered(told: Mapping[str, Any], status: int = 200) -> Response:
    """`told` as JSON, in UTF-8 as it is."""
    return Response(json.dumps(told, ensure_ascii=False), status, mimetype="application/json")


def read_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises Refusal 400 for what is none, nests too deep or is no Unicode."""
    try:
        value = json.loads(raw.decode(), parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can't be stored
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "invalid", {"body": [NOT_JSON]}) from error
    return value


def check_body() -> None:
    """Before a view reads a body: its length is known and small, and it calls itself JSON.

    A chunked body would be cut off silently at the server's limit, and the view would run on the rest.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    endless = request.content_length is None and request.environ.get("wsgi.input_terminated")
    if "Transfer-Encoding" in request.headers or endless:
        raise Refusal(HTTPStatus.LENGTH_REQUIRED, "invalid", {"body": [NO_LENGTH]})
    if (request.content_length or 0) > BODY_MOST:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    if request.mimetype != "application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "invalid", {"body": [NOT_JSON_TYPE]})


def let_browsers_read(answer: AnyResponse) -> AnyResponse:
    """After each request of the face: CORS on the reading calls, and only there; nothing stays in a cache."""
    answer.headers["Cache-Control"] = "no-store"
    if request.endpoint in _reading:
        answer.headers["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Accept-Language"
    return answer


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _flat(told: Any) -> list[object]:
    """Messages of a field, those of its parts among them."""
    if isinstance(told, dict):
        return [message for part in told.values() for message in _flat(part)]
    return list(told) if isinstance(told, list) else [told]


problems.speak(blueprint)
blueprint.before_request(check_body)
blueprint.after_request(let_browsers_read)
