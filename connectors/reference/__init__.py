"""The reference connector: orders from Shopify into Odoo, stock from Odoo to Shopify.

Written as an example of how to do it right; ``README.md`` in this folder tells how. It knows
nothing of peakproof and is configured by environment variables only (``settings.py``).
"""

NAME = "reference"

__all__ = ["NAME"]
