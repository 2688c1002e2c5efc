"""Cuts our part out of the published Admin API schema, for every version at once.

    python -m simulators.shopify.prune FOLDER

FOLDER holds ``admin_<version>.json.gz`` (in npm's @shopify/dev-mcp 1.16.0: package/dist/data).
``schema/*.fields`` say what is modelled: a line ``Type: field field(argument argument)`` or
``Type: *``. What comes out: ``schema/<noun>.graphql`` with the types of that noun,
``schema/common.graphql`` with what they reach, ``schema/access.json`` with the scopes, and
``schema/published.txt.gz``, the names of everything that Shopify has.

Names, types, defaults and deprecations are facts and are kept; descriptions are left out. What
exists in some versions only carries ``@only(versions: "2026-01 2026-04")``.

Not modelled: subscriptions of the schema language, directives other than @idempotent.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .published import write_index
from .versions import VERSIONS

__all__ = ["FOLDER", "main", "read_fields"]

FOLDER = Path(__file__).parent / "schema"
WHOLE = re.compile(
    r"^(Job|Mone(yBag|yV2)|PageInfo|Count|CurrencyExchange|SEO|StringEdge|StringConnection"
    r"|\w+(Connection|Edge|Payload)|DisplayableError)$"
)
LEAVES = ("SCALAR", "ENUM")
Types = dict[str, dict[str, Any]]
Kept = dict[str, dict[str, list[str]]]


class Listing:
    """What the ``.fields`` files ask for: by type the fields (None: all arguments)."""

    def __init__(self) -> None:
        self.fields: dict[str, dict[str, set[str] | None]] = {}
        self.whole: set[str] = set()
        self.noun: dict[str, str] = {}

    def add(self, noun: str, type_name: str, text: str) -> None:
        """Add one line of a noun's file."""
        wanted = self.fields.setdefault(type_name, {})
        self.noun.setdefault(type_name, noun)
        for name, arguments in re.findall(r"(\*|\w+)(?:\(([^)]*)\))?", text):
            if name == "*":
                self.whole.add(type_name)
            else:
                wanted[name] = set(arguments.split()) if arguments else None


def read_fields(folder: Path = FOLDER) -> Listing:
    """Read every ``.fields`` file of a folder."""
    listing = Listing()
    for path in sorted(folder.glob("*.fields")):
        for line in path.read_text().splitlines():
            text = line.split("#")[0].strip()
            if text:
                type_name, _, names = text.partition(":")
                listing.add(path.stem, type_name.strip(), names)
    return listing


def named(reference: dict[str, Any]) -> dict[str, Any]:
    """Return the innermost type of a reference."""
    while reference.get("ofType"):
        reference = reference["ofType"]
    return reference


def render_type(reference: dict[str, Any]) -> str:
    """Write a type reference as the schema language does."""
    if reference["kind"] == "NON_NULL":
        return render_type(reference["ofType"]) + "!"
    if reference["kind"] == "LIST":
        return f"[{render_type(reference['ofType'])}]"
    return str(reference["name"])


