"""The application, for a WSGI server (`granian --interface wsgi wsgi:app`) and for the flask command."""

import os
import sys

from clinic import backup, create_app
from clinic.config import EXTENSION, ConfigError
from clinic.start import check

try:
    app = create_app()
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        check(app)
        in_use = backup.in_use(app.extensions[EXTENSION])  # held until the process ends
except ConfigError as error:
    sys.exit(str(error))
