"""The site in a process of its own, on the evening of the tests: python -m tests.browser.serve FOLDER PORT."""

import sys
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from clinic import clock, create_app
from tests import city
from tests.conftest import EVENING


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    clock._source = lambda: EVENING
    elsewhere = {"KESHKI_EXIT_URL": f"http://localhost:{sys.argv[2]}/offline"}  # another host for the browser
    app = create_app(city.environment(Path(sys.argv[1])) | elsewhere)
    make_server("127.0.0.1", int(sys.argv[2]), app, threaded=True, request_handler=Quiet).serve_forever()
