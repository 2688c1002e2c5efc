"""Fault points: places where a simulator can be told to misbehave, and the rules that do it.

A rule sits at a point. Points common to every simulator are ``request`` (effects in
REQUEST_EFFECTS, applied by the app around every route) and ``webhook`` (WEBHOOK_EFFECTS,
applied by the delivery engine); a simulator adds its own and asks ``fire(point, name)`` there.

Options of a rule: ``effect``; ``match`` a glob (or list of globs) of operation or topic names;
``skip`` let the first K pass; ``count`` then take N and no more; ``probability`` of each one
(drawn from the run's seed); ``delay_seconds``; ``fault`` the name written into the history;
anything else belongs to the effect (``status``, ``body``, ``headers``, ``how`` ...).
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from peakproof.errors import UnknownName, UsageError
from peakproof.seed import Seed

__all__ = ["REQUEST_EFFECTS", "WEBHOOK_EFFECTS", "FaultPoints", "FaultRule"]

REQUEST_EFFECTS: dict[str, str] = {
    "error": "answer with status, body and headers instead of processing",
    "throttle": "answer as the vendor does when the caller is over its rate limit",
    "delay": "wait delay_seconds before processing",
    "slow_answer": "process at once, answer delay_seconds later",
    "refuse": "reset the connection before processing",
    "hang": "neither process nor answer; end the connection after hang_seconds, if given",
    "lost_acknowledgement": "process and commit, then lose the answer (how: reset, hang, close)",
    "malformed": "process, then answer a damaged body (how: garble, truncate)",
}
WEBHOOK_EFFECTS: dict[str, str] = {
    "duplicate": "deliver it copies more times (default 1) with the same ids",
    "reorder": "hold it until a later one of the same resource has been delivered",
    "late": "deliver it delay_seconds after its time",
    "drop": "never deliver it",
    "forge": "deliver besides it an altered copy with a wrong signature, or a missing one",
    "acknowledgement_lost": "deliver it, ignore the acknowledgement, so that it is retried",
}
_SHARED = {"request": REQUEST_EFFECTS, "webhook": WEBHOOK_EFFECTS}
_POINT_DOCS = {
    "request": "every request to the vendor's API",
    "webhook": "every webhook about to be delivered",
}


class FaultRule:
    """One rule at one point; ``fired`` counts how often it took effect."""

    def __init__(self, identity: str, point: str, options: Mapping[str, Any], seed: Seed) -> None:
        self.id = identity
        self.point = point
        self.options = dict(options)
        self.effect = str(self.options.get("effect", point))
        self.fault = str(self.options.get("fault", self.effect))
        match = self.options.get("match", "*")
        self.globs = [match] if isinstance(match, str) else [str(glob) for glob in match]
        self.delay_seconds = float(self.options.get("delay_seconds", 0.0))
        self.fired = 0
        count = self.options.get("count")
        self._left = None if count is None else int(count)
        self._skip = int(self.options.get("skip", 0))
        self._probability = float(self.options.get("probability", 1.0))
        self._random = seed.stream(f"fault|{identity}|{point}")

    def takes(self, name: str) -> bool:
        """Say whether the rule takes this one, and use up its budget if it does."""
        if self._left == 0 or not any(fnmatchcase(name, glob) for glob in self.globs):
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self._probability < 1.0 and self._random.uniform(0.0, 1.0) >= self._probability:
            return False
        if self._left is not None:
            self._left -= 1
        self.fired += 1
        return True

    def give_back(self) -> None:
        """Undo the last ``takes``: the effect could not be brought about after all."""
        self.fired -= 1
        if self._left is not None:
            self._left += 1

    def describe(self) -> dict[str, Any]:
        """Return the rule as the control API lists it."""
        return {"id": self.id, "point": self.point, "options": self.options, "fired": self.fired}


class FaultPoints:
    """The rules of one simulator. ``points`` are its own points: name -> what it does."""

    def __init__(self, seed: Seed, points: Mapping[str, str] | None = None) -> None:
        self._seed = seed
        self.points = {**_POINT_DOCS, **(points or {})}
        self._effects: dict[str, Mapping[str, str]] = {**_SHARED}
        self._rules: dict[str, FaultRule] = {}
        self._by_point: dict[str, list[FaultRule]] = {}
        self._healed: dict[str, FaultRule] = {}
        self._count = 0

    def declare(
        self, points: Mapping[str, str], effects: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Add points of the simulator's own: name -> what happens there.

        ``effects`` names the effects of a point that has several: point -> effect -> what it is.
        """
        self.points.update(points)
        self._effects.update(effects or {})

    def add(self, point: str, options: Mapping[str, Any]) -> FaultRule:
        """Put a rule at a point. Raises UnknownName for a point or effect that is not there."""
        if point not in self.points:
            raise UnknownName("fault point", point, self.points)
        effects = self._effects.get(point)
        if effects is not None and options.get("effect") not in effects:
            raise UnknownName(f"effect of the point {point!r}", str(options.get("effect")), effects)
        self._count += 1
        try:
            rule = FaultRule(f"fault-{self._count}", point, options, self._seed)
        except (TypeError, ValueError) as error:
            raise UsageError(f"The options of a rule at {point!r} are wrong: {error}") from error
        self._rules[rule.id] = rule
        self._by_point.setdefault(point, []).append(rule)
        return rule

    def remove(self, identity: str) -> FaultRule | None:
        """Take a rule away (again without harm); return it, or None if there never was one."""
        rule = self._rules.pop(identity, None)
        if rule is None:
            return self._healed.get(identity)
        self._by_point[rule.point].remove(rule)
        self._healed[identity] = rule
        return rule

    def at(self, point: str) -> list[FaultRule]:
        """Return the rules at a point, oldest first: a live list, often empty."""
        return self._by_point.setdefault(point, [])

    def fire(self, point: str, name: str, effect: str | None = None) -> FaultRule | None:
        """Return the first rule at the point that takes ``name``, counted as fired, or None."""
        for rule in self._by_point.get(point, ()):
            if (effect is None or rule.effect == effect) and rule.takes(name):
                return rule
        return None

    def rules(self) -> list[FaultRule]:
        """Return every rule ever added, the healed ones too (their counts stay readable)."""
        return [*self._healed.values(), *self._rules.values()]
