"""Customers and their addresses in Odoo: each person once, each address once.

A person is known by e-mail address, whatever its upper and lower case; without one every
order has its own contact (nobody is guessed). Addresses that differ from the person's own
become contacts below it; what is in Odoo is never overwritten by an order.
"""

import msgspec

from .books import MODULE, Books, digest
from .channel_order import Address, ChannelOrder
from .odoo import Odoo

__all__ = ["Parties", "Partners"]

_FIELDS = ["street", "street2", "city", "zip", "state_id/.id", "country_id/.id"]


class Parties(msgspec.Struct, kw_only=True, frozen=True):
    """The ids of customer, invoice address and delivery address."""

    partner_id: int
    invoice_id: int
    shipping_id: int


class Partners:
    """Finds or makes the parties of an order."""

    def __init__(self, odoo: Odoo, books: Books) -> None:
        self.odoo = odoo
        self.books = books

    async def parties(self, order: ChannelOrder) -> Parties:
        """Return the parties of an order, made where they are missing."""
        home = order.billing_address or order.shipping_address or Address()
        email = order.email.strip()
        key = email.lower() or f"order {order.gid}"
        async with self.books.turn("partner", key):
            partner = await self._person(order, home, email, key)
            invoice = await self._contact(partner, order.billing_address, "invoice")
            shipping = await self._contact(partner, order.shipping_address, "delivery")
        return Parties(partner_id=partner, invoice_id=invoice, shipping_id=shipping)

    async def _person(self, order: ChannelOrder, home: Address, email: str, key: str) -> int:
        known = await self.books.recall("partner", key)
        if known is not None:
            return known
        if email:
            pattern = email.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
            rows = await self.odoo.read(
                "res.partner",
                "search_read",
                domain=[["email", "=ilike", pattern], ["parent_id", "=", False]],
                fields=["email"],
                order="id",
            )
            same = [row["id"] for row in rows if row["email"].strip().lower() == email.lower()]
            if same:
                return await self.books.remember("partner", key, same[0])
        name = order.customer_name or home.name or email or f"Customer of {order.name}"
        made = await self.odoo.load(
            "res.partner",
            ["id", "name", "email", "phone", *_FIELDS],
            [
                [
                    f"{MODULE}.partner_{digest(key)}",
                    name,
                    email,
                    order.phone or home.phone,
                    *await self._cells(home),
                ]
            ],
        )
        if not home.name or home.name == name:
            await self.books.remember("address", _address_key(made[0], home), made[0])
        return await self.books.remember("partner", key, made[0])

    async def _contact(self, partner: int, address: Address | None, kind: str) -> int:
        if address is None:
            return partner
        key = _address_key(partner, address)
        known = await self.books.recall("address", key)
        if known is not None:
            return known
        made = await self.odoo.load(
            "res.partner",
            ["id", "parent_id/.id", "type", "name", "phone", *_FIELDS],
            [
                [
                    f"{MODULE}.address_{digest(key)}",
                    str(partner),
                    kind,
                    address.name,
                    address.phone,
                    *await self._cells(address),
                ]
            ],
        )
        return await self.books.remember("address", key, made[0])

    async def _cells(self, address: Address) -> list[str]:
        country = await self.books.country(address.country_code)
        state = await self.books.state(country, address.province_code) if country else None
        return [
            address.address1,
            address.address2,
            address.city,
            address.zip,
            str(state or ""),
            str(country or ""),
        ]


def _address_key(partner: int, address: Address) -> str:
    """Return what tells addresses of a person apart: everything, upper and lower case aside."""
    parts = msgspec.to_builtins(address)
    return f"{partner}|" + "|".join(str(part).strip().lower() for part in parts.values())
