"""The business calendar of a world: which day it is at the vendors, and which days banks work.

A story of payouts and statements takes days, a run takes a minute. So a simulator's business
day is the machine's, moved by whole days: a story begins ``days_ago`` before today and its
plan lets days pass (action ``pass_days``). Days lie in the past until the story has caught up,
because Odoo and the connector read the machine's clock and would not ask for tomorrow.

Hours and minutes are real. Banks rest on Saturdays, Sundays and the plan's holidays.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from peakproof.errors import UsageError
from peakproof.seed import Clock

__all__ = ["DAYS_AT_ONCE_MAX", "BusinessCalendar"]

DAYS_AT_ONCE_MAX = 400


class BusinessCalendar:
    """Tells a simulator's date. ``days_ago`` shrinks as the story goes on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.days_ago = 0
        self.holidays: frozenset[date] = frozenset()

    def begin(
        self, days_ago: int, holidays: Iterable[str], first_weekday: int | None = None
    ) -> None:
        """Begin a story so many days before today; ``holidays`` are ISO dates.

        With ``first_weekday`` (0 is Monday) it begins up to six days earlier, on that day, so
        that banks rest on the same days of the story whenever it is played. Raises UsageError
        for a date that is none.
        """
        if days_ago < 0:
            raise UsageError(f"days_ago: expected 0 or more, found {days_ago}.")
        if first_weekday is not None and not 0 <= first_weekday <= 6:
            raise UsageError(f"first_weekday: expected 0 (Monday) to 6, found {first_weekday}.")
        try:
            self.holidays = frozenset(date.fromisoformat(day) for day in holidays)
        except ValueError as error:
            raise UsageError(f"holidays: expected dates such as 2026-12-25: {error}.") from error
        self.days_ago = days_ago
        if first_weekday is not None:
            self.days_ago += (self.today().weekday() - first_weekday) % 7

    def now(self) -> datetime:
        """Return the business date and time (UTC)."""
        return self._clock.wall() - timedelta(days=self.days_ago)

    def epoch(self) -> int:
        """Return ``now`` in whole seconds since 1970."""
        return int(self.now().timestamp())

    def today(self) -> date:
        """Return the business date (UTC)."""
        return self.now().date()

    def next_day(self) -> None:
        """Let one day pass. Raises UsageError when the story is at today already."""
        if self.days_ago == 0:
            raise UsageError(
                "The story has reached today; Shop.days_ago must cover every day that it lets pass."
            )
        self.days_ago -= 1

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
