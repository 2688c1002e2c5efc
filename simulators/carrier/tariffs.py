"""The business's accounts with carriers, and what their services cost.

A plan's carrier accounts have the plan's prices whatever a parcel weighs. Without any there
are two: USPS and UPS, whose prices grow with every begun pound above the first.
"""

from decimal import ROUND_CEILING, Decimal

from peakproof.simkit import Kit, Shop, UsageError, parse_money, rounded

from .records import Account, Parcel, Service

__all__ = ["accounts_of", "price_of"]

_OUNCES_PER_POUND = 16
_DEFAULT = {
    "USPS": [
        Service("Priority", Decimal("7.90"), 2, Decimal("0.85")),
        Service("GroundAdvantage", Decimal("5.40"), 4, Decimal("0.55")),
    ],
    "UPS": [
        Service("Ground", Decimal("9.20"), 4, Decimal("0.60")),
        Service("NextDayAir", Decimal("32.50"), 1, Decimal("3.10")),
    ],
}


def accounts_of(shop: Shop, kit: Kit) -> list[Account]:
    """Return the carrier accounts of a plan. Raises UsageError for a price that is none."""
    found: list[Account] = []
    if shop.carrier_accounts:
        for number, planned in enumerate(shop.carrier_accounts):
            try:
                services = [
                    Service(entry.name, parse_money(entry.price, planned.currency), entry.days)
                    for entry in planned.services
                ]
            except ValueError as error:
                raise UsageError(f"carrier_accounts of {planned.carrier}: {error}") from error
            found.append(_account(kit, number, planned.carrier, planned.currency, services))
        return found
    for number, (carrier, services) in enumerate(_DEFAULT.items()):
        mine = [Service(entry.name, entry.price, entry.days, entry.per_pound) for entry in services]
        found.append(_account(kit, number, carrier, "USD", mine))
    return found


def _account(
    kit: Kit, number: int, carrier: str, currency: str, services: list[Service]
) -> Account:
    identity = "ca_" + kit.seed.token(f"carrier|account|{number}|{carrier}")
    return Account(identity, carrier, currency, services, kit.calendar.now())


def price_of(service: Service, parcel: Parcel, currency: str) -> Decimal:
    """Return what a service costs for a parcel now."""
    pounds = (parcel.weight / _OUNCES_PER_POUND).to_integral_value(ROUND_CEILING)
    extra = max(Decimal(0), pounds - 1)
    return rounded(service.price + service.per_pound * extra, currency)
