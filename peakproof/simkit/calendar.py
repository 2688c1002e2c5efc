"""The business calendar of a world: which day it is at the vendors, and which days banks work.

A story of payouts and statements takes days, a run takes a minute. So a simulator's business
day is the machine's, moved by whole days: a story begins ``days_ago`` before today and its
plan lets days pass (action ``pass_days``). Days lie in the past until the story has caught up,
because Odoo and the connector read the machine's clock and would not ask for tomorrow.

Hours and minutes are the machine's, unless the plan says at what time of day its days begin;
then a day goes on to a later hour only where the plan says so (action ``wait_until``), and a
story can reach the last minutes of a month. Times of day are UTC, as the calendar's days are;
what day it is for a business elsewhere is for its systems to tell.

Banks rest on Saturdays, Sundays and the plan's holidays.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from peakproof.errors import UsageError
from peakproof.seed import Clock

__all__ = ["DAYS_AT_ONCE_MAX", "BusinessCalendar"]

DAYS_AT_ONCE_MAX = 400


class BusinessCalendar:
    """Tells a simulator's date. ``days_ago`` shrinks as the story goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._day_begins: time | None = None
        self._ahead = timedelta()  # of the machine's time of day
        self.days_ago = 0
        self.holidays: frozenset[date] = frozenset()

    def begin(
        self,
        days_ago: int,
        holidays: Iterable[str],
        first_weekday: int | None = None,
        month_end_day: int | None = None,
        day_begins: str = "",
    ) -> None:
        """Begin a story so many days before today; ``holidays`` are ISO dates.

        With ``first_weekday`` (0 is Monday) it begins up to six days earlier, on that day, so
        that banks rest on the same days of the story whenever it is played. With
        ``month_end_day`` a month ends with that day of the story (1 is the first), for which it
        begins earlier still, by a month or, with a weekday, up to fourteen. With ``day_begins``
        ("00:20", UTC) each day begins at that time, and the story a day earlier, so that it
        never runs ahead of the machine. Raises UsageError for what is no date or time.
        """
        if days_ago < 0:
            raise UsageError(f"days_ago: expected 0 or more, found {days_ago}.")
        if first_weekday is not None and not 0 <= first_weekday <= 6:
            raise UsageError(f"first_weekday: expected 0 (Monday) to 6, found {first_weekday}.")
        try:
            self.holidays = frozenset(date.fromisoformat(day) for day in holidays)
        except ValueError as error:
            raise UsageError(f"holidays: expected dates such as 2026-12-25: {error}.") from error
        self._day_begins, self._ahead = (
            _time_of_day(day_begins) if day_begins else None,
            timedelta(),
        )
        self.days_ago = days_ago + bool(day_begins)
        while not _fits(self.today(), first_weekday, month_end_day):
            self.days_ago += 1
        if self._day_begins is not None:
            self._turn_to(self.today(), self._day_begins)

    def now(self) -> datetime:
        """Return the business date and time (UTC)."""
        return self._clock.wall() - timedelta(days=self.days_ago) + self._ahead

    def epoch(self) -> int:
        """Return ``now`` in whole seconds since 1970."""
        return int(self.now().timestamp())

    def today(self) -> date:
        """Return the business date (UTC)."""
        return self.now().date()

    def today_in(self, zone: str) -> date:
        """Return the date in a time zone such as "America/New_York"."""
        return self.now().astimezone(ZoneInfo(zone)).date()

    def next_day(self) -> None:
        """Let one day pass. Raises UsageError when the story is at today already."""
        if self.days_ago == 0:
            raise UsageError(
                "The story has reached today; Shop.days_ago must cover every day that it lets pass."
            )
        tomorrow = self.today() + timedelta(days=1)
        self.days_ago -= 1
        if self._day_begins is not None:
            self._turn_to(tomorrow, self._day_begins)

    def wait_until(self, text: str) -> None:
        """Let the day go on until a time of day (UTC) such as "23:30"; a later one than now.

        Raises UsageError for one that has passed, and where days begin when the machine's do.
        """
        later = _time_of_day(text)
        if self._day_begins is None:
            raise UsageError("wait_until: the story's hours are the machine's; see day_begins.")
        if datetime.combine(self.today(), later, UTC) < self.now():
            raise UsageError(f"wait_until: it is {self.now():%H:%M} already, past {text}.")
        self._turn_to(self.today(), later)

    def _turn_to(self, day: date, at: time) -> None:
        self._ahead += datetime.combine(day, at, UTC) - self.now()

    def is_banking_day(self, day: date) -> bool:
        """Tell whether banks work on a day."""
        return day.weekday() < 5 and day not in self.holidays

    def banking_days_after(self, day: date, count: int) -> date:
        """Return the day that lies ``count`` banking days after ``day``.

        With 0 it is ``day`` itself or the next banking day.
        """
        while not self.is_banking_day(day):
            day += timedelta(days=1)
        for _ in range(count):
            day += timedelta(days=1)
            while not self.is_banking_day(day):
                day += timedelta(days=1)
        return day

    def midnight(self, day: date) -> datetime:
        """Return the beginning of a day (UTC)."""
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _fits(first: date, weekday: int | None, month_end_day: int | None) -> bool:
    """Tell whether a story may begin on a day."""
    if weekday is not None and first.weekday() != weekday:
        return False
    return month_end_day is None or (first + timedelta(days=month_end_day)).day == 1


def _time_of_day(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r}: expected a time of day such as 23:30: {error}.") from error
