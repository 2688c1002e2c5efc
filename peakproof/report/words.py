"""How the reports say things: verdicts, durations, shares, numbers. One place for all of them."""

import math

from peakproof.outcomes import ExitCode, Verdict

__all__ = [
    "EXIT_MEANING",
    "NOTHING",
    "SYMBOLS",
    "WORDS",
    "count_of",
    "duration",
    "figure",
    "number",
    "share",
    "title",
]

NOTHING = "\N{EN DASH}"  # stands where there is no value

# A symbol and a word for each verdict: never colour alone.
SYMBOLS = {
    Verdict.PASS: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.UNKNOWN: "?",
    Verdict.NOT_CLAIMED: NOTHING,
    Verdict.SLOW: "⏱",
}
WORDS = {
    Verdict.PASS: "pass",
    Verdict.VIOLATED: "violated",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_CLAIMED: "not claimed",
    Verdict.SLOW: "slow",
}
EXIT_MEANING = {
    ExitCode.PASS: "everything that was tested held",
    ExitCode.VIOLATED: "at least one invariant was violated",
    ExitCode.UNKNOWN: "something could not be judged; unknown is not a pass",
    ExitCode.SERVICE_LEVEL_MISSED: "all right, but later than the connector promises",
    ExitCode.USAGE: "the command could not be understood",
    ExitCode.CRASHED: "peakproof itself failed",
}
_NAMES = {
    "api": "API",
    "id": "ID",
    "odoo": "Odoo",
    "pos": "POS",
    "shopify": "Shopify",
    "sku": "SKU",
}
MINUTE_SECONDS, HOUR_SECONDS = 60, 3600


def duration(seconds: float | None) -> str:
    """Say a duration with about three digits: ``240 ms``, ``1.8 s``, ``3 min 20 s``, ``2 h``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 0:
        return "\N{MINUS SIGN}" + duration(-seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE_SECONDS:
        return f"{whole} s"
    if whole < HOUR_SECONDS:
        return _pair(whole, MINUTE_SECONDS, "min", 1, "s")
    return _pair(whole, HOUR_SECONDS, "h", MINUTE_SECONDS, "min")


def _pair(whole: int, large: int, large_name: str, small: int, small_name: str) -> str:
    """Say a whole number of seconds in a large unit and, where not zero, a small one."""
    rest = whole % large // small
    head = f"{whole // large} {large_name}"
    return f"{head} {rest} {small_name}" if rest else head


def share(value: float | None) -> str:
    """Say a share (0 to 1) in per cent; only a whole is 100 %, only nothing is 0 %."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value * 100:.1f}"
    if text == "100.0" and value < 1:
        text = ">99.9"
    if text == "0.0" and value > 0:
        text = "<0.1"
    return f"{text.removesuffix('.0')} %"


def number(value: float | None) -> str:
    """Say a number: whole ones with thousands set apart, others with about three digits."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if float(value).is_integer():
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def figure(value: float | None, unit: str) -> str:
    """Say a measured figure in its unit (seconds, share, count or any short word)."""
    if value is None:
        return "not exercised"
    if unit == "seconds":
        return duration(value)
    if unit == "share":
        return share(value)
    return number(value) if unit in ("", "count") else f"{number(value)} {unit}"


def count_of(amount: int, singular: str, plural: str = "") -> str:
    """Say how many of something: ``1 order``, ``2 orders``."""
    return f"{number(amount)} {singular if amount == 1 else plural or singular + 's'}"


def title(name: str) -> str:
    """Say a snake_case name as words: ``api_discipline`` is ``API discipline``."""
    parts = [_NAMES.get(part, part) for part in name.split("_") if part]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]
