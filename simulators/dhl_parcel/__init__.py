"""DHL Parcel Iberia's customer API as a simulator: web service B2B/B2C, document version 6.

What its clients call: a token, shipments with labels (PDF, ZPL, EPL), reprint, delete, hold,
release, track and trace, end of day. A shipment is bought anew by every call, also when the
reference was seen before: that is the trap for callers whose answer was lost.

    python -m simulators.dhl_parcel CONFIG.json

Read order.py (what may be ordered), model.py (the carrier) and api.py (the wire) first.

Not modelled: service points (feature 701), pick-ups, customs papers (``Customs``), the
customer's own parcel codes (``LP``), reports other than PDF, texts in Portuguese and English,
invoices. Each is refused by name.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "dhl_parcel"
