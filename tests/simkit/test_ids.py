"""Ids increase, repeat for a seed, and global ids come back as they went."""

import itertools
import uuid

import pytest

from peakproof.seed import Seed
from peakproof.simkit import Ids, gid, parse_gid


def test_numbers_increase_with_gaps_and_repeat_for_a_seed() -> None:
    ids, again, other = Ids(Seed(1)), Ids(Seed(1)), Ids(Seed(2))
    numbers = [ids.next("Order") for _ in range(100)]
    assert numbers == sorted(set(numbers))
    assert numbers == [again.next("Order") for _ in range(100)]
    assert numbers != [other.next("Order") for _ in range(100)]
    assert any(b - a > 1 for a, b in itertools.pairwise(numbers))


def test_a_kind_does_not_move_another() -> None:
    ids, alone = Ids(Seed(1)), Ids(Seed(1))
    ids.next("Customer")
    assert ids.next("Order") == alone.next("Order")


def test_uuids_are_well_formed_and_repeat() -> None:
    ids, again = Ids(Seed(1)), Ids(Seed(1))
    drawn = [ids.uuid("webhook") for _ in range(50)]
    assert len(set(drawn)) == 50
    assert all(uuid.UUID(text).version == 4 for text in drawn)
    assert all(uuid.UUID(text).variant == uuid.RFC_4122 for text in drawn)
    assert drawn[0] == again.uuid("webhook")


def test_global_ids() -> None:
    text = gid("InventoryLevel", 3, inventory_item_id=4)
    assert text == "gid://shopify/InventoryLevel/3?inventory_item_id=4"
    parsed = parse_gid(text, "InventoryLevel")
    assert (parsed.number, parsed.query) == (3, {"inventory_item_id": "4"})
    assert parse_gid("gid://shopify/Cart/abc").id == "abc"


@pytest.mark.parametrize(
    "text", ["123", "gid://shopify/Order/", "gid://shopify/Order", "x://a/b/c"]
)
def test_what_is_no_global_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a global id"):
        parse_gid(text)


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="of a Order, found"):
        parse_gid("gid://shopify/Product/1", "Order")
