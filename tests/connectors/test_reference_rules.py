"""The reference connector's rules without any database: signatures, targets, costs, money."""

import asyncio
import base64
import hashlib
import hmac
import json
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reference.channel_order import read_order
from connectors.reference.errors import Refused, Unavailable, Unsure
from connectors.reference.inbox import TOPICS, Delivery, genuine
from connectors.reference.inventory import Level, Sold, owed, target
from connectors.reference.money import discount_percent, portion
from connectors.reference.odoo import _error as odoo_error
from connectors.reference.queue import backoff_seconds
from connectors.reference.settings import Settings, SettingsError
from connectors.reference.shopify import Shopify
from connectors.reference.throttle import Throttle
from tests.connectors.reference_channel import LOCATION, FakeShopify

BODY = b'{"id": 5, "updated_at": "2026-11-23T12:00:00Z"}'


def sign(secret: str, body: bytes) -> str:
    """Return the signature the channel would send."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def settings(tmp_path, **changes: str) -> Settings:
    """Return settings for tests."""
    places = {"MAIN": {"odoo_location_id": 5, "shopify_location_gid": LOCATION}}
    file = tmp_path / "world.json"
    file.write_text(json.dumps({"locations": places}))
    return Settings.read(environment(str(file)) | changes)


def environment(file: str) -> dict[str, str]:
    """Return every variable that must be set."""
    return {
        "SHOPIFY_URL": "http://shop",
        "SHOPIFY_DOMAIN": "demo.myshopify.com",
        "SHOPIFY_CLIENT_ID": "id",
        "SHOPIFY_CLIENT_SECRET": "shpss_top",
        "ODOO_URL": "http://odoo",
        "ODOO_DATABASE": "world",
        "ODOO_API_KEY": "key_top",
        "DATABASE_URL": "dbname=connector password=pg_top",
        "PUBLIC_URL": "http://connector",
        "CONTROL_TOKEN": "control_top",
        "LOCATIONS_FILE": file,
    }


def test_signature_of_either_secret_is_believed_and_nothing_else() -> None:
    assert genuine(BODY, sign("new", BODY), ["new", "old"])
    assert genuine(BODY, sign("old", BODY), ["new", "old"])
    assert not genuine(BODY, sign("other", BODY), ["new", "old"])
    assert not genuine(BODY + b" ", sign("new", BODY), ["new"])
    assert not genuine(BODY, "", ["new"])
    assert not genuine(BODY, "not base64 \u00e9", ["new"])
    assert not genuine(BODY, sign("", BODY), ["new", ""]), "an unset secret signs nothing"


def test_delivery_names_the_order_whatever_the_topic() -> None:
    headers = {"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "w1"}
    delivery = Delivery.read(headers, BODY)
    assert delivery is not None
    assert delivery.resource == "gid://shopify/Order/5"
    edited = Delivery.read(
        headers | {"x-shopify-topic": "orders/edited"}, b'{"order_edit": {"order_id": 7}}'
    )
    assert edited is not None
    assert edited.resource == "gid://shopify/Order/7"
    for body in (b"{}", b"[]", b"null", b'{"id": "x"}', b"\xff"):
        assert Delivery.read(headers, body) is None, body
    assert Delivery.read(headers | {"x-shopify-topic": "app/uninstalled"}, BODY) is None
    assert set(TOPICS) >= {"orders/create", "orders/updated", "orders/cancelled"}


def sold(order: str = "a", units: int = 2, applied: int = 0, **more: int) -> Sold:
    """Return a ledger row."""
    row = {"unfulfilled": units, "held": applied, "under_way": False} | more
    return Sold(order_gid=order, units=units, applied=applied, **row)


@pytest.mark.parametrize(
    ("level", "rows", "outdated", "free", "expected"),
    [
        (Level(10, 0), [], set(), 10, 10),  # in step
        (Level(10, 0), [], set(), 7, 7),  # sold in the store
        (Level(8, 2), [sold()], set(), 10, 8),  # sold online, Odoo does not know yet
        (Level(8, 2), [sold(applied=2)], set(), 8, 8),  # and now it does
        (Level(8, 2), [], set(), 10, 8),  # sold online, we do not know yet
        (Level(3, 2), [], set(), 10, 8),  # the same after a delivery in Odoo
        (Level(8, 0), [sold(applied=2, unfulfilled=0)], set(), 8, 8),  # shipped at the channel
        (Level(9, 1), [sold("old", 2, 2)], {"old"}, 8, 9),  # edited down, not read yet: left alone
        (Level(5, 3), [sold("old", 2, 2, unfulfilled=0), sold("n", 3, 0)], set(), 10, 7),
        (Level(6, 4), [sold(units=4, applied=4), sold("gone", 0, 0, held=3)], set(), 3, 6),
        (Level(9, 1), [sold("gone", 0, 0, held=3)], set(), 3, 2),  # too high even so: lower it
        (Level(8, 2), [sold(under_way=True)], set(), 8, 8),  # reserved in Odoo, not yet booked
        (Level(9, 2), [sold(under_way=True)], set(), 8, 6),  # too high in either case
        (Level(0, 9), [], set(), 4, 0),  # never below zero
    ],
)
def test_target(level: Level, rows: list[Sold], outdated: set[str], free: int, expected: int):
    debt = owed(level.committed, rows, outdated)
    assert target(level.available, free, debt) == expected


@given(
    free=st.integers(0, 40),
    orders=st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(["unread", "read", "under way", "applied"])),
        max_size=8,
    ),
)
def test_target_never_offers_a_unit_that_is_sold(free: int, orders: list[tuple[int, str]]) -> None:
    """Whatever of the orders has reached us or Odoo: what is offered is really left."""
    left = free - sum(units for units, _ in orders)
    in_odoo = sum(units for units, state in orders if state == "applied")
    rows = [
        sold(str(n), units, units if state == "applied" else 0, under_way=state == "under way")
        for n, (units, state) in enumerate(orders)
        if state != "unread"
    ]
    debt = owed(sum(units for units, _ in orders), rows, set())
    assert target(1000, free - in_odoo, debt) == max(0, left)


def test_throttle_waits_until_the_cost_fits() -> None:
    now = [100.0]
    throttle = Throttle(maximum=1000, restore_per_second=50, clock=lambda: now[0])
    throttle.learn("q", _cost(requested=200, actual=None, available=40))
    assert throttle.wait_seconds(throttle.cost_of("q")) == pytest.approx((200 - 40) / 100)
    now[0] += 1.0
    assert throttle.wait_seconds(200) == pytest.approx(0.6)
    now[0] += 0.6
    assert throttle.wait_seconds(200) == pytest.approx(0)
    assert throttle.wait_seconds(99999) < 30, "more than the bucket holds waits for a full one"


def test_throttle_keeps_what_is_under_way_in_mind() -> None:
    throttle = Throttle(maximum=1000, restore_per_second=50, clock=lambda: 0.0)
    throttle.learn("q", _cost(requested=100, actual=20, available=1900))
    throttle.maximum = throttle.available = 300

    async def three() -> None:
        for _ in range(3):
            await throttle.take("q")

    asyncio.run(three())
    assert throttle.available == 0
    throttle.learn("q", _cost(requested=100, actual=20, available=280))
    assert throttle.available == 80, "two calls are still under way"


def _cost(requested: float, actual: float | None, available: float) -> dict:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }
    }


def test_waits_double_and_stop_growing() -> None:
    waits = [backoff_seconds(n, 0.4, 10.0) for n in range(12)]
    for number, wait in enumerate(waits):
        step = min(10.0, 0.4 * 2**number)
        assert step <= wait <= step * 1.25
    assert sum(waits[:10]) > 45, "ten tries take most of a minute"


def test_settings_say_everything_that_is_wrong_and_keep_secrets(tmp_path) -> None:
    good = settings(tmp_path)
    assert good.places[0].shopify_location_gid == LOCATION
    assert "top" not in repr(good)
    with pytest.raises(SettingsError) as caught:
        Settings.read({"PORT": "no"})
    for name in ("SHOPIFY_URL", "ODOO_API_KEY", "PORT should be", "LOCATIONS_FILE"):
        assert name in str(caught.value)


@given(
    total=st.decimals("0.00", "999.99", places=2),
    whole=st.integers(1, 20),
    part=st.integers(0, 20),
)
def test_portions_of_an_amount_never_exceed_it(total: Decimal, whole: int, part: int) -> None:
    share = portion(total, min(part, whole), whole)
    assert 0 <= share <= total
    assert portion(total, whole, whole) == total


def test_discount_percent_is_what_odoo_keeps() -> None:
    assert discount_percent(Decimal("29.97"), Decimal("3.33")) == Decimal("11.11")
    assert discount_percent(Decimal(0), Decimal(0)) == 0


def order_of(shop: FakeShopify, gid: str, tmp_path, times: int = 1):
    """Read an order through a client of the fake."""

    async def run():
        client = Shopify(settings(tmp_path), shop.transport)
        try:
            for _ in range(times - 1):
                await read_order(client, gid)
            return await read_order(client, gid)
        finally:
            await client.close()

    return asyncio.run(run())


def fake() -> FakeShopify:
    """Return a channel with three SKUs."""
    shop = FakeShopify()
    shop.levels = {f"SKU{n}": {"available": 50, "committed": 0} for n in range(3)}
    return shop


def test_order_is_read_over_all_its_pages(tmp_path) -> None:
    shop = fake()
    gid = shop.checkout([("SKU0", 1, "1.10")] * 34, discount="3.00")
    order = order_of(shop, gid, tmp_path)
    assert [line.sku for line in order.lines].count("SKU0") == 34
    assert [name for name, _ in shop.asked] == ["Order", "OrderLines", "OrderLines"]
    assert sum(line.discount for line in order.lines) == Decimal("3.00")


def test_order_whose_lines_do_not_add_up_is_refused(tmp_path) -> None:
    shop = fake()
    gid = shop.checkout([("SKU0", 1, "9.99")])
    shop.orders[gid]["currentTotalPriceSet"]["shopMoney"]["amount"] = "1.00"
    with pytest.raises(Refused, match="totals"):
        order_of(shop, gid, tmp_path)


@pytest.mark.parametrize("included", [False, True])
def test_edited_order_adds_up_to_the_current_totals(tmp_path, included: bool) -> None:
    shop = fake()
    gid = shop.checkout(
        [("SKU0", 3, "9.99"), ("SKU1", 2, "20.00")], discount="3.33", included=included
    )
    before = order_of(shop, gid, tmp_path)
    # One of three SKU0 goes; the channel's rounding left a cent where ours would not.
    node = shop.orders[gid]["lines"][0]
    node["currentQuantity"] = node["unfulfilledQuantity"] = 2
    first = before.lines[0]
    discount, tax = Decimal("0.96"), Decimal("1.56") if not included else Decimal("1.44")
    gone = first.net - (Decimal("19.98") - discount)
    shop.amend(gid, gone, first.tax - tax, included)
    after = order_of(shop, gid, tmp_path)
    assert (after.lines[0].quantity, after.lines[0].discount) == (2, discount)
    assert after.lines[0].tax == tax
    assert after.lines[1] == before.lines[1]
    assert after.content_hash() != before.content_hash()


def test_expired_token_is_renewed_once(tmp_path) -> None:
    shop = fake()
    gid = shop.checkout([("SKU0", 1, "9.99")])
    shop.faults["Order"] = ["401"]
    assert order_of(shop, gid, tmp_path, times=2).name == shop.orders[gid]["name"]
    assert len(shop.tokens) == 2
    shop.faults["Order"] = ["401", "401"]
    with pytest.raises(Unavailable):
        order_of(shop, gid, tmp_path)


@pytest.mark.parametrize(
    ("fault", "error", "least"),
    [("429", Unavailable, 0.2), ("throttle", Unavailable, 0.15), ("500", Unsure, 0.0)],
)
def test_refusals_say_how_long_to_wait(tmp_path, fault, error, least) -> None:
    shop = fake()
    gid = shop.checkout([("SKU0", 1, "9.99")])
    shop.faults["Order"] = [fault]
    with pytest.raises(error) as caught:
        order_of(shop, gid, tmp_path)
    assert caught.value.after_seconds >= least
    assert len(shop.asked) == 1, "it is not tried again at once"


def test_lost_answer_to_a_query_is_asked_for_again(tmp_path) -> None:
    shop = fake()
    gid = shop.checkout([("SKU0", 1, "9.99")])
    shop.faults["Order"] = ["lose"]
    assert order_of(shop, gid, tmp_path).gid == gid
    assert len(shop.asked) == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("psycopg2.errors.DiskFull", Unavailable),
        ("psycopg2.OperationalError", Unsure),
        ("odoo.exceptions.UserError", Refused),
    ],
)
def test_what_odoo_lacks_for_a_while_is_no_refusal(name: str, kind: type[Exception]) -> None:
    body = {"name": name, "message": "could not extend file", "arguments": [], "debug": ""}
    answer = httpx.Response(500, json=body)
    assert type(odoo_error("sale.order.action_confirm", answer)) is kind


def test_without_a_good_key_work_waits() -> None:
    body = {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}
    error = odoo_error("sale.order.load", httpx.Response(401, json=body))
    assert type(error) is Unavailable
    assert 0 < error.wait_seconds_max <= 5, "looked for again soon: somebody sees to it"
