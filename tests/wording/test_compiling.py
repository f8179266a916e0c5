"""The catalogues are compiled by whoever starts first, also when several start at once."""

import gettext
import shutil
import subprocess
import sys
from pathlib import Path

COMPILE = "import sys; from pathlib import Path; from clinic.catalogues import compile_stale; input(); "
COMPILE += "compile_stale(Path(sys.argv[1]))"


def test_many_processes_that_start_at_once_all_find_whole_catalogues(tmp_path: Path) -> None:
    folder = tmp_path / "translations"
    shutil.copytree("translations", folder, ignore=shutil.ignore_patterns("*.mo", "*.mo.new"))
    started = [subprocess.Popen([sys.executable, "-c", COMPILE, str(folder)], stdin=subprocess.PIPE) for _ in range(6)]
    for process in started:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(60) for process in started] == [0] * 6
    for language in ("kk", "ru", "en"):
        with (folder / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
            assert gettext.GNUTranslations(file).gettext("Cancel")
    assert not list(folder.rglob("*.mo.new"))
