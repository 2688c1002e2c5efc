"""A point of sale as a simulator, in the shape of Square's API of 2026-09-16.

Locations, catalogue, customers, orders, payments, refunds, stock, cash drawers and webhook
subscriptions over a state machine of shops with tills: cashiers sell, go offline and come back,
count their drawer; exact money in minor units, tax on top or included, discounts, tips.

    python -m simulators.pos CONFIG.json

Read business.py (the state), pricing.py (the sums), tills.py (cashiers) and api.py (the wire).

Not modelled: team and labour, gift cards, cards on file, invoices, bookings, loyalty, terminals,
payouts, disputes, modifiers, service charges, rewards, measured quantities, exchanges, OAuth;
offline card payments that are declined on upload.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "pos"
