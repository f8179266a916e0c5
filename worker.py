"""The worker, as `flask worker` runs it, without what the flask command loads beside it (20 MB)."""

import sys

from clinic import create_app, worker
from clinic.config import ConfigError

try:
    worker.main(create_app())
except ConfigError as error:
    sys.exit(str(error))
