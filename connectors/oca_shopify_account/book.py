"""Plays the bookkeeper: presses "generate journal entry" on every payout that has none.

Run by the harness: ``PEAKPROOF_WORLD=world.json python book.py``. The module imports payouts by
its schedule and leaves this button to a person. It waits until the import has ended, and then
until the entries are made; what the module makes of them is its own business.

Not here: a bookkeeper who mends what the module reports.
"""

import json
import os
import sys
import time
from pathlib import Path

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

UNFINISHED = ["wait_dependencies", "pending", "enqueued", "started"]
LIMIT_SECONDS = 45.0


def main() -> int:
    """Book the payouts of the world that PEAKPROOF_WORLD names; 0 when the button was pressed."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        if not _quiet(odoo):
            print(f"book.py: the import did not end in {LIMIT_SECONDS:g} s.", file=sys.stderr)
            return 1
        rows = odoo.search_read("shopify.payout", [("entry_id", "=", False)], ["id"])
        if rows:
            ids = [row["id"] for row in rows]
            odoo.call("shopify.payout", "action_generate_entry", ids=ids)
            if not _quiet(odoo):
                print("book.py: the entries were not made in time.", file=sys.stderr)
                return 1
    print(f"book.py: pressed for {len(rows)} payouts", flush=True)
    return 0


def _quiet(odoo: Odoo) -> bool:
    """Wait until no job of the connector waits or runs; False after the limit."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while odoo.call("queue.job", "search_count", domain=[("state", "in", UNFINISHED)]):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


if __name__ == "__main__":
    sys.exit(main())
