"""Servers under test: the app and its baseline behind the same granian, started in the same way as `make run`."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clinic import config, demo

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int


@contextmanager
def app(environ: Mapping[str, str]) -> Iterator[Server]:
    """Keshki on a database."""
    with _serving("wsgi:app", environ) as server:
        yield server


@contextmanager
def baseline(module: str, environ: Mapping[str, str]) -> Iterator[Server]:
    """A bare Flask app of `bench/baselines`."""
    with _serving(f"bench.baselines.{module}:app", environ) as server:
        yield server


def environment(database_url: str, keys: Path) -> dict[str, str]:
    """The settings of `make run`, on another database. Limits are off: all load comes from one address."""
    return {
        "KESHKI_DEMO": "1",
        "KESHKI_LIMITS": "off",
        "KESHKI_DATABASE_URL": database_url,
        "KESHKI_KEYS": str(keys),
    }


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def _serving(target: str, environ: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    found = replace(config.read({"KESHKI_DEMO": "1"}), port=port)
    command = shlex.split(demo.web(found))
    assert command[-1] == "wsgi:app"
    command[-1] = target
    process = subprocess.Popen(command, cwd=ROOT, env=plain_environ() | dict(environ), start_new_session=True)
    try:
        wait_for(port, process)
        yield Server(port, process.pid)
    finally:
        end(process)


def plain_environ() -> dict[str, str]:
    """This process's environment without settings of Keshki's."""
    ours = ("KESHKI_", "TWILIO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "PORT"}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}


def wait_for(port: int, process: "subprocess.Popen[bytes]", patience: float = _PATIENCE) -> None:
    """Until something listens on `port`. Raises RuntimeError when the process ends or takes too long."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the server did not start")


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a server as an operator would; by force only when it does not obey."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        _wait(process)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C for a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        _wait(process)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
