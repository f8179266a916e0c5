"""12 MB through nginx as it is shipped, into the real server: while they come and afterwards, no file holds them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from werkzeug.test import stream_encode_multipart

from clinic import backup, create_app, start
from clinic.config import EXTENSION
from clinic.db import db
from clinic.safety.reports.photos import MOST_BYTES
from tests.browser.phone import free_port
from tests.safety.notes import PLANTED, file

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
IN_PHOTO = b"planted-in-a-photo-8126"
PHOTO = b"\xff\xd8\xff" + (IN_PHOTO + b"\0" * 105) * (MOST_BYTES // 3 // 128 - 10)


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


def shipped(folder: Path, port: int, site: int) -> str:
    """docs/nginx.conf with the ports of this test, without TLS, and its temporary files where we can look."""
    text = (ROOT / "docs" / "nginx.conf").read_text()
    server = re.sub(r"\n\s*ssl_\w+ [^\n]+", "", text).replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    assert server.count("127.0.0.1:8000") == 2
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in names)
    user = "user root;" if os.getuid() == 0 else ""
    http = server.replace("127.0.0.1:8000", f"127.0.0.1:{site}")
    return f"{user}\npid {folder}/pid;\nerror_log /dev/null;\nevents {{}}\nhttp {{\n{paths}\n{http}\n}}\n"


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


def test_12_mb_are_in_no_file_while_they_come_and_after(environ: dict[str, str], tmp_path: Path) -> None:
    site, good, bad = free_port(), free_port(), free_port()
    whole = {**os.environ, **environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(ROOT)}
    granian = [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--port", str(site), "--workers", "1",
        "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip
    confs = {}
    for port, name in ((good, "good"), (bad, "bad")):
        (tmp_path / name).mkdir()
        confs[name] = tmp_path / f"{name}.conf"
        confs[name].write_text(shipped(tmp_path / name, port, site))
    spoiled = confs["bad"].read_text().replace("proxy_request_buffering off;", "proxy_request_buffering on;")
    confs["bad"].write_text(spoiled)
    with ExitStack() as stack:
        sessions = [stack.enter_context(process(granian, whole, site))]
        for port, name in ((good, "good"), (bad, "bad")):
            command = [NGINX, "-p", str(tmp_path / name), "-c", str(confs[name]), "-g", "daemon off;"]
            sessions.append(stack.enter_context(process(command, whole, port)))
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
