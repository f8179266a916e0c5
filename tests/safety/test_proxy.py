"""nginx as it is shipped, before the real server: what it keeps, whom it lets go, what it says for a dead site."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from werkzeug.test import stream_encode_multipart

from clinic import backup, create_app, start
from clinic.config import EXTENSION
from clinic.db import db
from clinic.safety.reports.photos import MOST_BYTES
from tests.browser.phone import free_port
from tests.safety.notes import PLANTED, SCAN, file

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
IN_PHOTO = b"planted-in-a-photo-8126"
PHOTO = SCAN + (IN_PHOTO + b"\0" * 105) * (MOST_BYTES // 3 // 128 - 10)


@contextmanager
def process(command: list[str], environ: dict[str, str], port: int) -> Iterator[int]:
    """A program in a session of its own, from when it listens; its session."""
    with subprocess.Popen(command, cwd=ROOT, env=environ, start_new_session=True) as running:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert running.poll() is None, f"{command[0]} ended at its start"
                    assert time.monotonic() < deadline, f"{command[0]} did not start"
                    time.sleep(0.05)
            yield running.pid
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(20)


def shipped(folder: Path, port: int, site: int, plain: int) -> str:
    """docs/nginx.conf with the ports and files of this test, and TLS by a certificate of its own."""
    text = (ROOT / "docs" / "nginx.conf").read_text()
    changes = {
        "user www-data;": "user root;" if os.getuid() == 0 else "",
        "/run/nginx.pid": f"{folder}/pid",
        "listen 443 ssl http2": f"listen 127.0.0.1:{port}",
        "listen [::]:443 ssl http2": f"listen [::1]:{port}",
        "listen 80 ": f"listen 127.0.0.1:{plain} ",
        "listen [::]:80 ": f"listen [::1]:{plain} ",
        "server_name example.kz;": "server_name localhost;",
        "127.0.0.1:8000": f"127.0.0.1:{site}",
        "/var/www/keshki": f"{folder}/www",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r"\n\s*ssl_\w+ [^\n]+", "", text)
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"    {name}_temp_path {folder}/{name};" for name in names)
    return text.replace("http {\n", f"http {{\n{paths}\n", 1)


def open_files(sessions: list[int]) -> Iterator[bytes]:
    """The content of every file, deleted or not, that a process of these sessions holds open."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            session = int((entry / "stat").read_text().rpartition(")")[2].split()[3])
            handles = list((entry / "fd").iterdir()) if session in sessions else []
        except OSError:
            continue
        for handle in handles:
            try:
                if handle.is_file():  # followed: no socket, pipe or device
                    yield handle.read_bytes()
            except OSError:
                continue


def traces(contents: Iterator[bytes]) -> set[str]:
    """What of the plant stands in some contents."""
    secrets = {"words": PLANTED.encode(), "photo": IN_PHOTO}
    return {name for content in contents for name, secret in secrets.items() if secret in content}


def send(port: int, body: bytes, kind: str, sessions: list[int]) -> tuple[str, set[str]]:
    """Post a body slowly: all but its end, a look at the open files, the end; the answer, and what was seen."""
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        wire.settimeout(60)
        head = f"POST /ru/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        wire.sendall(f"{head}Connection: close\r\n\r\n".encode() + body[:-100])
        time.sleep(0.7)
        seen = traces(open_files(sessions))
        wire.sendall(body[-100:])
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    return answer.decode(), seen


