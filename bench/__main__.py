"""`make bench`: every benchmark, or those that are named (`python -m bench bookings slots`), and one table."""

import sys
import time
from collections.abc import Callable, Iterable

from bench import bookings, growth, memory, near, roster, routing, sending, slots, table, weight, world
from bench.table import Row

ALL: dict[str, Callable[[world.World], Iterable[Row]]] = {
    "near": near.run,
    "slots": slots.run,
    "bookings": bookings.run,
    "growth": growth.run,
    "roster": roster.run,
    "routing": routing.run,
    "sending": sending.run,
    "weight": weight.run,
    "memory": memory.run,
}


def main() -> None:
    """Run and print; exit code 1 when a target is missed."""
    names = sys.argv[1:] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.")
    begun = time.monotonic()
    rows: list[Row] = []
    with world.made() as found:
        for name in names:
            print(f"… {name}", file=sys.stderr, flush=True)
            for row in ALL[name](found):
                rows.append(row)
                print("  ".join(row.cells()), file=sys.stderr, flush=True)
    print(table.printed(rows))
    print(f"{time.monotonic() - begun:.0f} seconds.")
    sys.exit(0 if all(row.met for row in rows) else 1)


if __name__ == "__main__":
    main()
