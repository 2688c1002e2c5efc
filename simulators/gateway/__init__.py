"""A payment gateway in the shape of Stripe, API version 2026-10-28.endive, in test mode.

Customers, payment intents, charges, refunds, disputes, balance transactions, payouts, webhook
endpoints, events; exact money down to the cent of every payout. Form-encoded requests,
idempotency keys, pages, expansion and errors are those that the official clients expect.

    python -m simulators.gateway CONFIG.json

Read records.py (what there is), payments.py, refunds.py and payouts.py (how it changes), then
api.py (what every request goes through) and operations.py (the wire). Test cards: cards.py.

Not modelled: Connect, payment methods other than cards, 3D Secure, setup intents, checkout,
invoices and subscriptions, search, instant payouts and their reversal, the least amount and the
price of a payout in a further settlement currency, settling in a currency without a bank account
for it, other API versions' shapes.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "gateway"
