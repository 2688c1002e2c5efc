"""Writes docs/reference.md from the registries: ``make docs``; a test checks that it is current.

Nothing here is written by hand, so nothing here can drift.
"""

import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from peakproof import (  # noqa: E402 - needs the path above
    catalog,
    connector,
    contracts,
    faults,
    invariants,
    placeholders,
)
from peakproof.run import load_scenario  # noqa: E402

TARGET = ROOT / "docs" / "reference.md"


def paragraph(text: str | None) -> str:
    """Return a docstring as Markdown, without its indentation."""
    return inspect.cleandoc(text or "").strip()


def scenarios() -> list[str]:
    """List every scenario with its options."""
    lines = ["## Scenarios", ""]
    for name in catalog.names("scenarios"):
        scenario = load_scenario(name)
        module = catalog.load("scenarios", name)
        lines += [f"### {name}", "", paragraph(module.__doc__), ""]
        lines += [
            f"Needs the flows {', '.join(scenario.flows)}; judged by "
            f"{', '.join(scenario.invariants)}.",
            "",
        ]
        lines += [paragraph(scenario.options.__doc__), "", "| option | default |", "| --- | --- |"]
        lines += [
            f"| `{field.name}` | {field.default} |"
            for field in msgspec.structs.fields(scenario.options)
        ]
        lines.append("")
    return lines


def modules(title: str, registry: dict[str, Any], extra: str) -> list[str]:
    """List a registry of modules by their docstrings."""
    lines = [f"## {title}", ""]
    for name, module in registry.items():
        lines += [f"### {name}", "", paragraph(module.__doc__), ""]
        if extra and hasattr(module, extra):
            lines += [f"{extra.title()}: {getattr(module, extra)}.", ""]
    return lines


def partners() -> list[str]:
    """List what WireMock plays: each folder of contracts by its partner.toml."""
    lines = ["## Partners", "", "Played by WireMock; [partners.md](partners.md) shows how.", ""]
    for part, provider in sorted(contracts.parts().items()):
        (contract,) = contracts.chosen([part], {}, {})
        operations = dict.fromkeys(map(contracts.operation_of, contract.mappings()))
        documents = "; ".join(contract.documents)
        lines += [f"### {part}: {provider}", "", f"{contract.title}, {contract.version}.", ""]
        lines += [f"Operations: {', '.join(f'`{name}`' for name in operations)}.", ""]
        if contract.actions:
            lines += [f"People there: {', '.join(f'`{name}`' for name in contract.actions)}.", ""]
        lines += [f"After {documents}.", "", f"Not modelled: {contract.not_modelled.strip()}", ""]
    return lines


def connector_file() -> list[str]:
    """Describe every table of connector.toml from its struct."""
    lines = ["## connector.toml", "", paragraph(connector.__doc__), ""]
    for name in (
        "Identity",
        "Addons",
        "Start",
        "Setup",
        "Probe",
        "Approvals",
        "Screening",
        "Kick",
        "ServiceLevelClaim",
        "Needs",
    ):
        struct = getattr(connector, name)
        lines += [
            f"### {name}",
            "",
            paragraph(struct.__doc__),
            "",
            "| key | default |",
            "| --- | --- |",
        ]
        for field in msgspec.structs.fields(struct):
            default = "required" if field.required else repr(field.default)
            if not field.required and field.default is msgspec.NODEFAULT:
                default = "empty"
            lines.append(f"| `{field.name}` | {default} |")
        lines.append("")
    lines += ["### Values", "", "| placeholder | what it stands for |", "| --- | --- |"]
    lines += [f"| `{{{name}}}` | {meaning} |" for name, meaning in placeholders.VALUES.items()]
    return lines


def generate() -> str:
    """Return the whole page."""
    lines = ["# Reference", "", "Written by `make docs` from the registries; do not edit.", ""]
    lines += scenarios()
    lines += modules("Invariants", invariants.REGISTRY, "")
    lines += modules("Faults", faults.REGISTRY, "LEVEL")
    lines += partners()
    lines += connector_file()
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(generate())
    print(f"wrote {TARGET.relative_to(ROOT)}")
