"""Parcel carriers behind one API as a simulator, in the shape of EasyPost (API v2).

Addresses with checks, parcels, shipments with rates of several carriers, labels, refunds,
trackers, carrier accounts, events and signed webhooks. What hurts integrations is there: buying
is not idempotent over shipments, a label may be bought though the answer was lost, carriers are
slow or down one by one (rates missing, ``messages`` inside a 201), prices change between quote
and purchase, rates expire, scans come late, twice and out of order, refunds are decided later.

    python -m simulators.carrier CONFIG.json

Read records.py (what there is), model.py (buying and refunds), tracking.py (scans), api.py (the
wire) in this order. settings.py names the options.

Shapes are those of recorded answers in the official clients' tests; the official Python client
10.7 and Node client 8.9 run against it in ours. Where EasyPost publishes nothing, the docstring
of the file says what was chosen.

Not modelled: batches, orders, pickups, scan forms, insurance, customs forms (customs_info is
kept and given back, never checked), SmartRate, Luma, end shippers, claims, reports, billing
(labels are always paid), invoices that adjust a price after the fact, child users, test
tracking codes (EZ1000000001 ...), changing carrier accounts, API versions before v2. What is
not modelled is answered with an error that names it.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "carrier"
