"""A retailer's peak of any size as a stored run: everything healthy, or a few things broken.

``Peak(events, seed).store(folder)`` writes plan, claims and history of a day at a retailer with an
online shop, two shops with tills, a warehouse, a payment gateway and a bank, played by a
connector that does everything right. It is a simulation event by event: stock, money and ids
agree on both sides, so that every invariant has something to judge and finds nothing. ``planted``
breaks single things (see ``PLANTED``), the same ones at every size.

The shapes and the mix of kinds are those of real stories (flash_sale, carrier_outage,
returns_and_exchanges, store_offline, payout_day), about 90 events to an online order. The same
seed and size give the same file to the byte.
"""

from benchmarks.peak.day import CLAIMS, INVARIANTS, PLANTED, Peak

__all__ = ["CLAIMS", "INVARIANTS", "PLANTED", "Peak"]
