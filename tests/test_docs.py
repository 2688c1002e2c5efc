"""The generated pages are current, and what the README names is there."""

import importlib.util
import re
from pathlib import Path

from peakproof.connector import ConnectorSpec
from peakproof.placeholders import VALUES

ROOT = Path(__file__).parent.parent


def test_the_reference_is_what_the_registries_say() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text() == module.generate(), "run `make docs`"


def test_the_connector_file_of_the_tutorial_loads_and_its_values_exist(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text(), re.S)
    (tmp_path / "connector.toml").write_text(block)
    spec = ConnectorSpec.load(tmp_path)
    text = " ".join([*spec.environment.values(), spec.ready.url, spec.settled.url])
    used = set(re.findall(r"\{([a-z_.]+)\}", text))
    assert len(used) >= 8
    assert used <= set(VALUES)


def test_what_the_pages_show_stands_in_the_example_repository() -> None:
    """That repository's tests are run, and its CI files are held against the action."""
    example = ROOT / "docs" / "examples" / "connector_repository"
    files = ("tests/test_connector.py", ".github/workflows/peakproof.yml", ".gitlab-ci.yml")
    tested = "".join((example / name).read_text() for name in files)
    for page in ("pytest.md", "ci.md"):
        blocks = re.findall(r"```\w+\n(.*?)```", (ROOT / "docs" / page).read_text(), re.S)
        assert blocks
        assert all(block in tested for block in blocks), page


def test_every_connector_claims_what_its_page_says() -> None:
    for file in (ROOT / "connectors").glob("*/connector.toml"):
        spec = ConnectorSpec.load((ConnectorSpec.variants_in(file.parent) or [file])[0])
        assert set(spec.service_levels) <= set(spec.connector.flows), file


def test_links_in_the_documentation_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken
