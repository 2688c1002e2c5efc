"""The business calendar: days before today, weekends and holidays."""

from datetime import date, timedelta

import pytest

from peakproof.errors import UsageError
from peakproof.seed import Clock
from peakproof.simkit import BusinessCalendar

FRIDAY = date(2026, 11, 20)


def test_a_story_begins_before_today_and_catches_up() -> None:
    clock = Clock.start()
    calendar = BusinessCalendar(clock)
    calendar.begin(2, [])
    assert calendar.today() == clock.wall().date() - timedelta(days=2)
    calendar.next_day()
    calendar.next_day()
    assert calendar.today() == clock.wall().date()
    with pytest.raises(UsageError, match="reached today"):
        calendar.next_day()


def test_banks_rest_on_weekends_and_holidays() -> None:
    calendar = BusinessCalendar(Clock.start())
    calendar.begin(0, ["2026-11-23"])
    assert calendar.is_banking_day(FRIDAY)
    assert not calendar.is_banking_day(FRIDAY + timedelta(days=1))
    assert calendar.banking_days_after(FRIDAY, 0) == FRIDAY
    assert calendar.banking_days_after(FRIDAY, 1) == date(2026, 11, 24)
    assert calendar.banking_days_after(date(2026, 11, 21), 0) == date(2026, 11, 24)
    assert calendar.banking_days_after(FRIDAY, 2) == date(2026, 11, 25)


@pytest.mark.parametrize("weekday", range(7))
def test_a_story_may_begin_on_a_day_of_the_week(weekday: int) -> None:
    calendar = BusinessCalendar(Clock.start())
    calendar.begin(9, [], weekday)
    assert calendar.today().weekday() == weekday
    assert 9 <= calendar.days_ago <= 15


def test_a_day_that_no_week_has_is_refused() -> None:
    with pytest.raises(UsageError, match="first_weekday"):
        BusinessCalendar(Clock.start()).begin(9, [], 7)


def test_a_negative_beginning_is_refused() -> None:
    with pytest.raises(UsageError, match="days_ago"):
        BusinessCalendar(Clock.start()).begin(-1, [])
