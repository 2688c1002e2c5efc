"""Least privilege: what the connector was granted, what it used, and the least that would do.

Pure: reads a history. Vendors' scopes come from the simulators (events ``grant``, the ``scopes``
of a request); Odoo's rights from the listener inside it (events ``access``) and, for fields and
methods, from the calls that the proxy saw. What is told holds for the story that was played; the
gate's answer is that of all its stories together (``merged_scopes``, ``merged_users``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peakproof.history import Event, History
from peakproof.odoo_calls import model_uses
from peakproof.report.records import ModelUse, OdooUserRecord, ScopeRecord

__all__ = ["least_of", "merged_scopes", "merged_users", "odoo_users_of", "scopes_of"]

LETTERS = {"read": "r", "write": "w", "create": "c", "unlink": "u"}
OPERATIONS = tuple(LETTERS)
SUPERUSER = 1
CALLS_NOTE = "Fields and methods are those of the calls; rights are those that Odoo asked for."
INSIDE_NOTE = (
    "It works inside Odoo: rights are those that Odoo asked for while its own modules were at "
    "work; fields cannot be told."
)
SUPERUSER_NOTE = " As superuser it was refused nothing and could not have been."


def scopes_of(history: History) -> list[ScopeRecord]:
    """Return a record for each grant of a vendor whose API the connector spoke to."""
    spoken_to = {source for source, _, _ in history.forms("request")}
    needs: dict[str, set[str]] = {source: set() for source in spoken_to}
    for event in history.mentioning("request", ['"scopes":["']):
        needs.setdefault(event.source, set()).update(event.value.get("scopes") or ())
    records = []
    for event in history.of("grant"):
        if event.source == "odoo" or event.source not in spoken_to:
            continue
        granted = list(event.value["granted"])
        includes = dict(event.value.get("includes") or {})
        known = set(event.value.get("known") or ())
        own = {
            need
            for need in needs[event.source]
            if not known or not known.isdisjoint(need.split("|"))
        }
        if not own and len(history.of("grant", source=event.source)) > 1:
            continue  # a door of that vendor's that was never opened
        records.append(
            _scope_record(event.source, event.name, granted, own, includes, event.value["note"])
        )
    return records


def merged_scopes(runs: Iterable[Sequence[ScopeRecord]]) -> list[ScopeRecord]:
    """Return what several runs needed together."""
    found: dict[tuple[str, str], ScopeRecord] = {}
    for record in (record for run in runs for record in run):
        key = record.system, record.kind
        known = found.get(key, record)
        found[key] = _scope_record(
            *key, list(dict.fromkeys([*known.granted, *record.granted])),
            {*known.needs, *record.needs}, {**known.includes, **record.includes}, record.note,
        )  # fmt: skip
    return list(found.values())


def _scope_record(
    system: str, kind: str, granted: list[str], needs: Iterable[str],
    includes: dict[str, list[str]], note: str,
) -> ScopeRecord:  # fmt: skip
    met = {need for need in needs if _met(need, granted, includes)}
    least = least_of(met, granted, includes)
    return ScopeRecord(
        system=system,
        kind=kind,
        granted=granted,
        needs=sorted(needs),
        least=least,
        spare=[name for name in granted if name not in least],
        refused=sorted(set(needs) - met),
        instead=_instead(met, least, granted, includes),
        includes={name: scopes for name, scopes in includes.items() if name in granted},
        note=note,
    )


def _met(need: str, granted: Iterable[str], includes: Mapping[str, Sequence[str]]) -> bool:
    good = {*granted}.union(*(includes.get(name, ()) for name in granted))
    return not good.isdisjoint(need.split("|"))


def least_of(
    needs: Iterable[str], granted: Sequence[str], includes: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return scopes that meet every need and of which none can be left out.

    They are found by leaving out what gives most, as long as all needs are met.
    """
    needs = list(needs)
    least = list(granted)

    def weight(name: str) -> tuple[int, str]:
        good = {name, *includes.get(name, ())}
        return sum(not good.isdisjoint(need.split("|")) for need in needs), name

    # What serves least goes first, so that what serves most remains; of equals, what gives more.
    for name in sorted(granted, key=lambda name: (weight(name)[0], -len(includes.get(name, ())))):
        rest = [other for other in least if other != name]
        if all(_met(need, rest, includes) for need in needs):
            least = rest
    return sorted(least)


