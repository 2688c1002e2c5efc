"""The command line from outside: words, exit codes, no stack traces."""

import subprocess
import sys
from pathlib import Path

import pytest

from peakproof import catalog, cli, contracts, faults, invariants
from peakproof.outcomes import ExitCode

ROOT = Path(__file__).parent.parent


def peakproof(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "peakproof", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "flash_sail", "--connector", "connectors/reference"], "Did you mean 'flash_sale'"),
        (["run", "flash_sale", "--connector", "nowhere"], "connector.toml"),
        (["run", "flash_sale"], "--connector"),
        (["gate", "--connector", "connectors/reference", "--scenario", "quiet"], "quiet_day"),
        (["check", "nowhere"], "plan.json"),
        (["list", "weather"], "invariants"),
        (["dance"], "dance"),
        (
            ["run", "flash_sale", "--connector", "connectors/reference", "--option", "stock"],
            "name=value",
        ),
        (
            ["run", "flash_sale", "--connector", "connectors/reference", "--option", "stok=1"],
            "Did you mean 'stock'",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_mistakes_of_the_caller_end_with_64(words: list[str], message: str) -> None:
    done = peakproof(*words)
    assert done.returncode == ExitCode.USAGE, done.stdout + done.stderr
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_list_names_everything_that_is_registered() -> None:
    done = peakproof("list")
    assert done.returncode == ExitCode.PASS, done.stderr
    registered = [
        *catalog.names("scenarios"),
        *catalog.names("simulators"),
        *contracts.parts().values(),
        *invariants.REGISTRY,
        *faults.REGISTRY,
    ]
    assert [name for name in registered if name not in done.stdout] == []
    assert "connectors/oca_shopify" in done.stdout
    assert "connectors/reference" in done.stdout


def test_help_and_version() -> None:
    assert "gate" in peakproof("--help").stdout
    assert peakproof("version").stdout.strip()


def test_a_folder_of_connectors_means_all_of_them() -> None:
    done = peakproof("gate", "--connector", "connectors", "--scenario", "dance")
    assert done.returncode == ExitCode.USAGE
    folders = [folder.name for folder in cli._folders(ROOT / "connectors")]
    assert folders == [name for name in catalog.names("connectors") if name != "defects"]
    variants = [path.stem for path in cli._folders(ROOT / "connectors" / "defects")]
    assert set(variants) == set(catalog.load("connectors", "defects").REGISTRY)
    assert cli._folders(ROOT / "connectors" / "reference") == [ROOT / "connectors" / "reference"]
