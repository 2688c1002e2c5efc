"""The simulators, by name. A new one is a folder or file here and one line below."""

from types import ModuleType

from . import bank, carrier, dhl_parcel, gateway, pos, shopify

__all__ = ["REGISTRY"]

REGISTRY: dict[str, ModuleType] = {
    module.NAME: module for module in (bank, carrier, dhl_parcel, gateway, pos, shopify)
}
