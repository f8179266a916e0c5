"""The worker sending what is due, against a bare HTTP client with as many threads and the same provider."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from bench import serving
from bench.table import Row, in_turns
from bench.world import World
from clinic import clock, create_app
from clinic.db import db, writing
from clinic.messaging import outbox
from clinic.messaging.sending import CONCURRENCY
from tests.twilio_stand_in import SENDER, SID, TOKEN, Fault, StandIn, Taken

ROUNDS, MESSAGES = 5, 300
LATENCY = 0.04  # seconds in which the provider answers
TARGET = 0.7
PATIENCE = 60.0
BODY = "Напоминание: пятница, 27 ноября, 18:40"


def run(world: World) -> Iterable[Row]:
    """Rates between the first and the last message that the stand-in took."""
    provider = StandIn(plan=lambda _n, _form: Fault(takes=True, answer="201", after=LATENCY))
    provider.start()
    environ = {
        **world.usual,
        **provider.environ(),
        "KESHKI_SMS_WINDOW": "00:00-24:00",
        "KESHKI_SMS_DAILY_CAP": "1000000",
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "clinic.run_worker"], cwd=serving.ROOT, env=serving.plain_environ() | environ
    )
    try:
        pair = in_turns(lambda n: _by_worker(provider, environ, n), lambda n: _by_hand(provider, n), ROUNDS)
        words = pair.words("/s") + f", {CONCURRENCY} at a time, {LATENCY * 1000:.0f} ms each"
        yield Row("messages, worker", pair.ratio, ">=", TARGET, words)
    finally:
        serving.end(worker)
        provider.stop()


def _by_worker(provider: StandIn, environ: Mapping[str, str], number: int) -> float:
    before = len(provider.taken)
    app = create_app(environ)
    with app.app_context():
        now = clock.now()
        with writing() as s:
            for n in range(MESSAGES):
                to, about = f"+7701{number:02d}{n:05d}", f"appointment:{number:08x}{n:024x}"
                until = now + timedelta(hours=3)
                outbox.put(s, None, about, "reminder", to, BODY, now, until, clock.today() + timedelta(days=1))
        db.engine.dispose()
    waited = time.monotonic()
    while len(provider.taken) < before + MESSAGES:
        if time.monotonic() - waited > PATIENCE:
            raise RuntimeError(f"the worker sent {len(provider.taken) - before} of {MESSAGES} messages")
        time.sleep(0.02)
    return _rate(provider.taken[before:])


def _by_hand(provider: StandIn, number: int) -> float:
    before = len(provider.taken)
    address = urlsplit(provider.base)
    forms = [
        {"To": f"+7702{number:02d}{n:05d}", "From": SENDER, "Body": BODY, "ValidityPeriod": "10800"}
        for n in range(MESSAGES)
    ]
    job = {
        "host": address.hostname, "port": address.port, "account": SID, "token": TOKEN, "threads": CONCURRENCY,
        "forms": forms,
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "bench.baselines.sender"],
        input=json.dumps(job), capture_output=True, text=True, check=True, cwd=serving.ROOT,
    )  # fmt: skip
    return _rate(provider.taken[before:])


def _rate(taken: Sequence[Taken]) -> float:
    times = sorted(message.created_at for message in taken)
    return (len(times) - 1) / (times[-1] - times[0]).total_seconds()
