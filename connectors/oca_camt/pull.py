"""Uploads the statement files that are new in the bank's folder, as an accountant would.

Run by the harness: ``PEAKPROOF_WORLD=world.json python pull.py``. Each file that the bank
delivered is uploaded once through the module's wizard: a statement that was delivered in two
files is uploaded twice. What was uploaded is remembered in the run's folder. When the wizard
refuses a file, this says so and does not try it again.

Not here: other formats than CAMT.053, looking into the files (the accountant does not).
"""

import base64
import json
import os
import sys
from pathlib import Path

from peakproof.runtime.json2 import Odoo, OdooRefused

__all__ = ["main"]

WIZARD = "account.statement.import"
PATTERN = "[!.]*.camt053*.xml"
MEMORY = "oca_camt_uploaded.json"


def main() -> int:
    """Upload what is new in the world that PEAKPROOF_WORLD names."""
    world = json.loads(Path(os.environ["PEAKPROOF_WORLD"]).read_text())
    memory = Path(world["run"]["folder"]) / MEMORY
    uploaded = json.loads(memory.read_text()) if memory.exists() else {}
    files = sorted(Path(world["bank"]["statement_folder"]).glob(PATTERN))
    with Odoo(world["odoo"]["url"], world["odoo"]["database"], world["odoo"]["api_key"]) as odoo:
        for file in files:
            if file.name not in uploaded:
                uploaded[file.name] = _upload(odoo, file)
                memory.write_text(json.dumps(uploaded, indent=1))
                print(f"pull.py: {file.name}: {uploaded[file.name]}", flush=True)
    return 0


def _upload(odoo: Odoo, file: Path) -> str:
    """Upload one file; return "imported" or the wizard's words."""
    content = base64.b64encode(file.read_bytes()).decode()
    made = odoo.create(WIZARD, {"statement_file": content, "statement_filename": file.name})
    try:
        odoo.call(WIZARD, "import_file_button", ids=made)
    except OdooRefused as refused:
        return f"refused: {refused}"
    return "imported"


if __name__ == "__main__":
    sys.exit(main())
