"""The one place that asks for the time.

Every moment in Keshki is an aware UTC datetime; people see Asia/Almaty. A *Date* is a calendar day
there; a *service day* is that day's work until 06:00 the next morning, so that a night belongs to
the evening on which it began.
"""

import time as running
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
DAY_TURNS = time(6, 0)
CELL_MINUTES = 5
SET_BY = 60.0  # seconds: so far a clock does not drift between two looks, it was set


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def local(moment: datetime) -> datetime:
    """The same moment on a clock in Kazakhstan."""
    return moment.astimezone(ZONE)


def today() -> date:
    """The Date on which it is now."""
    return local(now()).date()


def at(day: date, minutes: int) -> datetime:
    """The UTC moment `minutes` after local midnight of `day`; more than 1440 runs into the next days."""
    midnight = datetime.combine(day, time(0), ZONE).astimezone(UTC)
    return midnight + timedelta(minutes=minutes)


def service_day(moment: datetime) -> date:
    """The service day a moment belongs to: before 06:00 it is still yesterday's."""
    here = local(moment)
    return here.date() if here.time() >= DAY_TURNS else here.date() - timedelta(days=1)


def service_day_start(day: date) -> datetime:
    """06:00 local of `day`, in UTC."""
    return at(day, DAY_TURNS.hour * 60)


def cell(moment: datetime) -> int:
    """The number of the 5-minute cell that holds `moment`: Unix time // 300."""
    return int(moment.timestamp()) // (CELL_MINUTES * 60)


def moment(cell_number: int) -> datetime:
    """The UTC moment at which a cell begins."""
    return datetime.fromtimestamp(cell_number * CELL_MINUTES * 60, UTC)


def zone_is_current() -> bool:
    """Whether the zone table knows that all of Kazakhstan is at UTC+5 since 1 March 2024."""
    return datetime(2024, 3, 2, tzinfo=ZONE).utcoffset() == timedelta(hours=5)


class Watch:
    """Whether the system's clock has run as time itself does; asked again and again, it sees when it is set."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._since = running.monotonic()
        self._was_set = False

    def steady_for(self) -> float:
        """For how many seconds nobody has set the clock, as far as this process has seen."""
        elapsed = running.monotonic()
        offset = now().timestamp() - elapsed
        if self._offset is not None and abs(offset - self._offset) > SET_BY:
            self._since, self._was_set = elapsed, True
        self._offset = offset
        return elapsed - self._since

    def was_set_within(self, seconds: float) -> bool:
        """Whether somebody has set the clock so lately that it may be set right again."""
        return self.steady_for() < seconds and self._was_set


watch = Watch()  # of this process
