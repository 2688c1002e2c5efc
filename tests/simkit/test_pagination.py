"""Pages: walking a list either way yields each item once, while others are added."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peakproof.simkit import BadPage, decode_cursor, encode_cursor, page


def key(item: int) -> tuple[int, str]:
    return (item // 2, str(item))


@given(st.sets(st.integers(0, 500)), st.integers(1, 20), st.booleans(), st.booleans())
def test_walking_a_list_yields_each_item_once(
    numbers: set[int], size: int, descending: bool, backwards: bool
) -> None:
    items = sorted(numbers, key=key)
    expected = items[::-1] if descending else items
    seen: list[int] = []
    cursor: str | None = None
    while True:
        if backwards:
            found = page(items, key, last=size, before=cursor, descending=descending)
            seen = found.items + seen
            more, cursor = found.has_previous, found.start_cursor
        else:
            found = page(items, key, first=size, after=cursor, descending=descending)
            seen += found.items
            more, cursor = found.has_next, found.end_cursor
        assert len(found.items) <= size
        if not more:
            break
    assert seen == expected


def test_what_is_added_behind_the_cursor_moves_nothing() -> None:
    items = [10, 20, 30, 40]
    first = page(items, lambda item: (item,), first=2)
    items = [5, 10, 15, 20, 25, 30, 40]
    second = page(items, lambda item: (item,), first=2, after=first.end_cursor)
    assert (second.items, second.has_next, second.has_previous) == ([25, 30], True, True)


def test_an_empty_list_has_no_cursors() -> None:
    found = page([], key, first=5)
    assert (found.items, found.start_cursor, found.end_cursor) == ([], None, None)
    assert not found.has_next
    assert not found.has_previous


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({}, "one of first or last"),
        ({"first": 1, "last": 1}, "not both"),
        ({"first": 251}, "between 0 and 250"),
        ({"last": -1}, "between 0 and 250"),
        ({"first": 1, "after": "nonsense!"}, "Invalid cursor"),
        ({"first": 1, "after": "MQ=="}, "Invalid cursor"),
        ({"first": 1, "after": encode_cursor(("a", 1))}, "another order"),
    ],
)
def test_a_senseless_wish_is_refused(wish: dict[str, object], message: str) -> None:
    with pytest.raises(BadPage, match=message):
        page([1, 2], lambda item: (item,), **wish)  # type: ignore[arg-type]


def test_cursors_are_opaque_and_come_back() -> None:
    cursor = encode_cursor((3, "2026-11-23T10:00:00Z"))
    assert "2026" not in cursor
    assert decode_cursor(cursor) == (3, "2026-11-23T10:00:00Z")
