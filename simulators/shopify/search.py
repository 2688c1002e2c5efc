"""Shopify's search syntax, as ``query:`` arguments carry it.

``status:open created_at:>=2026-01-01 (tag:a OR tag:b) -name:x* "free text"``: terms side by
side are joined by AND; ``OR``, ``NOT``, a leading minus and brackets work; values may be quoted,
compared (``:>=``) or begun (``x*``). A field that a resource does not have is left out of the
query and named in a warning, as Shopify does.

Not modelled: relevance, fuzzy words, ``field:*`` on nested fields.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["Getter", "Predicate", "compile_search"]

Getter = Callable[[Any], Any]
Predicate = Callable[[Any], bool]
_TOKENS = re.compile(
    r"\s*(\(|\)|-(?=\S)|\bOR\b|\bAND\b|\bNOT\b"
    r"|(?:[\w.]+:)?(?:>=|<=|>|<)?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s()\"']+))"
)
_TERM = re.compile(r"([\w.]+):(>=|<=|>|<)?(.*)", re.DOTALL)


def compile_search(
    text: str, filters: Mapping[str, Getter], warn: Callable[[str], None] = lambda _name: None
) -> Predicate:
    """Return the test that a query stands for; ``warn`` hears of unknown fields.

    ``filters["default"]`` answers words without a field.
    """
    tokens = [found for found in _TOKENS.findall(text) if found]
    parser = _Parser(tokens, filters, warn)
    return parser.alternatives()


class _Parser:
    def __init__(
        self, tokens: list[str], filters: Mapping[str, Getter], warn: Callable[[str], None]
    ) -> None:
        self.tokens, self.filters, self.warn = tokens, filters, warn
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def alternatives(self) -> Predicate:
        choices = [self.conjunction()]
        while self.peek() == "OR":
            self.place += 1
            choices.append(self.conjunction())
        if len(choices) == 1:
            return choices[0]
        return lambda item: any(choice(item) for choice in choices)

    def conjunction(self) -> Predicate:
        terms = []
        while self.peek() not in ("", ")", "OR"):
            if self.peek() == "AND":
                self.place += 1
                continue
            term = self.term()
            if term is not None:
                terms.append(term)
        if len(terms) == 1:
            return terms[0]
        return lambda item: all(term(item) for term in terms)

    def term(self) -> Predicate | None:
        token = self.peek()
        self.place += 1
        if token in ("-", "NOT"):
            inner = self.term()
            return None if inner is None else lambda item: not inner(item)
        if token == "(":  # noqa: S105  a bracket, not a password
            group = self.alternatives()
            if self.peek() == ")":
                self.place += 1
            return group
        found = _TERM.fullmatch(token)
        if found is None:
            getter = self.filters.get("default")
            return None if getter is None else _test(getter, "has", _unquoted(token))
        name, operator, value = found.groups()
        getter = self.filters.get(name)
        if getter is None:
            self.warn(name)
            return None
        if operator is None and "," in value and not value.startswith(('"', "'")):
            tests = [_test(getter, "=", _unquoted(part)) for part in value.split(",")]
            return lambda item: any(test(item) for test in tests)
        return _test(getter, operator or "=", _unquoted(value))


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.replace("\\", "")


def _test(getter: Getter, operator: str, wanted: str) -> Predicate:
    def matches(item: Any) -> bool:
        found = getter(item)
        if isinstance(found, list | tuple | set):
            return any(_compare(entry, operator, wanted) for entry in found)
        return _compare(found, operator, wanted)

    return matches


def _compare(found: Any, operator: str, wanted: str) -> bool:
    if found is None:
        return operator == "=" and wanted.lower() in ("null", "")
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower()
    if isinstance(found, datetime):
        return _compare_times(found, operator, wanted)
    if isinstance(found, int | float | Decimal):
        try:
            return _ordered(Decimal(str(found)), operator, Decimal(wanted.rpartition("/")[2]))
        except InvalidOperation:
            return False
    text, word = str(found).lower(), wanted.lower()
    if operator == "has":
        return word.rstrip("*") in text
    if operator != "=":
        return _ordered(text, operator, word)
    if word == "*":
        return bool(text)
    if word.endswith("*"):
        return text.startswith(word[:-1])
    return text == word


def _compare_times(found: datetime, operator: str, wanted: str) -> bool:
    try:
        moment = datetime.fromisoformat(wanted.replace("Z", "+00:00"))
    except ValueError:
        return False
    if "T" not in wanted:
        day = date(moment.year, moment.month, moment.day)
        if operator == "=":
            return found.astimezone(UTC).date() == day
        moment = datetime.combine(day, time.max if operator in ("<=", ">") else time.min, UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _ordered(found, operator, moment)


def _ordered(left: Any, operator: str, right: Any) -> bool:
    if operator == ">=":
        return bool(left >= right)
    if operator == "<=":
        return bool(left <= right)
    if operator == ">":
        return bool(left > right)
    if operator == "<":
        return bool(left < right)
    return bool(left == right)
