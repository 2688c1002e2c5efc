"""The business calendar: days before today, weekends and holidays."""

from datetime import UTC, date, datetime, timedelta

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


@pytest.mark.parametrize("weekday", [None, *range(7)])
def test_a_month_may_end_with_a_day_of_the_story(weekday: int | None) -> None:
    calendar = BusinessCalendar(Clock.start())
    calendar.begin(9, [], weekday, 2)
    assert (calendar.today() + timedelta(days=2)).day == 1
    assert weekday in (None, calendar.today().weekday())
    assert calendar.days_ago <= 9 + (31 if weekday is None else 428)


def test_hours_of_a_story_that_says_when_its_days_begin() -> None:
    clock = Clock.start()
    calendar = BusinessCalendar(clock)
    calendar.begin(1, [], day_begins="00:20")
    first = clock.wall().date() - timedelta(days=2)
    assert _within_a_minute(calendar, datetime(first.year, first.month, first.day, 0, 20))
    assert calendar.today_in("America/New_York") == first - timedelta(days=1)
    calendar.wait_until("23:45")
    assert calendar.today_in("Europe/Brussels") == first + timedelta(days=1)
    assert calendar.today() == first
    assert f"{calendar.now():%H:%M}" == "23:45"
    with pytest.raises(UsageError, match="23:45 already"):
        calendar.wait_until("23:30")
    calendar.next_day()
    assert calendar.today() == first + timedelta(days=1)
    assert f"{calendar.now():%H:%M}" == "00:20"
    calendar.next_day()
    assert calendar.now() - clock.wall() < timedelta(days=1)


def _within_a_minute(calendar: BusinessCalendar, moment: datetime) -> bool:
    return timedelta() <= calendar.now() - moment.replace(tzinfo=UTC) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "25:00", "late"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    calendar = BusinessCalendar(Clock.start())
    calendar.begin(1, [], day_begins="00:20")
    with pytest.raises(UsageError, match="23:30"):
        calendar.wait_until(text)


def test_hours_pass_by_themselves_in_a_story_that_does_not_say() -> None:
    calendar = BusinessCalendar(Clock.start())
    calendar.begin(1, [])
    with pytest.raises(UsageError, match="day_begins"):
        calendar.wait_until("23:59")
