"""kill -9 of a process that serves the site, as the kernel does it when memory is short: the site goes on."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask

from clinic import demo
from clinic.config import ROOT, settings
from tests.browser.phone import free_port
from tests.conftest import Maker

pytestmark = pytest.mark.alone
PATIENCE = 120.0


def of_the_manual(_app: Flask) -> str:
    found = re.search(r"^granian .*", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert found
    return f"{Path(sys.executable).parent}/{found[0]}"


def of_the_demo(app: Flask) -> str:
    with app.app_context():
        return demo.web(settings())


def children(parent: int) -> set[int]:
    return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def serving(parent: int, port: int) -> set[int]:
    """The children of a server that listen."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
    found = set()
    for pid in children(parent):
        with suppress(OSError):  # it has just ended
            if listening & {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()}:
                found.add(pid)
    return found


def answers(port: int) -> bool:
    """Whether the site answers a connection made now, at the latest when a new child has loaded it."""
    with urlopen(f"http://127.0.0.1:{port}/p/1", timeout=PATIENCE) as answer:
        return bool(answer.status == 200)


def until(server: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    """Wait until `holds()`, while the server lives."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert server.poll() is None, "the whole server has ended"
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("command", [of_the_manual, of_the_demo])
def test_a_killed_child_is_replaced_and_takes_nobody_along(make_app: Maker, command: Callable[[Flask], str]) -> None:
    environ = make_app.environ()
    port = free_port()
    words = shlex.split(re.sub(r"--port \d+", f"--port {port}", command(make_app.on(environ))))
    number = int(words[words.index("--workers") + 1])
    with subprocess.Popen(words, cwd=ROOT, env=os.environ | environ, start_new_session=True) as server:

        def is_whole_without(killed: set[int]) -> bool:
            there = serving(server.pid, port)
            return len(there) == number and not there & killed

        try:
            until(server, partial(is_whole_without, set()))
            first = serving(server.pid, port)
            killed: set[int] = set()
            for victim in first:
                os.kill(victim, signal.SIGKILL)
                killed.add(victim)
                until(server, lambda: not killed & children(server.pid))  # what waited at its door is lost
                assert number == 1 or answers(port)
                until(server, partial(is_whole_without, killed))
            assert killed == first
            assert answers(port)
            server.terminate()
            assert server.wait(PATIENCE) == 0
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
