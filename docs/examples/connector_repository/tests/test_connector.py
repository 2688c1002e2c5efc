"""The connector against a real Odoo: one story, and one order by hand."""


def test_a_quiet_day(play):
    assert play("quiet_day").verdict == "pass"


def test_an_order_is_one_sale_order_to_the_cent(world, odoo, shopify):
    customer, item = world.shop.customers[0], world.shop.variants()[0]
    lines = [{"sku": item.sku, "quantity": 2}]
    order = shopify.act("checkout", customer=customer, lines=lines, shipping="Standard")
    world.settle()
    (sale,) = world.sale_orders(order["order_id"])
    assert sale["amount_total"] == order["total"]
    (partner,) = odoo.read("res.partner", [sale["partner"]["id"]], ["email"])
    assert partner["email"] == customer.email

    shopify.act("cancel_order", order_id=order["order_id"])
    world.settle()
    assert [sale["state"] for sale in world.sale_orders(order["order_id"])] == ["cancel"]
