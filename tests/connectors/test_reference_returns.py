"""Refunds and returns of the reference connector, in a real Odoo 19."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.reference import metrics
from connectors.reference.returns import Returns
from connectors.reference.web import create_app
from tests.connectors.test_reference_odoo import STOCK, World, play

__all__ = ["play"]

pytestmark = pytest.mark.odoo


async def told(_: str) -> None:
    """Stand in for telling the channel of a parcel, which other tests are about."""


def ship(world: World) -> None:
    """Send everything that is to be sent."""
    world.service.queue.handlers["fulfilment"] = told
    found = world.odoo.call(
        "stock.picking",
        "search",
        domain=[["picking_type_code", "=", "outgoing"], ["state", "=", "assigned"]],
    )
    context = {"skip_sms": True, "skip_backorder": True}
    for picking in found:
        world.odoo.call("stock.picking", "button_validate", ids=[picking], context=context)


def moves(world: World, kind: str) -> list[tuple[str, str, str]]:
    """Return state, total and tax of every invoice or credit note."""
    rows = world.odoo.call(
        "account.move",
        "search_read",
        domain=[["move_type", "=", kind]],
        fields=["state", "amount_total", "amount_tax"],
        order="id",
    )
    return [
        (row["state"], f"{row['amount_total']:.2f}", f"{row['amount_tax']:.2f}") for row in rows
    ]


def returned(world: World) -> list[dict[str, Any]]:
    """Return what came back."""
    return world.odoo.call(
        "stock.move",
        "search_read",
        domain=[["origin_returned_move_id", "!=", False]],
        fields=["state", "quantity", "product_id"],
    )


def returns_of(world: World) -> Returns:
    """Return the flow under test."""
    return next(flow for flow in world.service.flows if isinstance(flow, Returns))


async def control(world: World, method: str, path: str, **given: Any) -> httpx.Response:
    """Ask one of the connector's own addresses with the control token."""
    transport = httpx.ASGITransport(app=create_app(world.service))
    token = world.service.settings.control_token
    async with httpx.AsyncClient(transport=transport, base_url="http://connector") as client:
        headers = {"Authorization": f"Bearer {token}"}
        return await client.request(method, path, headers=headers, **given)


async def letters(world: World) -> list[dict[str, Any]]:
    """Return the dead letters."""
    return await world.service.store.rows("select * from dead_letters where resolved_at is null")


def test_each_kind_of_refund_is_booked_to_the_cent(play) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        gid = shop.checkout([("SKU0", 3, "9.99"), ("SKU1", 2, "20.00")], discount="3.33")
        await world.quiet()
        ship(world)
        before = shop.orders[gid]["currentTotalPriceSet"]["shopMoney"]["amount"]
        tax = shop.orders[gid]["currentTotalTaxSet"]["shopMoney"]["amount"]
        wanted = []
        for what in (
            {"lines": [(0, 1, "RETURN")]},
            {"lines": [(1, 1, "NO_RESTOCK")]},
            {"lines": [], "shipping": True},
            {"lines": [], "amount": "2.50"},
        ):
            lines = what.pop("lines")
            refund = shop.refunds[shop.refund(gid, *lines, **what)]
            wanted.append(refund["transactions"]["nodes"][0]["amountSet"]["shopMoney"]["amount"])
            await world.quiet()
        assert await letters(world) == []
        assert moves(world, "out_invoice") == [("posted", before, tax)]
        notes = moves(world, "out_refund")
        assert [(state, total) for state, total, _ in notes] == [("posted", one) for one in wanted]
        assert [one for *_, one in notes][2:] == ["0.00", "0.00"]
        (back,) = returned(world)
        assert (back["state"], back["quantity"]) == ("done", 1)
        assert back["product_id"][0] == world.seeded.product_ids["SKU0"]
        assert (world.free("SKU0"), world.free("SKU1")) == (STOCK - 2, STOCK - 2)
        (sale,) = world.sale_orders()
        assert f"{sale['amount_total']:.2f}" == before

    play(story)


@pytest.mark.parametrize(
    "call",
    [
        "account.move/load",
        "account.move/action_post",
        "stock.picking/load",
        "stock.picking/button_validate",
    ],
)
def test_a_lost_answer_books_nothing_twice(play, call: str) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        ship(world)
        world.lose += [call, call]
        world.shop.refund(gid, (0, 1, "RETURN"))
        await world.quiet()
        assert len(world.lose) < 2, "an answer was lost"
        assert len(moves(world, "out_invoice")) == 1
        assert len(moves(world, "out_refund")) == 1
        assert [row["quantity"] for row in returned(world)] == [1]
        assert world.free("SKU0") == STOCK - 1

    play(story)