class Cut:
    """Our part of one version: which fields of which types, closed under reach."""

    def __init__(self, version: str, types: Types, listing: Listing) -> None:
        self.version, self.types, self.listing = version, types, listing
        self.kept: Kept = {}
        self.reached: set[str] = set()
        self.problems: list[str] = []
        for name in listing.fields:
            self.reach(name, "a .fields file")

    def allowed(self, name: str) -> bool:
        """Tell whether a type may be reached without being an error."""
        kind = self.types[name]["kind"]
        if kind in LEAVES or name in self.listing.fields or name in self.kept:
            return True
        if kind == "UNION":
            return any(m["name"] in self.listing.fields for m in self.members(name))
        interfaces = [entry["name"] for entry in self.types[name].get("interfaces") or ()]
        if "DisplayableError" in interfaces:
            return True
        return kind != "INPUT_OBJECT" and bool(WHOLE.match(name))

    def members(self, name: str) -> list[dict[str, Any]]:
        """Return the published members of a union."""
        return self.types[name]["possibleTypes"] or []

    def reach(self, name: str, origin: str) -> None:
        """Keep a type, and everything that it leads to."""
        if name not in self.types or name in self.reached:
            return
        if not self.allowed(name):
            self.problems.append(f"{origin} reaches {name}, which no .fields file lists")
            return
        self.reached.add(name)
        kind = self.types[name]["kind"]
        if kind in ("OBJECT", "INTERFACE", "INPUT_OBJECT"):
            self.kept[name] = {}
            for field, arguments in self.chosen(name):
                self.kept[name][field["name"]] = arguments
                place = f"{name}.{field['name']} ({self.version})"
                self.reach(named(field["type"])["name"], place)
                for argument in field.get("args") or []:
                    if argument["name"] in arguments:
                        self.reach(named(argument["type"])["name"], place)

    def chosen(self, name: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Yield the fields to keep of a type, each with its arguments."""
        published = self.types[name]
        wanted = self.listing.fields.get(name, {})
        everything = name in self.listing.whole or name not in self.listing.fields
        strict = published["kind"] == "INPUT_OBJECT"
        for field in published["fields"] or published["inputFields"] or []:
            if field["name"] in wanted:
                only = wanted[field["name"]]
                yield (
                    field,
                    [
                        argument["name"]
                        for argument in field.get("args") or []
                        if only is None or argument["name"] in only or required(argument)
                    ],
                )
            elif everything and (strict or self.allowed(named(field["type"])["name"])):
                yield (
                    field,
                    [
                        argument["name"]
                        for argument in field.get("args") or []
                        if required(argument) or self.allowed(named(argument["type"])["name"])
                    ],
                )
            elif strict and required(field):
                yield field, []

    def interfaces(self, name: str) -> list[str]:
        """Return the interfaces whose kept fields the type has too."""
        mine = self.kept[name]
        found = []
        for interface in self.types[name].get("interfaces") or []:
            theirs = self.kept.get(interface["name"])
            if theirs and all(
                field in mine and set(arguments) <= set(mine[field])
                for field, arguments in theirs.items()
            ):
                found.append(interface["name"])
        return [
            entry for entry in found if all(parent in found for parent in self.interfaces(entry))
        ]


def required(item: dict[str, Any]) -> bool:
    """Tell whether an argument or input field must be given."""
    return item["type"]["kind"] == "NON_NULL" and item.get("defaultValue") is None


def render_value(item: dict[str, Any]) -> str:
    """Write an argument or an input field."""
    default = "" if item.get("defaultValue") is None else f" = {item['defaultValue']}"
    mark = " @deprecated" if item.get("isDeprecated") and not required(item) else ""
    return f"{item['name']}: {render_type(item['type'])}{default}{mark}"


def render_members(cut: Cut, name: str) -> list[str]:
    """Write the fields or values of a type, one text each."""
    published = cut.types[name]
    if published["kind"] == "ENUM":
        return [
            value["name"] + (" @deprecated" if value["isDeprecated"] else "")
            for value in published["enumValues"]
        ]
    if published["kind"] == "INPUT_OBJECT":
        return [
            render_value(field)
            for field in published["inputFields"]
            if field["name"] in cut.kept[name]
        ]
    lines = []
    for field in published["fields"] or []:
        if field["name"] in cut.kept[name]:
            keep = cut.kept[name][field["name"]]
            listed = [render_value(a) for a in field["args"] if a["name"] in keep]
            arguments = f"({', '.join(listed)})" if listed else ""
            mark = " @deprecated" if field["isDeprecated"] else ""
            lines.append(f"{field['name']}{arguments}: {render_type(field['type'])}{mark}")
    return lines


def render_head(cut: Cut, name: str) -> str:
    """Write the first words of a type's definition."""
    kind = cut.types[name]["kind"]
    if kind == "UNION":
        members = [m["name"] for m in cut.members(name) if m["name"] in cut.kept]
        return f"union {name} = {' | '.join(members)}"
    word = {"OBJECT": "type", "INPUT_OBJECT": "input"}.get(kind, kind.lower())
    if kind in ("OBJECT", "INTERFACE"):
        implemented = cut.interfaces(name)
        if implemented:
            return f"{word} {name} implements {' & '.join(implemented)}"
    if cut.types[name].get("isOneOf"):
        return f"{word} {name} @oneOf"
    return f"{word} {name}"


def only(versions: list[str], among: list[str]) -> str:
    """Write the mark of what exists in some versions only."""
    return "" if versions == among else f' @only(versions: "{" ".join(versions)}")'


def render(cuts: list[Cut], name: str) -> str:
    """Write a type for all versions together."""
    heads: dict[str, list[Cut]] = {}
    for cut in cuts:
        if name in cut.reached:
            heads.setdefault(render_head(cut, name), []).append(cut)
    blocks = []
    for head, group in heads.items():
        versions = [cut.version for cut in group]
        mark = only(versions, list(VERSIONS))
        if head.startswith("union"):
            before, _, after = head.partition(" = ")
            blocks.append(f"{before}{mark} = {after}\n")
            continue
        members: dict[str, list[str]] = {}
        for cut in group:
            for line in render_members(cut, name):
                members.setdefault(line, []).append(cut.version)
        body = "".join(f"  {line}{only(seen, versions)}\n" for line, seen in members.items())
        blocks.append(f"{head}{mark} {{\n{body}}}\n" if body else f"{head}{mark}\n")
    return "\n".join(blocks)


def access_of(published: dict[str, Any]) -> dict[str, list[str]]:
    """Return by type, root field (``Mutation.x``) the scopes of which one is enough."""
    scopes: dict[str, list[str]] = {}

    def note(key: str, text: str | None) -> None:
        first = (text or "").split("Also:")[0]
        found = re.findall(r"`([a-z_]+)` access scope", first)
        if found:
            scopes[key] = found

    for entry in published["data"]["__schema"]["types"]:
        note(entry["name"], entry.get("requiredAccess"))
        for field in entry["fields"] or []:
            note(f"{entry['name']}.{field['name']}", field.get("requiredAccess"))
    return scopes


def write_nouns(cuts: list[Cut], listing: Listing) -> None:
    """Write one SDL file per noun."""
    files: dict[str, list[str]] = {noun: [] for noun in {*listing.noun.values(), "common"}}
    listing.noun |= {"QueryRoot": "common", "Mutation": "common"}
    builtin = {"Int", "Float", "String", "Boolean", "ID"}
    for name in sorted({name for cut in cuts for name in cut.reached} - builtin):
        files[listing.noun.get(name, "common")].append(render(cuts, name))
    for noun, blocks in files.items():
        (FOLDER / f"{noun}.graphql").write_text("\n".join(blocks))


def main(folder: Path) -> int:
    """Cut every version; print what is wrong and return 1 if something is."""
    published = {
        version: json.loads(gzip.decompress((folder / f"admin_{version}.json.gz").read_bytes()))
        for version in VERSIONS
    }
    types: dict[str, Types] = {
        version: {entry["name"]: entry for entry in data["data"]["__schema"]["types"]}
        for version, data in published.items()
    }
    listing = read_fields()
    cuts = [Cut(version, types[version], listing) for version in VERSIONS]
    problems = [problem for cut in cuts for problem in cut.problems]
    for name, fields in listing.fields.items():
        for field in fields:
            if not any(field in cut.kept.get(name, {}) for cut in cuts):
                problems.append(f"{name}.{field} is not in the published schema")
    if problems:
        sys.stderr.write("\n".join(dict.fromkeys(problems)) + "\n")
        return 1
    write_nouns(cuts, listing)
    merged: dict[str, list[str]] = {}
    for version in VERSIONS:
        merged |= access_of(published[version])
    kept = {name for cut in cuts for name in cut.kept}
    kept |= {f"{name}.{field}" for cut in cuts for name in cut.kept for field in cut.kept[name]}
    chosen = {key: value for key, value in merged.items() if key in kept}
    (FOLDER / "access.json").write_text(json.dumps(chosen, indent=0, sort_keys=True) + "\n")
    write_index(FOLDER / "published.txt.gz", types)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
