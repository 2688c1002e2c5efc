"""Puts statement files where the customer looks for them: a folder, also served by SFTP.

A file is written under a temporary name (``.NAME.part``) and then renamed, so that nobody sees
half of it. The fault ``partial_file`` breaks that: half of the bytes appear under the final
name and the rest comes ``delay_seconds`` (default 1) later, or never with ``how`` "forever".

Not modelled: encryption and signatures of files, acknowledgements, archives.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from peakproof.simkit import Kit, SimulatorRefused

from . import camt053, mt940, ofx
from .statements import Statement, Statements

__all__ = ["FORMATS", "Deliveries"]

FORMATS = {"camt053": "xml", "camt053_v2": "xml", "ofx": "ofx", "mt940": "sta"}
_REST_SECONDS = 1.0


class Deliveries:
    """Writes files. ``folder`` exists as soon as this does."""

    def __init__(self, kit: Kit, statements: Statements) -> None:
        config = kit.config
        default = Path(config.journal_path).parent / f"{config.name}-statements"
        self.folder = Path(str(config.options.get("statement_folder") or default)).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.unfinished = 0
        self._kit = kit
        self._statements = statements
        self._sent: dict[tuple[str, str], tuple[datetime, str]] = {}
        self._files = 0

    def deliver(
        self, statement: Statement, form: str, *, duplicate: bool = False, reissue: bool = False
    ) -> dict[str, Any]:
        """Put a statement's file into the folder; return what was written.

        A second file of the same format must be wanted: ``duplicate`` sends the very same bytes
        under another name, ``reissue`` besides a new message id and time of creation. Refuses
        a duplicate of what was never sent.
        """
        if form not in FORMATS:
            raise SimulatorRefused("unknown_format", f"{form!r}: choose of {', '.join(FORMATS)}.")
        before = self._sent.get((statement.key, form))
        if before is not None and not (duplicate or reissue):
            raise SimulatorRefused(
                "already_delivered",
                f"Statement {statement.key} was delivered as {form}; ask for a duplicate.",
            )
        if before is None and (duplicate or reissue):
            raise SimulatorRefused(
                "never_delivered", f"Statement {statement.key} was not yet delivered as {form}."
            )
        self._files += 1
        if before is None or reissue:
            before = self._kit.calendar.now(), f"PEAKMSG{self._files:08d}"
            self._sent[statement.key, form] = before
        content = _content(statement, form, *before)
        name = (
            f"{statement.account.code}_{statement.day:%Y%m%d}_{statement.sequence:05d}"
            f"_{self._files:05d}.{form}.{FORMATS[form]}"
        )
        self._write(self.folder / name, content, form)
        statement.deliveries[form] = statement.deliveries.get(form, 0) + 1
        self._statements.told(statement)
        record = statement.record()
        return {
            "path": str(self.folder / name),
            "file_name": name,
            "format": form,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            **{
                key: record[key]
                for key in ("account", "date", "sequence", "opening_balance", "closing_balance")
            },
            "transaction_ids": record["transaction_ids"],
        }

    def _write(self, path: Path, content: bytes, form: str) -> None:
        rule = self._kit.faults.fire("partial_file", form)
        if rule is not None:
            half = len(content) // 2
            path.write_bytes(content[:half])
            if rule.options.get("how") != "forever":
                self.unfinished += 1
                self._kit.later(
                    rule.delay_seconds or _REST_SECONDS, lambda: self._append(path, content[half:])
                )
            return
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(content)
        os.replace(temporary, path)

    def _append(self, path: Path, rest: bytes) -> None:
        self.unfinished -= 1
        if path.exists():  # the customer may have taken it away meanwhile
            with path.open("ab") as file:
                file.write(rest)


def _content(statement: Statement, form: str, created_at: datetime, message_id: str) -> bytes:
    if form == "ofx":
        return ofx.document(statement, created_at)
    if form == "mt940":
        return mt940.document(statement)
    return camt053.document(statement, form, created_at, message_id)
