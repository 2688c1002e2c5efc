"""The faults, by name. A new one is a file here and its name in the tuple below.

Each has NAME, LEVEL (api, webhook, network, process, business), COLOUR (on the timeline),
``inject(world, options) -> token``, ``heal(world, token)`` and ``fired(world, token) -> int``.
Healing twice does no harm, and the count stays readable afterwards. A fault whose NEEDS is
``database_server`` gets a world with a PostgreSQL of its own; the others share one. One whose
NEEDS is ``containers`` exists with ``--runtime container`` only.
"""

from types import ModuleType

from . import (
    api_errors,
    api_latency,
    api_throttle,
    connector_crash_loop,
    connector_kill,
    connector_pause,
    container_clock,
    container_cut,
    container_disk_full,
    container_loss,
    container_slow,
    database_connections_cut,
    database_kill,
    database_pause,
    database_restart,
    killed_at_commit,
    lost_acknowledgement,
    odoo_acknowledgement_lost,
    odoo_pause,
    odoo_restart,
    partner_error,
    partner_malformed,
    partner_reset,
    partner_slow,
    subscription_removed,
    till_resends,
    token_expired,
    vendor_acknowledgement_lost,
    vendor_refused,
    vendor_slow,
    vendor_timeout,
    webhook_acknowledgement_lost,
    webhook_drop,
    webhook_duplicate,
    webhook_forge,
    webhook_late,
    webhook_reorder,
)

__all__ = ["REGISTRY"]

REGISTRY: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        api_errors,
        api_latency,
        api_throttle,
        connector_crash_loop,
        connector_kill,
        connector_pause,
        container_clock,
        container_cut,
        container_disk_full,
        container_loss,
        container_slow,
        database_connections_cut,
        database_kill,
        database_pause,
        database_restart,
        killed_at_commit,
        lost_acknowledgement,
        odoo_acknowledgement_lost,
        odoo_pause,
        odoo_restart,
        partner_error,
        partner_malformed,
        partner_reset,
        partner_slow,
        subscription_removed,
        till_resends,
        token_expired,
        vendor_acknowledgement_lost,
        vendor_refused,
        vendor_slow,
        vendor_timeout,
        webhook_acknowledgement_lost,
        webhook_drop,
        webhook_duplicate,
        webhook_forge,
        webhook_late,
        webhook_reorder,
    )
}