def asked(port: int) -> str:
    """A page of hers, opened now: its token."""
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        wire.sendall(b"GET /ru/note HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        page = b""
        while piece := wire.recv(65536):
            page += piece
    found = re.search(rb'name="token" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1].decode()


def form(token: str) -> tuple[bytes, str]:
    """A note with 12 MB of photos, as a browser without a script sends it."""
    fields = {"act": "send", "token": token, "text": PLANTED, "photo": [file(PHOTO) for _ in range(3)]}
    stream, length, boundary = stream_encode_multipart(fields, use_tempfile=False)
    assert length > 12_000_000
    with stream:
        return stream.read(), f"multipart/form-data; boundary={boundary}"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A demo on a migrated database, with a folder for temporary files of its own."""
    assert NGINX, "install it with 'apt-get install nginx-light', as make test does"
    (tmp_path / "tmp").mkdir()
    (tmp_path / "db").mkdir()
    found = {
        "KESHKI_DEMO": "1",
        "KESHKI_LIMITS": "off",
        "KESHKI_DATABASE_URL": f"sqlite:///{tmp_path}/db/keshki.db",
        "KESHKI_KEYS": str(tmp_path / "keys"),
    }
    app = create_app(found)
    with app.app_context():
        start.upgrade(app)
        db.engine.dispose()
    return found


GRANIAN = ["--interface", "wsgi", "--blocking-threads", "8", "--no-ws", "--log-level", "warning"]


@contextmanager
def site_behind(confs: dict[int, Path], environ: dict[str, str], folder: Path, site: int) -> Iterator[list[int]]:
    """The real server, and an nginx for each of some ports; their sessions."""
    whole = {**os.environ, **environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)}
    granian = [str(Path(sys.executable).parent / "granian"), *GRANIAN, "--port", str(site), "wsgi:app"]
    with ExitStack() as stack:
        sessions = [stack.enter_context(process(granian, whole, site))]
        for port, conf in confs.items():
            command = [NGINX, "-p", str(conf.parent), "-c", str(conf), "-g", "daemon off;"]
            sessions.append(stack.enter_context(process(command, whole, port)))
        yield sessions


def conf(folder: Path, port: int, site: int, plain: int) -> Path:
    """The shipped proxy's file in a folder of its own, with the page for when the site is away."""
    (folder / "www").mkdir(parents=True)
    (folder / "www" / "away.html").write_text("away: 112")
    (folder / "nginx.conf").write_text(shipped(folder, port, site, plain))
    return folder / "nginx.conf"


def get(port: int, path: str, host: str = "localhost", within: float = 2) -> str:
    """Ask for one page; the whole answer. Raises TimeoutError when a read takes longer than `within` seconds."""
    with socket.create_connection(("127.0.0.1", port), within) as wire:
        wire.settimeout(within)
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        with suppress(ConnectionResetError):
            while piece := wire.recv(65536):
                answer += piece
    return answer.decode()


def half(port: int, start: bytes, stack: ExitStack) -> socket.socket:
    """A request that begins and does not end."""
    wire = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
    wire.sendall(start)
    return wire


def test_12_mb_are_in_no_file_while_they_come_and_after(environ: dict[str, str], tmp_path: Path) -> None:
    site, good, bad = free_port(), free_port(), free_port()
    confs = {port: conf(tmp_path / str(port), port, site, free_port()) for port in (good, bad)}
    text = confs[bad].read_text()
    confs[bad].write_text(text.replace("proxy_request_buffering off;", "proxy_request_buffering on;"))
    with site_behind(confs, environ, tmp_path, site) as sessions:
        answer, seen = send(good, *form(asked(good)), sessions)
        assert " 200 " in answer.splitlines()[0]
        assert "data-note-code" in answer
        assert seen == set()
        assert traces(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) == set()
        # too large: a sentence and her words, through the same proxy
        fields = {"act": "send", "token": asked(good), "text": PLANTED, "photo": file(PHOTO * 4)}
        stream, _length, boundary = stream_encode_multipart(fields, use_tempfile=False)
        with stream:
            answer, seen = send(good, stream.read(), f"multipart/form-data; boundary={boundary}", sessions)
        assert " 400 " in answer.splitlines()[0]
        assert PLANTED in answer
        assert seen == set()
        # the search is not blind: a proxy that buffers has all of it in a file
        answer, seen = send(bad, *form(asked(bad)), sessions)
        assert seen == {"words", "photo"}
    app = create_app(environ)
    backup.write(app.extensions[EXTENSION], tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_size > 12_000_000
    assert traces(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) == set()


def test_slow_senders_take_the_help_page_from_nobody(environ: dict[str, str], tmp_path: Path) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    site, port = free_port(), free_port()
    confs = {port: conf(tmp_path / "nginx", port, site, free_port())}
    note = b"POST /ru/note HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n"
    note += b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=a"
    with site_behind(confs, environ, tmp_path, site), ExitStack() as stack:
        asked(port)  # the site has drawn its first page
        for _n in range(1500):
            half(port, b"GET /ru/now HTTP/1.1\r\nHost: local", stack)
        slow = [half(port, note, stack) for _n in range(20)]
        for _n in range(3):
            for wire in slow:
                with suppress(OSError):  # refused or let go
                    wire.sendall(b"b")
            assert " 200 " in get(port, "/ru/now", within=5).splitlines()[0]
            assert "tel:112" in get(port, "/ru/p/1", within=5)
            time.sleep(0.3)
        refused = [wire for wire in slow if b" 503 " in _answer(wire)]
        assert len(refused) >= 14


def _answer(wire: socket.socket) -> bytes:
    """What has come without waiting long: nothing where the request is still being received."""
    wire.settimeout(0.05)
    try:
        return wire.recv(1000)
    except OSError:
        return b""


def test_without_tls_nothing_is_answered_but_the_way_and_a_dead_site_has_the_numbers(
    environ: dict[str, str], tmp_path: Path
) -> None:
    site, port, plain = free_port(), free_port(), free_port()
    path = conf(tmp_path / "nginx", port, site, plain)
    command = [NGINX, "-p", str(path.parent), "-c", str(path), "-g", "daemon off;"]
    with process(command, dict(os.environ), port):
        answer = get(plain, "/ru/now")
        assert " 308 " in answer.splitlines()[0]
        assert "location: https://example.kz/ru/now" in answer.lower()
        assert "nginx/" not in answer.lower()
        answer = get(port, "/ru/now")
        assert " 502 " in answer.splitlines()[0]
        assert "away: 112" in answer
        assert get(port, "/ru/now", host="elsewhere.example") == ""
    assert not [path for path in (tmp_path / "nginx").rglob("*") if path.name.endswith(".log")]


def test_the_page_for_a_dead_site_is_whole_in_three_languages(environ: dict[str, str], tmp_path: Path) -> None:
    app = create_app(environ)
    target = tmp_path / "away.html"
    result = app.test_cli_runner().invoke(args=["away-page", str(target)])
    assert result.exit_code == 0, result.output
    page = target.read_text()
    for language in ("kk", "ru", "en"):
        assert f'<section lang="{language}">' in page
    assert page.count('href="tel:112"') == page.count('href="tel:103"') == 3
    assert "//" not in page.replace("<!doctype html>", "")
    assert target.stat().st_mode & 0o777 == 0o644
    assert app.test_cli_runner().invoke(args=["away-page", str(tmp_path / "no" / "away.html")]).exit_code == 1
