"""The stories, by name. A new one is a file here and its name in the tuple below."""

from types import ModuleType

from . import (
    api_throttle,
    flash_sale,
    lost_acknowledgement,
    odoo_restart,
    quiet_day,
    webhook_weather,
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
    )
}
