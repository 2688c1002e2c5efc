"""A bank with three doors: GoCardless Bank Account Data v2, Ponto, and statement files.

One book of money (accounts, pending and booked transactions, daily statements) is told in
three ways: as GoCardless's open banking API tells it (``/api/v2``, as PyPI nordigen 1.4.2
calls it), as Ponto tells it (``/oauth2/token``, ``/accounts`` ...; as the OCA addon
account_statement_import_online_ponto calls it), and as CAMT.053 (001.02 and 001.08), OFX 2.2
and MT940 files, put into a folder or fetched by SFTP.

    python -m simulators.bank CONFIG.json

Read transactions.py and books.py (the money), then statements.py, consents.py, gocardless.py
and ponto.py, then acts.py (what a clerk can do).

Not modelled: payments initiated through the APIs, GoCardless's premium endpoints and webhooks,
Ponto's onboarding, payment requests and webhooks, foreign exchange, interest, credit limits,
cards, cheques; a bank that numbers statements anew each year; CAMT.052 and CAMT.054.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "bank"
