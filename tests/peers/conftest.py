"""Tests against answers of other programs, which stay outside this repository (KESHKI_PEER_DATA names the folder)."""

import os

collect_ignore_glob = [] if os.environ.get("KESHKI_PEER_DATA") else ["test_*.py"]
