"""The site in a process of its own, on the evening of the tests.

python -m tests.browser.serve FOLDER PORT plain|tls
"""

import ssl
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
    folder, port, tls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "tls"
    elsewhere = {"KESHKI_EXIT_URL": f"http://localhost:{port}/offline"}  # another host for the browser
    environ = city.real(folder, port) if tls else city.environment(folder)
    app = create_app(environ | elsewhere)
    secret = None
    if tls:
        secret = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secret.load_cert_chain(Path(__file__).with_name("localhost.pem"))
    make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet, ssl_context=secret).serve_forever()
