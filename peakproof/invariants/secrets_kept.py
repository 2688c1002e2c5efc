"""Tokens and card numbers get nowhere, personal details only where they belong.

At its end a run is looked through for everything that its world knows and nobody else should:
credentials and tokens, card numbers, e-mail addresses, phone numbers and streets of customers.
None may be in the connector's logs (of a connector inside Odoo: what its modules wrote into
Odoo's), its metrics or the errors that it answers with. In Odoo's chatter a person's details may
stand on his own contact and in messages to him, a token or card number nowhere.

The events hold no secret, only its kind and the beginning of it. Not looked through: the
connector's database, attachments, what it sends to vendors.
Unknown: the run did not get so far that it was looked through.

Seen in public: none of the cases in our list; PCI DSS 3.4 and GDPR article 5 ask for it.
"""

from collections import defaultdict
from typing import Any

from peakproof.evidence import Claims, Example, Findings, Result, Story, unknown
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "secrets_kept"
TITLE = "Tokens, card numbers and personal details are in no log, metric, error or chatter."
FLOWS: tuple[str, ...] = ()


def check(history: History, _claims: Claims, _plan: Plan) -> Result:
    """Judge what was seen, one finding a place and kind."""
    scans = history.of("disclosure", outcome="scanned")
    lines: dict[str, int] = scans[-1].value["lines"] if scans else {}
    canaries: dict[str, int] = scans[-1].value["canaries"] if scans else {}
    if not sum(lines.values()) or not canaries:
        return unknown(NAME, "Nothing was looked through for secrets.")
    seen: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in history.of("disclosure", outcome="found"):
        seen[event.name, str(event.value["canary"])].append(event)
    findings = Findings(NAME)
    for (place, kind), events in seen.items():
        first = events[0]
        findings.add(
            f"{kind} disclosed",
            expected=f"no {kind} in {place}",
            found=f"{len(events)} times, first {first.value['masked']} in {first.key}",
            subject=place,
            events=events,
        )
    figures: dict[str, Any] = {"lines": lines, "canaries": canaries}
    looked = ", ".join(f"{count} of {place}" for place, count in lines.items())
    passed = f"None of {sum(canaries.values())} secrets in what was looked through: {looked}."
    return findings.result(passed, sum(lines.values()), figures)


def _scanned(lines: int = 40, *found: tuple[str, str]) -> Story:
    """A run that was looked through, and where which kind was found."""
    story = Story()
    for place, kind in found:
        story.add(
            99.0, "harness", "disclosure", place, key="line 7", outcome="found",
            value={"canary": kind, "masked": "sh... (38 characters)"},
        )  # fmt: skip
    value = {"lines": {"log connector.log": lines}, "canaries": {"token": 3, "e-mail address": 5}}
    story.add(99.5, "harness", "disclosure", "scanned", outcome="scanned", value=value)
    return story


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="nothing to look through", tell=lambda: _scanned(0), verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=_scanned, verdict=Verdict.PASS),
    Example(
        name="a token in the log",
        tell=lambda: _scanned(40, ("log connector.log", "token")),
        verdict=Verdict.VIOLATED,
        says="no token in log connector.log",
    ),
    Example(
        name="an address in the chatter",
        tell=lambda: _scanned(40, ("chatter", "street")),
        verdict=Verdict.VIOLATED,
        says="street disclosed",
    ),
]