def test_an_outage_of_the_channel_and_a_refund_told_again(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        ship(world)
        world.shop.faults["Refund"] = ["500", "500", "429"]
        world.shop.refund(gid, (0, 1, "RETURN"))
        await world.quiet()
        store = world.service.store
        for _ in range(2):
            async with store.pool.connection() as connection, connection.transaction():
                queue = world.service.queue
                await queue.want(connection, "returns", f"refunds:{gid}", "refunds/create")
            await world.quiet()
        assert not world.shop.faults["Refund"]
        assert len(moves(world, "out_refund")) == 1
        assert len(returned(world)) == 1

    play(story)


def test_a_refund_above_the_limit_waits_for_a_person(play) -> None:
    async def story(world: World) -> None:
        returns_of(world).limit = Decimal("15.00")
        gid = world.shop.checkout([("SKU0", 3, "9.99")])
        await world.quiet()
        ship(world)
        world.shop.refund(gid, (0, 1, "RETURN"))
        await world.quiet()
        assert len(moves(world, "out_refund")) == 1  # below the limit
        world.shop.refund(gid, (0, 2, "RETURN"))
        await world.quiet()
        assert len(moves(world, "out_refund")) == 1
        assert sum(row["quantity"] for row in returned(world)) == 3, "goods do not wait"
        (asked,) = (await control(world, "GET", "/approvals")).json()
        assert asked["pending"]
        assert (asked["order"], asked["amount"]) == (gid, "21.63")
        path = f"/approvals/{asked['id']}"
        assert (await control(world, "POST", path, json={"who": " "})).status_code == 422
        assert (
            await control(world, "POST", "/approvals/99", json={"who": "Ada"})
        ).status_code == 404
        for who in ("Ada", "Bob"):
            assert (await control(world, "POST", path, json={"who": who})).status_code == 200
        await world.quiet()
        assert [total for _, total, _ in moves(world, "out_refund")] == ["10.81", "21.63"]
        (asked,) = (await control(world, "GET", "/approvals")).json()
        assert (asked["pending"], asked["who"]) == (False, "Ada")
        assert asked["approved_at"]
        entries = (await control(world, "GET", f"/audit?order={gid}")).json()
        assert [one["detail"]["who"] for one in entries if one["kind"] == "approved"] == ["Ada"]

    play(story)


def test_what_was_never_sent_comes_off_the_delivery(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 3, "9.99"), ("SKU1", 1, "20.00")])
        await world.quiet()
        before = world.shop.orders[gid]["currentTotalPriceSet"]["shopMoney"]["amount"]
        world.shop.refund(gid, (0, 2, "CANCEL"))
        await world.quiet()
        assert world.free("SKU0") == STOCK - 1
        assert [total for _, total, _ in moves(world, "out_invoice")] == [before]
        assert len(moves(world, "out_refund")) == 1
        assert returned(world) == []
        ship(world)
        world.shop.refund(gid, (0, 1, "RETURN"))
        await world.quiet()
        assert [row["quantity"] for row in returned(world)] == [1]
        assert world.free("SKU0") == STOCK
        assert await letters(world) == []

    play(story)


def test_what_an_exchange_adds_is_invoiced_as_well(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 1, "10.00")], rate="0")
        await world.quiet()
        ship(world)
        world.shop.refund(gid, (0, 1, "RETURN"))
        await world.quiet()
        world.shop.add(gid, "SKU1", 1, "25.00")
        await world.quiet()
        invoices = [total for _, total, _ in moves(world, "out_invoice")]
        assert invoices == ["15.90", "25.00"]
        (sale,) = world.sale_orders()
        assert f"{sale['amount_total']:.2f}" == "40.90"
        assert world.free("SKU0") == STOCK, "nothing is sent in place of what came back"
        assert world.free("SKU1") == STOCK - 1
        assert await letters(world) == []

    play(story)


@pytest.mark.parametrize(
    ("price", "given", "whole"), [("25.00", "0.00", "40.90"), ("6.00", "4.00", "21.90")]
)
def test_goods_that_pay_for_others_are_credited_whole(
    play, price: str, given: str, whole: str
) -> None:
    """A piece of 10.00 for another: the channel gives only back what that leaves of its value."""

    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 1, "10.00")], rate="0")
        await world.quiet()
        ship(world)
        world.shop.add(gid, "SKU1", 1, price)
        world.shop.refund(gid, (0, 1, "RETURN"), amount=given, exchanged=True)
        await world.quiet()
        assert [total for _, total, _ in moves(world, "out_invoice")] == [whole]
        assert [total for _, total, _ in moves(world, "out_refund")] == ["10.00"]
        assert [row["quantity"] for row in returned(world)] == [1]
        assert (world.free("SKU0"), world.free("SKU1")) == (STOCK, STOCK - 1)
        assert await letters(world) == []

    play(story)


def test_a_cancelled_order_that_was_never_invoiced_needs_no_credit_note(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        world.shop.refund(gid, (0, 2, "CANCEL"), shipping=True)
        world.shop.cancel(gid)
        await world.quiet()
        assert moves(world, "out_invoice") == moves(world, "out_refund") == []
        assert world.free("SKU0") == STOCK
        assert (await metrics.pending(world.service.store)) == {"pending": 0, "failed": 0}

    play(story)


def test_a_refund_whose_payment_is_under_way_is_not_booked_yet(play) -> None:
    async def story(world: World) -> None:
        gid = world.shop.checkout([("SKU0", 2, "9.99")])
        await world.quiet()
        ship(world)
        refund = world.shop.refund(gid, (0, 1, "RETURN"), status="PENDING")
        await world.service.reconciler.find_orders()
        row = None
        while row is None:
            row = await world.service.store.row(
                "select 1 from tasks where flow = 'returns' and waits > 0"
            )
        assert moves(world, "out_refund") == []
        world.shop.refunds[refund]["transactions"]["nodes"][0]["status"] = "SUCCESS"
        await world.quiet()
        assert [total for _, total, _ in moves(world, "out_refund")] == ["10.81"]

    play(story)
