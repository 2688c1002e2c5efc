"""Stock: compare and swap, idempotency, states, causes."""

from typing import Any

import pytest

SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange } }
    userErrors { code field message } } }"""
SET_PLAIN = SET.replace(", $key: String!", "").replace(" @idempotent(key: $key)", "")
LEVEL = """query($item: ID!, $place: ID!) { inventoryItem(id: $item) {
  inventoryLevel(locationId: $place) { quantities(names: ["available", "on_hand", "committed",
  "damaged", "reserved"]) { name quantity } } } }"""
ADJUST = """mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta } } userErrors { code field } } }"""
MOVE = ADJUST.replace("AdjustQuantities", "MoveQuantities")


def amounts(store: Any, sku: str = "TEE-S", code: str = "NY") -> dict[str, int]:
    data = store.data(LEVEL, {"item": store.item(sku), "place": store.place(code)})
    level = data["inventoryItem"]["inventoryLevel"]
    return {entry["name"]: entry["quantity"] for entry in level["quantities"]}


def entry(store: Any, quantity: int, sku: str = "TEE-S", code: str = "NY", **more: Any) -> Any:
    return {"inventoryItemId": store.item(sku), "locationId": store.place(code),
            "quantity": quantity, **more}  # fmt: skip


def set_input(*entries: Any, name: str = "available", **more: Any) -> dict[str, Any]:
    return {"name": name, "reason": "correction", "quantities": list(entries), **more}


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def test_setting_a_quantity_reports_both_states_and_is_seen(store: Any) -> None:
    data = store.data(SET, {"input": set_input(entry(store, 9, changeFromQuantity=5)), "key": "k"})
    payload = data["inventorySetQuantities"]
    assert payload["userErrors"] == []
    assert payload["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": 4, "quantityAfterChange": 9},
        {"name": "on_hand", "delta": 4, "quantityAfterChange": 9},
    ]
    assert amounts(store)["available"] == 9


def test_a_stale_comparison_is_refused_and_changes_nothing(store: Any) -> None:
    given = set_input(
        entry(store, 9, changeFromQuantity=5), entry(store, 9, "TEE-M", changeFromQuantity=99)
    )
    data = store.data(SET, {"input": given, "key": "k"})
    payload = data["inventorySetQuantities"]
    assert codes(payload) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert payload["userErrors"][0]["field"] == [
        "input", "quantities", "1", "changeFromQuantity",
    ]  # fmt: skip
    assert amounts(store)["available"] == 5, "all changes of a call happen, or none"


def test_null_opts_out_of_the_comparison_and_absence_is_an_error(store: Any) -> None:
    assert not codes(
        store.data(SET, {"input": set_input(entry(store, 9, changeFromQuantity=None)), "key": "a"})[
            "inventorySetQuantities"
        ]
    )
    body = store.post(SET, {"input": set_input(entry(store, 8)), "key": "b"})
    assert "changeFromQuantity" in body["errors"][0]["message"]
    assert amounts(store)["available"] == 9


def test_2026_01_compares_the_old_way(store: Any) -> None:
    def run(**more: Any) -> list[str]:
        extra = {k: more.pop(k) for k in list(more) if k == "ignoreCompareQuantity"}
        data = store.data(
            SET_PLAIN, {"input": set_input(entry(store, 7, **more), **extra)}, version="2026-01"
        )
        return codes(data["inventorySetQuantities"])

    assert run() == ["COMPARE_QUANTITY_REQUIRED"]
    assert run(compareQuantity=4) == ["COMPARE_QUANTITY_STALE"]
    assert run(compareQuantity=5) == []
    assert run(ignoreCompareQuantity=True) == []
    body = store.post(SET, {"input": set_input(entry(store, 7, compareQuantity=7)), "key": "x"})
    assert "quantities.0.compareQuantity (Field is not defined" in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_the_idempotent_directive_is_mandatory(store: Any, version: str) -> None:
    given = {"input": set_input(entry(store, 9, changeFromQuantity=5))}
    body = store.post(SET_PLAIN, given, version=version)
    assert "@idempotent" in body["errors"][0]["message"]
    assert amounts(store)["available"] == 5


def test_a_repeated_key_replays_and_a_different_call_is_refused(store: Any) -> None:
    given = {"input": set_input(entry(store, 9, changeFromQuantity=5)), "key": "same"}
    first = store.data(SET, given)
    assert store.data(SET, given) == first, "the second must be the first one's answer"
    given["input"] = set_input(entry(store, 8, changeFromQuantity=9))
    refused = store.data(SET, given)["inventorySetQuantities"]
    assert codes(refused) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert amounts(store)["available"] == 9
    assert "cannot be empty" in store.post(SET, given | {"key": ""})["errors"][0]["message"]


def test_adjusting_and_moving_between_states(store: Any) -> None:
    spot = {"inventoryItemId": store.item("TEE-S"), "locationId": store.place("NY")}
    change = {**spot, "delta": -2, "changeFromQuantity": 5}
    given = {"name": "available", "reason": "shrinkage", "changes": [change]}
    assert not codes(store.data(ADJUST, {"input": given, "key": "a"})["inventoryAdjustQuantities"])
    place = {"locationId": spot["locationId"], "changeFromQuantity": None}
    move = {
        "reason": "damaged", "referenceDocumentUri": "gid://wms/Count/1",
        "changes": [{"inventoryItemId": spot["inventoryItemId"], "quantity": 1,
                     "from": {**place, "name": "available"},
                     "to": {**place, "name": "damaged", "ledgerDocumentUri": "gid://wms/D/1"}}],
    }  # fmt: skip
    assert not codes(store.data(MOVE, {"input": move, "key": "b"})["inventoryMoveQuantities"])
    found = amounts(store)
    assert (found["available"], found["damaged"], found["on_hand"]) == (2, 1, 3)
    del move["changes"][0]["to"]["ledgerDocumentUri"]  # type: ignore[index]
    wrong = store.data(MOVE, {"input": move, "key": "c"})["inventoryMoveQuantities"]
    assert codes(wrong) == ["INVALID_QUANTITY_DOCUMENT"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "committed"}, "INVALID_NAME"),
        ({"reason": "because"}, "INVALID_REASON"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"quantity": -1_000_000_001}, "INVALID_QUANTITY_TOO_LOW"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
        ({"name": "on_hand", "quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
    ],
)
def test_bad_input_has_its_own_code(store: Any, change: dict[str, Any], code: str) -> None:
    given = set_input(entry(store, 9, changeFromQuantity=5))
    for name, value in change.items():
        (given if name in given else given["quantities"][0])[name] = value
    payload = store.data(SET, {"input": given, "key": "k"})["inventorySetQuantities"]
    assert code in codes(payload)
    assert amounts(store)["available"] == 5


def test_twice_the_same_pair_is_refused(store: Any) -> None:
    one = entry(store, 9, changeFromQuantity=5)
    payload = store.data(SET, {"input": set_input(one, one), "key": "k"})["inventorySetQuantities"]
    assert codes(payload) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]


def test_an_item_that_is_not_stocked_there(store: Any) -> None:
    """Before 2026-10 an error, from then on the change stocks it."""
    given = set_input(entry(store, 4, "TEE-M", "LA", changeFromQuantity=0))
    old = store.data(SET, {"input": given, "key": "a"}, version="2026-07")
    assert codes(old["inventorySetQuantities"]) == ["ITEM_NOT_STOCKED_AT_LOCATION"]
    new = store.data(SET, {"input": given, "key": "b"})["inventorySetQuantities"]
    assert not codes(new)
    assert amounts(store, "TEE-M", "LA")["available"] == 4


def test_an_inactive_level_keeps_its_quantities(store: Any) -> None:
    data = store.data(LEVEL.replace("quantities", "id isActive quantities"),
                      {"item": store.item("TEE-S"), "place": store.place("LA")})  # fmt: skip
    level = data["inventoryItem"]["inventoryLevel"]["id"]
    stop = """mutation($id: ID!) { inventoryDeactivate(inventoryLevelId: $id) {
      userErrors { message } } }"""
    assert store.data(stop, {"id": level})["inventoryDeactivate"]["userErrors"] == []
    gone = store.data(LEVEL, {"item": store.item("TEE-S"), "place": store.place("LA")})
    assert gone["inventoryItem"]["inventoryLevel"] is None
    again = """mutation($item: ID!, $place: ID!) { inventoryActivate(inventoryItemId: $item,
      locationId: $place) @idempotent(key: "again") { inventoryLevel { isActive
      quantities(names: ["available"]) { quantity } } userErrors { message } } }"""
    data = store.data(again, {"item": store.item("TEE-S"), "place": store.place("LA")})
    assert data["inventoryActivate"]["inventoryLevel"] == {
        "isActive": True, "quantities": [{"quantity": 3}],
    }  # fmt: skip


def test_every_change_is_written_with_its_cause(store: Any) -> None:
    store.data(SET, {"input": set_input(entry(store, 9, changeFromQuantity=5)), "key": "k"})
    store.client.act("set_inventory", {"sku": "TEE-S", "location_code": "NY", "available": 1})
    events = store.wait_for("state", 3, name="inventory_level", key="TEE-S@NY")
    kinds = [event["value"]["cause"]["kind"] for event in events]
    assert kinds == ["seed", "api", "merchant"]
    assert [event["value"]["available"] for event in events] == [5, 9, 1]
    request = store.wait_for("request", name="inventorySetQuantities")[0]
    assert events[1]["value"]["cause"]["request"] == request["key"]
    assert request["value"]["idempotency_key"] == "k"
    assert store.client.snapshot()["level"]["TEE-S@NY"]["available"] == 1
