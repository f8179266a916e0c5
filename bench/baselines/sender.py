"""A bare HTTP client that posts messages to an SMS provider with so many threads, and counts what was taken."""

import base64
import http.client
import json
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from threading import local

_held = local()


def post(host: str, port: int, account: str, token: str, form: dict[str, str]) -> bool:
    if not hasattr(_held, "connection"):
        _held.connection = http.client.HTTPConnection(host, port, timeout=10)
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = f"/2010-04-01/Accounts/{account}/Messages.json"
    _held.connection.request("POST", path, urllib.parse.urlencode(form), headers)
    answer = _held.connection.getresponse()
    return bool(json.loads(answer.read())["sid"]) and answer.status == 201


def main() -> None:
    job = json.load(sys.stdin)
    begun = time.perf_counter()
    with ThreadPoolExecutor(job["threads"]) as threads:
        taken = sum(
            threads.map(lambda form: post(job["host"], job["port"], job["account"], job["token"], form), job["forms"])
        )
    print(json.dumps({"taken": taken, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
