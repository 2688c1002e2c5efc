"""Answers about companies, catalogs and price lists: a shop without any.

The documents that connectors send are understood; the shop of a plan sells to people only, so
lists are empty and single records do not exist.

Not modelled: creating companies, catalogs or price lists.
"""

from typing import Any

from .connection import connection
from .context import Context
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()


def _none(_arguments: Arguments, _context: Context) -> Any:
    return None


def _empty(arguments: Arguments, context: Context) -> Any:
    return connection([], arguments, context)


for _name in ("companies", "catalogs", "priceLists"):
    RESOLVERS.query(_name)(_empty)
for _name in ("company", "catalog", "priceList"):
    RESOLVERS.query(_name)(_none)
for _kind in (
    "Company",
    "CompanyLocation",
    "CompanyContact",
    "CompanyLocationCatalog",
    "PriceList",
):
    RESOLVERS.node(_kind, lambda _shop, _number: None)
