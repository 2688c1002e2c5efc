"""What must not get about: tokens, card numbers and personal details of a world, as canaries.

``Canaries`` knows them in the forms in which they turn up in texts (as they are, in JSON, HTML
and addresses). A sighting never holds what was seen, only its kind and a masked form.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from peakproof.plan import Plan

__all__ = ["Canaries", "Canary", "gather"]

LENGTH_MIN = 7  # shorter words turn up by chance
_CREDENTIAL = re.compile(r"token|secret|password|(^|_)key$")
_PUBLIC = re.compile(r"publishable|path|url")
_CARD = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
_DETAILS = {"email": "e-mail address", "phone": "phone number", "address1": "street"}


class Canary(msgspec.Struct, kw_only=True, frozen=True):
    """Something that must not get about. ``owner`` is the e-mail address of whom it belongs to."""

    kind: str
    masked: str
    owner: str = ""


class Canaries:
    """All of them; ``count`` says how many of each kind there are."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._known: dict[str, Canary] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, kind: str, secret: str, owner: str = "") -> None:
        """Know one more; what is known already or too short to tell is left out."""
        secret = secret.strip()
        if len(secret) < LENGTH_MIN or secret.lower() in self._known:
            return
        self.count[kind] += 1
        canary = Canary(
            kind=kind, masked=f"{secret[:2]}... ({len(secret)} characters)", owner=owner
        )
        for form in _forms(kind, secret):
            self._known.setdefault(form.lower(), canary)
        self._pattern = None

    def seen_in(self, text: str) -> list[Canary]:
        """Return those that a text holds, each once."""
        if self._pattern is None:
            words = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, words)) or "(?!)", re.IGNORECASE)
        found = (self._known.get(match[0].lower()) for match in self._pattern.finditer(text))
        return list(dict.fromkeys(canary for canary in found if canary is not None))


def gather(
    plan: Plan, values: Mapping[str, Any], handed_out: Iterable[Mapping[str, Iterable[str]]]
) -> Canaries:
    """Return the canaries of a world.

    Its credentials are those of ``values`` (what connector.toml's placeholders stand for) and
    those that simulators handed out while it lasted; its people are the plan's.
    """
    canaries = Canaries()
    for part in values.values():
        for name, value in part.items() if isinstance(part, Mapping) else ():
            if isinstance(value, str) and _CREDENTIAL.search(name) and not _PUBLIC.search(name):
                canaries.add("token", value)
    for secrets in handed_out:
        for kind, words in secrets.items():
            for word in words:
                canaries.add(kind, word)
    for person in _people(plan):
        for field, kind in _DETAILS.items():
            canaries.add(kind, str(person.get(field) or ""), str(person["email"]).lower())
    for stage in plan.stages:
        for step in stage.steps:
            for number in _CARD.findall(str(step.arguments.get("note") or "")):
                canaries.add("card number", number)
    return canaries


def _people(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield the customers of the shop, and those who are named in steps only."""
    for customer in plan.shop.customers:
        yield msgspec.to_builtins(customer)
    for stage in plan.stages:
        for step in stage.steps:
            named = step.arguments.get("customer")
            if isinstance(named, dict) and named.get("email"):
                yield named


def _forms(kind: str, secret: str) -> set[str]:
    """Return how it may be written."""
    forms = {secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret, safe="")}
    if kind == "card number":
        forms.add(" ".join(secret[place : place + 4] for place in range(0, len(secret), 4)))
    return forms
