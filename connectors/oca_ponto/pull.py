"""Lets the providers' schedule come due at the story's date and time, once.

It knows only the module that all online feeds share; ../oca_stripe uses it as well.

Run by the harness: ``PEAKPROOF_WORLD=world.json PEAKPROOF_NOW=2026-11-20T06:00:00+00:00 python
pull.py``. It sets when the next pull is due and triggers the module's own scheduled action,
which does the rest. A pull that fails is the module's business: this ends with 0 and says it.

Not here: pulls by hand (the module's wizard).
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from peakproof.runtime.json2 import Odoo

__all__ = ["main"]

PROVIDER = "online.bank.statement.provider"
CRON = "ir_cron_account_pull_online_bank_statements"


def main() -> int:
    """Pull once in the world that PEAKPROOF_WORLD names, at PEAKPROOF_NOW."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    now = datetime.fromisoformat(os.environ["PEAKPROOF_NOW"]).astimezone(UTC)
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        providers = odoo.search_read(PROVIDER, [], ["id"])
        crons = odoo.search_read(
            "ir.model.data",
            [("module", "=", "account_statement_import_online"), ("name", "=", CRON)],
            ["res_id"],
        )
        if not providers or not crons:
            print("pull.py: expected a provider and its schedule; run setup.py.", file=sys.stderr)
            return 1
        due = {"next_run": f"{now:%Y-%m-%d %H:%M:%S}"}
        odoo.write(PROVIDER, [row["id"] for row in providers], due)
        told = odoo.call("ir.cron", "method_direct_trigger", ids=[crons[0]["res_id"]])
    failure = "" if told is True else f": {_reason(told)}"
    print(f"pull.py: {due['next_run']} {'failed' if failure else 'done'}{failure}", flush=True)
    return 0


def _reason(told: object) -> str:
    """Return the error at the bottom of the traceback that Odoo would show in a dialog."""
    data = told.get("params", {}).get("data", {}) if isinstance(told, dict) else {}
    first, *_ = str(data.get("debug", "")).split("\n\nThe above exception")
    return first.strip().rsplit("\n", 1)[-1] or str(told)


if __name__ == "__main__":
    sys.exit(main())
