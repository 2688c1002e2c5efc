"""The stories, by name. A new one is a file here and its name in the tuple below."""

from types import ModuleType

from . import (
    api_throttle,
    bank_outage,
    carrier_outage,
    channel_payouts,
    flash_sale,
    lost_acknowledgement,
    odd_orders,
    odoo_restart,
    operators_day,
    partial_shipment,
    partner_trouble,
    payout_day,
    pickup_in_store,
    price_and_tax,
    quiet_day,
    random_money,
    random_trade,
    returns_and_exchanges,
    rough_network,
    store_offline,
    webhook_weather,
    worst_moment,
    wrong_clock,
)

__all__ = ["REGISTRY"]

REGISTRY: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        quiet_day,
        flash_sale,
        webhook_weather,
        lost_acknowledgement,
        api_throttle,
        odoo_restart,
        worst_moment,
        wrong_clock,
        price_and_tax,
        odd_orders,
        operators_day,
        partial_shipment,
        carrier_outage,
        partner_trouble,
        bank_outage,
        payout_day,
        returns_and_exchanges,
        rough_network,
        store_offline,
        pickup_in_store,
        channel_payouts,
        random_trade,
        random_money,
    )
}
