"""The partners that answer and do no more: a folder of WireMock mappings for each provider.

``contracts/<provider>/partner.toml`` says which part it plays (tax, fraud, address, messages,
email), what it models and what not, and which facts of its calls the history keeps;
``contracts/<provider>/mappings/*.json`` are mappings as any WireMock 3 takes them, but that
``${name}`` stands for a value of the run, such as an API key. A mapping's name is its operation,
with a remark behind a colon ("score: refused"). A connector brings folders of the same kind by
``[partners]`` in connector.toml; docs/partners.md shows how.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from peakproof import catalog
from peakproof.errors import BadFile, UnknownName
from peakproof.seed import Seed

__all__ = ["Action", "Contract", "chosen", "operation_of", "parts"]

_DRAWN = re.compile(r"\{(hex|digits):(\d+)\}")
_VALUE = re.compile(r"\$\{(\w+)\}")


class Action(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``[actions.<name>]``: what a person does there puts ``scenario`` into a state.

    The step's argument ``argument`` says which: ``states`` holds the state for each word.
    """

    scenario: str
    argument: str
    states: dict[str, str]


class Contract(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One partner.toml, and where it lies.

    ``values`` are what a connector is told ({hex:32} and {digits:6} are drawn for each run),
    ``hosts`` the vendor's own host names, ``paths`` where its addresses begin: what no mapping
    answers there is not modelled. ``facts`` are, by operation, what the history keeps of a call:
    a name and its place (``request.order.id``, ``answer.decision``); ``words`` turn a vendor's
    words for a fact into ours; ``errors`` are the places of error codes in an answer.
    """

    part: str = ""
    title: str = ""
    version: str = ""
    documents: list[str] = []
    not_modelled: str = ""
    hosts: list[str] = []
    paths: tuple[str, ...] = ("/",)
    values: dict[str, str] = {}
    errors: list[str] = []
    facts: dict[str, dict[str, str]] = {}
    words: dict[str, dict[str, str]] = {}
    actions: dict[str, Action] = {}
    provider: str = ""  # the folder's name; filled in by load, like the next
    folder: str = ""

    @classmethod
    def load(cls, folder: Path, part: str = "") -> "Contract":
        """Read a folder, for a part that partner.toml need not name; raises BadFile."""
        file = folder / "partner.toml"
        try:
            found = tomllib.loads(file.read_text()) if file.exists() else {}
            contract = msgspec.convert(found, cls)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise BadFile(f"{file}: expected a partner: {error}.") from error
        contract.provider, contract.folder = folder.name, str(folder.resolve())
        contract.part = part or contract.part
        contract.title = contract.title or f"{contract.part} as {folder.name} has it"
        if not contract.part:
            raise BadFile(f"{file}: expected part = ..., the part that this partner plays.")
        if not list(folder.glob("mappings/*.json")):
            raise BadFile(f"Expected WireMock mappings in {folder / 'mappings'}, found none.")
        return contract

    def draw(self, seed: Seed) -> dict[str, str]:
        """Return the values of a run: credentials and the like."""

        def drawn(name: str, found: re.Match[str]) -> str:
            label, length = f"{self.part} {name}", int(found[2])
            if found[1] == "hex":
                return seed.token(label, length)
            return str(seed.number(label) % (9 * 10 ** (length - 1)) + 10 ** (length - 1))

        return {name: _DRAWN.sub(partial(drawn, name), text) for name, text in self.values.items()}

    def mappings(self, values: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return the mappings of every file, filled in with ``values`` where given.

        Raises BadFile for a file that is no JSON, a mapping without a name, an unknown value.
        """
        found: list[dict[str, Any]] = []
        for path in sorted(Path(self.folder).glob("mappings/*.json")):
            text = path.read_text()
            if values is not None:
                text = _VALUE.sub(partial(_known, values, path), text)
            try:
                document = msgspec.json.decode(text)
            except msgspec.DecodeError as error:
                raise BadFile(f"{path}: expected WireMock mappings as JSON: {error}.") from error
            entries = document.get("mappings", [document]) if isinstance(document, dict) else []
            for entry in entries:
                if not isinstance(entry, dict) or not entry.get("name"):
                    raise BadFile(f"{path}: expected each mapping to have a name, its operation.")
                if "request" not in entry or "response" not in entry:
                    raise BadFile(f"{path}: {entry['name']}: expected a request and a response.")
                found.append(entry)
        return found


def operation_of(mapping: Mapping[str, Any]) -> str:
    """Return the operation that a mapping stands for."""
    return str(mapping["name"]).partition(":")[0].strip()


def parts() -> dict[str, str]:
    """Return the parts that the catalogue's partners play, with the provider of each."""
    contracts = [_of_catalogue(name) for name in _providers()]
    return {contract.part: contract.provider for contract in contracts}


def chosen(
    wanted: Iterable[str], systems: Mapping[str, str], own: Mapping[str, Path]
) -> list[Contract]:
    """Return the partners of a story: those it asks for, and those that the connector brings.

    ``systems`` says which provider plays a part where it is not the usual one, ``own`` which
    folder of the connector's. Raises UnknownName, BadFile.
    """
    usual, found = parts(), []
    for part in dict.fromkeys([*wanted, *own]):
        if part in own:
            found.append(Contract.load(own[part], part))
        elif part in systems or part in usual:
            found.append(_of_catalogue(systems.get(part) or usual[part]))
        else:
            raise UnknownName("partner", part, usual)
    taken: dict[str, str] = {}
    for contract in found:
        for path in contract.paths:
            if path in taken:
                raise BadFile(
                    f"The partners {taken[path]} and {contract.part} both answer at {path}. "
                    f"Give {contract.folder}/partner.toml paths = [...] of its own."
                )
            taken[path] = contract.part
    return found


def _providers() -> list[str]:
    """Return the folders of the catalogue that are partners; others hold pacts and schemas."""
    place = catalog.folder("contracts")
    return [name for name in catalog.names("contracts") if (place / name / "partner.toml").exists()]


def _of_catalogue(provider: str) -> Contract:
    known = _providers()
    if provider not in known:
        raise UnknownName("partner", provider, known, "contracts")
    return Contract.load(catalog.folder("contracts") / provider)


def _known(values: Mapping[str, str], path: Path, found: re.Match[str]) -> str:
    name = found[1]
    if name in values:
        return values[name]
    near = difflib.get_close_matches(name, values, n=1)
    hint = f" Did you mean ${{{near[0]}}}?" if near else ""
    raise BadFile(f"{path}: [values] of partner.toml holds no {name!r}.{hint}")
