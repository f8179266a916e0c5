"""`python -m clinic.run_worker`: the worker without pages, and without what the flask command loads (33 MB)."""

import sys

from clinic import create_app, worker
from clinic.config import ConfigError

if __name__ == "__main__":
    try:
        worker.main(create_app(pages=False))
    except ConfigError as error:
        sys.exit(str(error))
