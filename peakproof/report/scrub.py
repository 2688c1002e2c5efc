"""Takes secrets and control characters out of records before they are written anywhere.

Second line of defence: simulators and the harness already leave secrets out of the history.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from peakproof.report.records import GateRecord

__all__ = ["HIDDEN", "clean_text", "scrub"]

HIDDEN = "[hidden]"
_KEYS = re.compile(
    r"(?i)(^|_|-|\b)(secret|password|passwd|api_?key|access_?token|authorization|dsn|hmac)$"
)
_SHAPES = re.compile(
    r"shp(?:at|ss|ca|pa|ua|rt)_[0-9A-Za-z]{8,}"  # Shopify tokens and secrets
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in an address
    r"|(?i:(?<=bearer )|(?<=basic ))[0-9A-Za-z+/=._-]{12,}"
)
# Terminal colours first, then every other character that neither XML nor a page can hold.
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def clean_text(text: str) -> str:
    """Return a text without terminal colours and control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text))


def scrub(gate: GateRecord, secrets: Iterable[str] = ()) -> GateRecord:
    """Return a copy without secrets: values under telling keys, known shapes, and ``secrets``.

    Every secret of the run should be given; those shorter than six characters are left alone,
    since hiding them would garble the report.
    """
    known = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if known else None
    return msgspec.convert(_clean(msgspec.to_builtins(gate), pattern), GateRecord)


def _clean(value: Any, pattern: re.Pattern[str] | None) -> Any:
    """Clean one value of plain JSON, whatever is inside it."""
    if isinstance(value, str):
        text = clean_text(value)
        if pattern is not None:
            text = pattern.sub(HIDDEN, text)
        return _SHAPES.sub(HIDDEN, text)
    if isinstance(value, list):
        return [_clean(item, pattern) for item in value]
    if isinstance(value, dict):
        return {
            clean_text(str(key)): HIDDEN
            if isinstance(item, str) and item and _KEYS.search(str(key))
            else _clean(item, pattern)
            for key, item in value.items()
        }
    return value
