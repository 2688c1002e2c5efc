"""What the connector looks up in Odoo once and remembers: taxes, products, countries, money.

Everything that is missing and may be made (a tax, the shipping product) is made under a fixed
external id, so that two that make it at once make one.
"""

import asyncio
import hashlib
from decimal import Decimal
from typing import Any
from weakref import WeakValueDictionary

from .channel_order import Tax
from .errors import Refused
from .odoo import Odoo
from .store import Store

__all__ = ["MODULE", "Books", "digest"]

MODULE = "channel_shopify"  # the namespace of our external ids in Odoo


def digest(*parts: str) -> str:
    """Return a short stable word for some texts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


class Books:
    """Looks things up in Odoo; remembers ids in the connector's own database."""

    def __init__(self, store: Store, odoo: Odoo) -> None:
        self.store = store
        self.odoo = odoo
        self._known: dict[tuple[str, str], int] = {}
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def turn(self, kind: str, key: str) -> asyncio.Lock:
        """Return the lock under which one thing is looked up and, if need be, made."""
        return self._turns.setdefault((kind, key), asyncio.Lock())

    async def recall(self, kind: str, key: str) -> int | None:
        """Return a remembered id."""
        if (kind, key) in self._known:
            return self._known[kind, key]
        row = await self.store.row(
            "select odoo_id from links where kind = %(kind)s and key = %(key)s",
            kind=kind,
            key=key,
        )
        if row is None:
            return None
        self._known[kind, key] = row["odoo_id"]
        return int(row["odoo_id"])

    async def remember(self, kind: str, key: str, odoo_id: int) -> int:
        """Remember an id and return it."""
        await self.store.rows(
            "insert into links values (%(kind)s, %(key)s, %(id)s) "
            "on conflict (kind, key) do update set odoo_id = excluded.odoo_id",
            kind=kind,
            key=key,
            id=odoo_id,
        )
        self._known[kind, key] = odoo_id
        return odoo_id

    async def forget_all(self) -> None:
        """Forget every id: something that we remembered is gone from Odoo."""
        self._known.clear()
        await self.store.rows("delete from links")
        await self.store.rows("update variants set product_id = 0")

    async def currency(self, code: str) -> tuple[int, int | None]:
        """Return the id of a currency, and of the pricelist to use where it is not ours."""
        known = await self.recall("currency", code)
        if known is None:
            found = await self.odoo.read(
                "res.currency", "search_read", domain=[["name", "=", code]], fields=["id"]
            )
            if not found:
                raise Refused("currency", f"Odoo has no active currency {code}")
            known = await self.remember("currency", code, found[0]["id"])
        home = await self.recall("company currency", "")
        if home is None:
            companies = await self.odoo.read(
                "res.company", "search_read", domain=[], fields=["currency_id"], order="id", limit=1
            )
            home = await self.remember("company currency", "", companies[0]["currency_id"][0])
        return known, None if known == home else await self._pricelist(code, known)

    async def _pricelist(self, code: str, currency_id: int) -> int:
        known = await self.recall("pricelist", code)
        if known is not None:
            return known
        found = await self.odoo.read(
            "product.pricelist",
            "search",
            domain=[["currency_id", "=", currency_id]],
            order="id",
            limit=1,
        )
        made = found or await self.odoo.load(
            "product.pricelist",
            ["id", "name", "currency_id/.id"],
            [[f"{MODULE}.pricelist_{code.lower()}", f"Channel {code}", str(currency_id)]],
        )
        return await self.remember("pricelist", code, made[0])

    async def tax(self, tax: Tax, included: bool) -> int:
        """Return the sale tax of that rate, in or on top of prices as the shop has it."""
        percent = (tax.rate * 100).normalize()
        key = f"{percent:f}|{included}|{tax.title}"
        async with self.turn("tax", key):
            known = await self.recall("tax", key)
            if known is None:
                known = await self._find_tax(tax.title, percent, included)
                await self.remember("tax", key, known)
        return known

    async def _find_tax(self, title: str, percent: Decimal, included: bool) -> int:
        found: list[dict[str, Any]] = await self.odoo.read(
            "account.tax",
            "search_read",
            domain=[
                ["type_tax_use", "=", "sale"],
                ["amount_type", "=", "percent"],
                ["amount", "=", float(percent)],
            ],
            fields=["name", "price_include"],
            order="id",
        )
        fitting = [row for row in found if bool(row["price_include"]) == included]
        fitting.sort(key=lambda row: row["name"] != title)
        if fitting:
            return int(fitting[0]["id"])
        return await self._make_tax(title, percent, included)

    async def no_tax(self) -> int:
        """Return our own tax of 0 %, which lets an untaxed line carry its exact amount."""
        async with self.turn("tax", "none"):
            known = await self.recall("tax", "none")
            if known is None:
                known = await self._make_tax("Channel: no tax", Decimal(0), False)
                await self.remember("tax", "none", known)
        return known

    async def _make_tax(self, title: str, percent: Decimal, included: bool) -> int:
        way = "tax_included" if included else "tax_excluded"
        made = await self.odoo.load(
            "account.tax",
            ["id", "name", "amount", "amount_type", "type_tax_use", "price_include_override"],
            [
                [
                    f"{MODULE}.tax_{digest(title, f'{percent:f}', way)}",
                    f"{title} {percent:f}%{' (included)' if included else ''}",
                    f"{percent:f}",
                    "percent",
                    "sale",
                    way,
                ]
            ],
        )
        return made[0]

    async def service(self, code: str, name: str) -> int:
        """Return the service product with that code (shipping, free text lines)."""
        async with self.turn("service", code):
            known = await self.recall("service", code)
            if known is None:
                found = await self.odoo.read(
                    "product.product",
                    "search",
                    domain=[["default_code", "=", code]],
                    order="id",
                    limit=1,
                )
                made = found or await self.odoo.load(
                    "product.product",
                    ["id", "name", "default_code", "type"],
                    [[f"{MODULE}.product_{code.lower()}", name, code, "service"]],
                )
                known = await self.remember("service", code, made[0])
        return known

    async def parcel(self) -> int:
        """Return our delivery method: what goes by it gets a label from us, not from Odoo."""
        async with self.turn("delivery method", "parcel"):
            known = await self.recall("delivery method", "parcel")
            if known is None:
                product = await self.service("PARCEL", "Delivery by parcel")
                made = await self.odoo.load(
                    "delivery.carrier",
                    ["id", "name", "delivery_type", "integration_level", "product_id/.id"],
                    [[f"{MODULE}.delivery_parcel", "Parcel", "fixed", "rate", str(product)]],
                )
                known = await self.remember("delivery method", "parcel", made[0])
        return known

    async def product(self, sku: str) -> int:
        """Return the product with that SKU; raises Refused when none or several have it."""
        row = await self.store.row("select product_id from variants where sku = %(s)s", s=sku)
        if row and row["product_id"]:
            return int(row["product_id"])
        found = await self.odoo.read(
            "product.product", "search", domain=[["default_code", "=", sku]], limit=2
        )
        if len(found) != 1:
            many = "no product" if not found else "several products"
            raise Refused("sku", f"{many} in Odoo with the SKU {sku!r}")
        await self.store.rows(
            "update variants set product_id = %(id)s where sku = %(s)s", id=found[0], s=sku
        )
        return int(found[0])

    async def country(self, code: str) -> int | None:
        """Return a country's id, None when the code is unknown."""
        return await self._place("country", "res.country", code, [["code", "=", code]])

    async def state(self, country_id: int, code: str) -> int | None:
        """Return the id of a state or province of a country."""
        domain: list[Any] = [["country_id", "=", country_id], ["code", "=", code]]
        return await self._place(
            "state", "res.country.state", f"{country_id}|{code}" if code else "", domain
        )

    async def _place(self, kind: str, model: str, key: str, domain: list[Any]) -> int | None:
        if not key:
            return None
        known = await self.recall(kind, key)
        if known is None:
            found = await self.odoo.read(model, "search", domain=domain, limit=1)
            known = await self.remember(kind, key, found[0] if found else 0)
        return known or None
