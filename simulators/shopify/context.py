"""What a resolver knows about the call it serves."""

from typing import TYPE_CHECKING, Any

from .versions import at_least

if TYPE_CHECKING:
    from .oauth import Client
    from .shop import Shop

__all__ = ["Context"]


class Context:
    """One call: the shop, the version that answers, the app that asks.

    ``bulk`` is true inside a bulk operation, where connections come whole. ``errors`` collects
    what failed, ``objects`` how many objects were returned (the cost of the answer),
    ``warnings`` what a search query named in vain, and ``scopes`` what a bulk operation that was
    begun will need. ``careful`` is true once something special happened, see straight.py. While
    it is ``reading`` nothing changes, and the ``sums`` of the order that was last ``summed`` may
    be kept.
    """

    __slots__ = (
        "bulk",
        "careful",
        "client",
        "errors",
        "idempotency_key",
        "objects",
        "reading",
        "request_id",
        "scopes",
        "shop",
        "summed",
        "sums",
        "variables",
        "version",
        "warnings",
    )

    def __init__(
        self, shop: "Shop", version: str, client: "Client", request_id: str = "", bulk: bool = False
    ) -> None:
        self.shop = shop
        self.version = version
        self.client = client
        self.request_id = request_id
        self.bulk = bulk
        self.idempotency_key = ""
        self.variables: dict[str, Any] = {}
        self.errors: list[Any] = []
        self.warnings: list[dict[str, Any]] = []
        self.objects = 0
        self.scopes: list[str] = []
        self.careful = False
        self.reading = False
        self.summed: Any = None
        self.sums: dict[Any, Any] = {}

    def at_least(self, version: str) -> bool:
        """Tell whether the call is answered by that version or a younger one."""
        return at_least(self.version, version)
