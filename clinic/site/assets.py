"""Our static files: read once, compressed once, named by what is in them.

They are sent compressed (the web server would send them as they are) and may be kept for a year,
since a changed file has another address.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

import brotli
from flask import Flask, Response, abort, request

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
TOUCH_ICONS = ("/apple-touch-icon.png", "/apple-touch-icon-precomposed.png")
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its content, the same compressed with brotli, its type and a short fingerprint."""

    content: bytes
    brotli: bytes
    mimetype: str
    fingerprint: str


@cache
def read(folder: Path) -> dict[str, Asset]:
    """Every file of a folder that has a type of ours, by its name; read once."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in TYPES:
            content = path.read_bytes()
            found[path.name] = Asset(
                content, brotli.compress(content), TYPES[path.suffix], blake2b(content, digest_size=5).hexdigest()
            )
    return found


def init(app: Flask) -> None:
    """Serve /static from memory, and give templates `asset(name)`: the address of a file."""
    assets = read(Path(app.root_path) / "static")

    def send(filename: str) -> Response:
        found = assets.get(filename)
        if found is None:
            abort(404)
        packed = request.accept_encodings["br"] > 0
        response = Response(found.brotli if packed else found.content, content_type=found.mimetype)
        if packed:
            response.headers["Content-Encoding"] = "br"
        response.vary.add("Accept-Encoding")
        response.set_etag(found.fingerprint + ("-br" if packed else ""))
        response.cache_control.public = True
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
        response.make_conditional(request)
        return response

    def asset(name: str) -> str:
        return f"/static/{name}?{assets[name].fingerprint}"

    def touch_icon() -> Response:
        """What an iPhone puts on its home screen; without it that would be a picture of the page."""
        return send("icon.png")

    app.view_functions["static"] = send
    for path in TOUCH_ICONS:
        app.add_url_rule(path, view_func=touch_icon)
    app.jinja_env.globals["asset"] = asset
