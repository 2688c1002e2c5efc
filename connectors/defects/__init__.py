"""Connectors that are broken on purpose: the reference, each with one defect in it.

They are how peakproof proves that it finds what is broken (``peakproof selftest``). A new one is
a module here, with ``DEFECT`` and ``install()``, and its name in the tuple below. One of them by
itself: ``peakproof run SCENARIO --connector connectors/defects/NAME.py``.
"""

NAME = "defects"

__all__ = ["NAME", "REGISTRY"]

REGISTRY = (
    "cancellation_restocks_twice",
    "cursor_strictly_after",
    "first_lines_only",
    "first_page_of_items",
    "forgets_tracking",
    "label_again_on_retry",
    "label_before_packing",
    "location_mapped_twice",
    "matches_lines_by_item",
    "one_parcel_an_order",
    "overwrites_stock",
    "pushes_on_hand",
    "pushes_only_new_items",
    "rolls_label_back",
    "signature_optional",
    "stops_at_unknown_item",
)
