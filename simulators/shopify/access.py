"""Which scopes a token has, and which a field wants (from the published schema).

A write scope includes its read scope. Where Shopify names several scopes, one is enough.

Not modelled: permissions of staff members, protected customer data, approval by Shopify.
"""

from peakproof.simkit import Scopes

from .schema import access_scopes

__all__ = ["Granted", "all_scopes"]

_MORE = (
    "read_all_orders", "read_fulfillments", "write_fulfillments", "read_shipping",
    "read_price_rules", "read_discounts", "read_publications", "write_publications",
    "read_files", "write_files",
)  # fmt: skip


def all_scopes() -> tuple[str, ...]:
    """Return every scope that anything modelled here may want, and some that apps ask for."""
    wanted = {scope for scopes in access_scopes().values() for scope in scopes}
    return tuple(sorted(wanted.union(_MORE)))


class Granted:
    """The scopes of one token. ``key`` is equal for equal scopes."""

    def __init__(self, scopes: "list[str] | tuple[str, ...]") -> None:
        self.handles = tuple(dict.fromkeys(scopes))
        self.all = frozenset(self.handles) | {
            "read_" + scope.removeprefix("write_")
            for scope in self.handles
            if scope.startswith("write_")
        }
        self.key = self.all
        includes = {
            name: ["read_" + name.removeprefix("write_")]
            for name in self.handles
            if name.startswith("write_")
        }
        self.scopes = Scopes("Shopify access scopes", {}, self.handles, includes)

    def needed(self, key: str) -> str:
        """Return the scopes of which ``Type`` or ``Type.field`` wants one, as ``a|b``."""
        return "|".join(access_scopes().get(key, ()))

    def missing(self, key: str) -> list[str] | None:
        """Return the scopes of which ``Type`` or ``Type.field`` wants one, if none is granted."""
        wanted = access_scopes().get(key)
        if wanted is None or not self.all.isdisjoint(wanted):
            return None
        return wanted
