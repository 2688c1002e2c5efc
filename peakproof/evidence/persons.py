"""Compares whom an order is for, and where it goes, in the channel and in Odoo."""

from peakproof.evidence.facts import Record

__all__ = ["person_differences"]


def _plain(*parts: object) -> str:
    return " ".join(" ".join(str(part or "") for part in parts).casefold().split())


def person_differences(order: Record, sale: Record) -> list[tuple[str, str, str]]:
    """Return what differs in whom an order is for and where it goes: (what, expected, found).

    Capitals and spaces do not matter. An address is one difference, however many of its parts
    differ; parts that are missing are shown as ``-``.
    """
    partner, place = sale.get("partner") or {}, sale.get("shipping") or {}
    pairs = []
    email = order.get("email") or (order.get("customer") or {}).get("email")
    if email:
        pairs.append(("customer e-mail", _plain(email), _plain(partner.get("email"))))
    customer = order.get("customer")
    if customer:
        name = _plain(customer.get("first_name"), customer.get("last_name"))
        if name:
            pairs.append(("customer name", name, _plain(partner.get("name"))))
    address = order.get("shipping_address")
    if address:
        mine, theirs = _channel_address(address), _odoo_address(place)
        pairs.append(("ship to", mine, theirs))
    return [(what, mine, theirs) for what, mine, theirs in pairs if mine != theirs]


def _channel_address(address: Record) -> str:
    """Return name, street, city, zip, state and country, in plain letters."""
    return _joined(
        _plain(address.get("first_name"), address.get("last_name")),
        _plain(address.get("address1"), address.get("address2")),
        *(_plain(address.get(part)) for part in ("city", "zip", "province_code", "country_code")),
    )


def _odoo_address(place: Record) -> str:
    """Return the same of Odoo's delivery address."""
    return _joined(
        _plain(place.get("name")),
        _plain(place.get("street"), place.get("street2")),
        *(_plain(place.get(part)) for part in ("city", "zip", "state_code", "country_code")),
    )


def _joined(*parts: str) -> str:
    return ", ".join(part or "-" for part in parts)
