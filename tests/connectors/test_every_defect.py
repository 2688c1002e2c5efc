"""Every deliberate defect: says what it is, names what exists, changes the reference and starts.

Whether each is caught is `make selftest`'s work; tests/gate/test_selftest.py plays a few.
"""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.defects import REGISTRY
from peakproof import invariants
from peakproof.connector import FLOWS, ConnectorSpec
from peakproof.run import applicable, draw_plan, load_scenario

ROOT = Path(__file__).parents[2]
DEFECTS = ROOT / "connectors" / "defects"
FLOWS_BESIDES = {"webhooks", "limits", "operations", "identity", "prices", "privacy"}

# Installs each defect alone in a fresh process of its own, forked from one that has imported all.
INSTALL = """
import importlib, os, sys
modules = [importlib.import_module(f"connectors.defects.{name}") for name in sys.argv[1:]]
from connectors.defects import _defect
for module in modules:
    if os.fork():
        _, status = os.wait()
        if status:
            print(module.__name__)
    else:
        changed = []
        def watched(owner, name, new, replace=_defect.replace):
            old = replace(owner, name, new)
            changed.append(old is not new)
            return old
        for name, part in list(sys.modules.items()):
            if name.startswith("connectors.defects.") and hasattr(part, "replace"):
                part.replace = watched
        module.install()
        os._exit(0 if changed and all(changed) else 1)
"""


@pytest.mark.parametrize("name", REGISTRY)
def test_a_defect_says_what_it_is_and_who_must_catch_it(name: str) -> None:
    module = importlib.import_module(f"connectors.defects.{name}")
    defect = module.DEFECT
    assert defect.flow in {*FLOWS, *FLOWS_BESIDES}
    assert defect.title[0].islower(), "a title goes on after 'the connector'"
    assert not defect.title.endswith(".")
    scenario = load_scenario(defect.scenario)
    assert set(defect.invariants) <= set(scenario.invariants) & set(invariants.REGISTRY)
    assert defect.invariants
    for case in defect.cases:
        assert re.search(rf"\b{case}\b", inspect.getdoc(module) or ""), f"{case} is not told"
    spec = ConnectorSpec.load(DEFECTS / f"{name}.py")
    assert not applicable(scenario, spec)
    draw_plan(scenario, 1, defect.options, external=True, flows=spec.connector.flows)


def test_every_defect_changes_the_reference() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INSTALL, *REGISTRY],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_titles_are_told_apart() -> None:
    titles = [
        importlib.import_module(f"connectors.defects.{name}").DEFECT.title for name in REGISTRY
    ]
    assert len(set(titles)) == len(titles)