def _instead(
    needs: Iterable[str],
    least: Sequence[str],
    granted: Sequence[str],
    includes: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Return what could stand in for one of the least without giving it and more besides."""
    found: dict[str, list[str]] = {}
    for name in least:
        rest = [other for other in least if other != name]
        found[name] = [
            other
            for other in granted
            if other not in least
            and name not in includes.get(other, ())
            and all(_met(need, [*rest, other], includes) for need in needs)
        ]
    return {name: others for name, others in found.items() if others}


def odoo_users_of(history: History, external: bool) -> list[OdooUserRecord]:
    """Return a record for each user of Odoo that the connector's work was done as."""
    grants = {event.key: event.value for event in history.of("grant", "user", source="odoo")}
    rights = next((event.value for event in history.of("grant", "rights", source="odoo")), {})
    heard: dict[tuple[int, bool], list[Event]] = {}
    for event in history.of("access", source="odoo"):
        who = int(event.value["user"]), bool(event.value["superuser"]) and not external
        heard.setdefault(who, []).append(event)
    calls = model_uses(history, rights.get("lines", {})) if external else {}
    records = []
    for (user, superuser), events in sorted(heard.items()):
        known = grants.get(str(user), {})
        uses = _uses(events, calls)
        note = CALLS_NOTE if external else INSIDE_NOTE
        record = OdooUserRecord(
            login=known.get("login", f"user {user}"),
            superuser=superuser or user == SUPERUSER,
            models=uses,
            groups=known.get("groups", []),
            note=note,
        )
        if record.superuser:
            record.note += SUPERUSER_NOTE
        elif known:
            asked = {event.name for event in events if event.outcome == "group"}
            record.models_granted = len(_granted_models(record.groups, rights))
            record.groups_least = _least_groups(record.groups, uses, asked, rights)
            record.brings = {
                group: sorted(_closure([group], rights["implied"]) - {group})
                for group in record.groups_least
            }
        records.append(record)
    return records


def _uses(events: Iterable[Event], calls: Mapping[str, ModelUse]) -> list[ModelUse]:
    found: dict[str, set[str]] = {}
    for event in events:
        if event.outcome != "group":
            found.setdefault(event.name, set()).add(event.outcome)
    uses = []
    for model in sorted({*found, *calls}):
        call = calls.get(model) or ModelUse(model=model)
        asked = found.get(model, set())
        operations = [name for name in OPERATIONS if name in asked]
        uses.append(
            ModelUse(
                model=model,
                operations=operations,
                methods=call.methods,
                fields_read=call.fields_read,
                fields_written=call.fields_written,
            )
        )
    return uses


def _closure(groups: Iterable[str], implied: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    open_groups = list(groups)
    while open_groups:
        group = open_groups.pop()
        if group not in found:
            found.add(group)
            open_groups += implied.get(group, ())
    return found


def _granted_models(groups: Sequence[str], rights: Mapping[str, Any]) -> set[str]:
    mine = _closure(groups, rights["implied"]) | {""}
    return {model for model, group, may in rights["rights"] if may and group in mine}


def _least_groups(
    groups: Sequence[str], uses: Sequence[ModelUse], asked: set[str], rights: Mapping[str, Any]
) -> list[str]:
    """Return groups that give every right that was asked for, and of which none can go.

    Kept are all whom Odoo asked about by name, and all by whose rules a user sees more records of
    the models in use; of the others those that give most are left out first.
    """
    implied: Mapping[str, Sequence[str]] = rights["implied"]
    needed = {(use.model, LETTERS[name]) for use in uses for name in use.operations}
    gives: dict[str, set[tuple[str, str]]] = {"": set()}
    power: dict[str, int] = {}
    for model, group, may in rights["rights"]:
        gives.setdefault(group, set()).update(needed & {(model, letter) for letter in may})
        power[group] = power.get(group, 0) + len(may)
    ruling = {
        group for model, group, may in rights["rules"] if any((model, c) in needed for c in may)
    }
    mine = _closure(groups, implied)
    kept = {group for group in mine if group in asked or group in ruling}
    needed &= set().union(*(gives.get(group, set()) for group in {*mine, ""}))

    def enough(chosen: Iterable[str]) -> bool:
        whole = _closure(chosen, implied)
        given = set(gives[""]).union(*(gives.get(group, set()) for group in whole))
        return kept <= whole and needed <= given

    def reach(group: str) -> tuple[int, str]:
        return sum(power.get(name, 0) for name in _closure([group], implied)), group

    chosen = set(mine)
    for group in sorted(mine, key=reach, reverse=True):
        if enough(chosen - {group}):
            chosen.discard(group)
    for group in sorted(chosen, key=reach):  # what another brings with it needs no mention
        if group in _closure(chosen - {group}, implied):
            chosen.discard(group)
    return sorted(chosen)


def merged_users(runs: Iterable[Sequence[OdooUserRecord]]) -> list[OdooUserRecord]:
    """Return what several runs asked of the same users together."""
    found: dict[tuple[str, bool], OdooUserRecord] = {}
    for record in (record for run in runs for record in run):
        known = found.get((record.login, record.superuser))
        if known is None:
            found[record.login, record.superuser] = record
            continue
        uses = {use.model: use for use in known.models}
        for use in record.models:
            uses[use.model] = _merged_use(uses.get(use.model), use)
        brings = {**known.brings, **record.brings}
        brought = {group for groups in brings.values() for group in groups}
        counts = [count for count in (known.models_granted, record.models_granted) if count]
        found[record.login, record.superuser] = OdooUserRecord(
            login=record.login,
            superuser=record.superuser,
            models_granted=max(counts, default=None),
            models=[uses[model] for model in sorted(uses)],
            groups=sorted({*known.groups, *record.groups}),
            groups_least=sorted(set(brings) - brought),
            brings={group: brings[group] for group in sorted(set(brings) - brought)},
            note=record.note,
        )
    return list(found.values())


def _merged_use(known: ModelUse | None, use: ModelUse) -> ModelUse:
    if known is None:
        return use
    operations = {*known.operations, *use.operations}
    return ModelUse(
        model=use.model,
        operations=[name for name in OPERATIONS if name in operations],
        methods=sorted({*known.methods, *use.methods}),
        fields_read=sorted({*known.fields_read, *use.fields_read}),
        fields_written=sorted({*known.fields_written, *use.fields_written}),
    )
