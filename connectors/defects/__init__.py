"""Connectors that are broken on purpose: the reference, each with one defect in it.

They are how peakproof proves that it finds what is broken (``peakproof selftest``). A new one is
a module here, with ``DEFECT`` and ``install()``, and its name in the tuple below. One of them by
itself: ``peakproof run SCENARIO --connector connectors/defects/NAME.py``.
"""

NAME = "defects"

__all__ = ["NAME", "REGISTRY"]

REGISTRY = (
    "cursor_strictly_after",
    "pushes_on_hand",
    "signature_optional",
)
