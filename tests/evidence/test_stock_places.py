"""Stock at several places: what one has promised beyond its stock is kept back at another."""

import pytest

from peakproof.evidence import Claims, Facts, Story
from peakproof.evidence.stock import carried


@pytest.mark.parametrize(
    ("free", "shown", "agree"),
    [
        ((-1, 5), (0, 4), True),
        ((-1, 5), (0, 5), False),  # the channel can sell a piece that is owed
        ((-1, 5), (0, 3), False),  # a piece is kept back for nobody
        ((-7, 5), (0, 0), True),
        ((0, 5), (0, 4), False),  # nothing is owed
    ],
)
def test_what_is_owed_is_kept_back_once(
    free: tuple[int, int], shown: tuple[int, int], agree: bool
) -> None:
    story = Story(stock={"MUG": 2})
    for place, there, level in zip(("MAIN", "SHOP"), free, shown, strict=True):
        key = f"MUG@{place}"
        story.add(9, "odoo", "final", "stock", key=key, outcome="settled", value={"free": there})
        story.add(
            9, "shopify", "final", "level", key=key, outcome="settled", value={"available": level}
        )
    facts = Facts.of(story.history(), Claims(name="c", version="1", flows=set()), story.plan())
    assert carried(facts, "MUG", "settled") is agree
