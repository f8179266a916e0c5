"""How heavy the first view of each public page is: what a browser with an empty cache fetches, as sent with br."""

import json
import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import brotli

from bench import serving
from bench.table import Row
from bench.world import World
from clinic import create_app

TARGET = 10.0
INSTALLING = 200.0  # seconds: `make run` may have to install something first
LANGUAGES = ("kk", "ru", "en")
NO_PAGES = ("/api/", "/hooks/", "/static/", "/staff", "/dev", "/out", "/healthz", "/readyz", "/metrics")
NUMBERED = 25  # texts, classes and steps: those that there are
_PARTS = re.compile(rb'<(?:link rel="(?:icon|stylesheet)"|script|img)[^>]*?(?:href|src)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer as it came over the wire: bytes of head and of body."""

    status: int
    type: str
    head: int
    body: bytes
    plain: bytes


def run(world: World) -> Iterable[Row]:
    """The heaviest page, by body bytes; the kilobyte is 1,024 bytes."""
    with demo(world) as (port, _process):
        found: list[tuple[int, int, str]] = []
        for path in pages(world, port):
            sent = fetch(port, path)
            if sent.status != 200 or sent.type != "text/html":
                continue
            parts = [fetch(port, part.decode()) for part in dict.fromkeys(_PARTS.findall(sent.plain))]
            bodies = len(sent.body) + sum(len(part.body) for part in parts)
            found.append((bodies, bodies + sent.head + sum(part.head for part in parts), path))
        if len(found) < 20:
            raise RuntimeError(f"only {len(found)} pages were found")
        bodies, with_heads, path = max(found)
        light = min(found)[0] / 1024
        words = f"{path}, {with_heads / 1024:.1f} with headers; lightest of {len(found)} pages {light:.1f}"
        yield Row("first view, heaviest page", bodies / 1024, "<=", TARGET, words, " KB")


def pages(world: World, port: int) -> list[str]:
    """Every public page of the URL map in three languages, with the demo's places in the place of `<slug>`."""
    app = create_app(serving.environment(f"sqlite:///{world.folder}/demo/keshki.db", world.folder / "demo-keys"))
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    found: list[str] = []
    slugs = [place["slug"] for place in _json(port, "/api/v1/locations?limit=100")["locations"]]
    for rule in rules:
        if rule.rule.startswith(NO_PAGES):
            continue
        found += _filled(port, rule.rule, slugs)
    return [f"/{language}{path}" for path in found for language in LANGUAGES]


def _filled(port: int, rule: str, slugs: list[str]) -> list[str]:
    if rule == "/near":
        towns = ("", "Алматы", "Астана", "Шымкент", "Караганда")
        return [rule, *(f"{rule}?near={quote(town)}" for town in towns), f"{rule}?near={quote(towns[1])}&service=1"]
    if rule == "/at/<slug>/book":
        return [path for slug in slugs if (path := _bookable(port, slug))]
    filled = [rule.replace("<slug>", slug) for slug in slugs] if "<slug>" in rule else [rule]
    filled = [path.replace("<code>", "slot_taken") for path in filled]
    if "<int:number>" in rule:
        filled = [path.replace("<int:number>", str(n)) for path in filled for n in range(1, NUMBERED)]
    filled = [re.sub(r"<any[^>]*>", "uz-cyrl", path) for path in filled]
    return [path for path in filled if "<" not in path]  # what is left opens by a secret of its own


def _bookable(port: int, slug: str) -> str:
    """The confirm page of a place's first free time; "" where nothing is booked."""
    place = _json(port, f"/api/v1/locations/{slug}")
    numbers = {service["slug"]: n for n, service in enumerate(_json(port, "/api/v1/services")["services"], 1)}
    for service in place["services"] if place["bookable"] else ():
        slots = _json(port, f"/api/v1/locations/{slug}/slots?service={service}")["slots"]
        if slots:
            return f"/at/{slug}/book?service={numbers[service]}&start={slots[0]['start'][:16]}"
    return ""


def _json(port: int, path: str) -> Any:
    told: Any = json.loads(fetch(port, path).plain)
    return told


def fetch(port: int, path: str) -> Sent:
    """GET as a browser that knows br and has nothing kept."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: br\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        s.sendall(request.encode())
        raw = b""
        while part := s.recv(65536):
            raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    plain = brotli.decompress(body) if lines.get(b"content-encoding") == b"br" else body
    kind = lines.get(b"content-type", b"").split(b";")[0].decode()
    return Sent(int(head[9:12]), kind, len(head) + 4, body, plain)


@contextmanager
def demo(world: World) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """`make run` as it is, on a database, keys and a port of its own."""
    port = serving.free_port()
    mine = {
        "PORT": str(port),
        "KESHKI_DATABASE_URL": f"sqlite:///{world.folder}/demo/keshki.db",
        "KESHKI_KEYS": str(world.folder / "demo-keys"),
    }
    process = subprocess.Popen(
        ["make", "--no-print-directory", "run"], cwd=serving.ROOT, env=serving.plain_environ() | mine,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        serving.wait_for(port, process, INSTALLING)
        yield port, process
    finally:
        serving.interrupt(process)
