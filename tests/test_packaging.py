"""The built wheel works away from the checkout, with its catalogue and pytest plugin inside."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_carries_the_catalogue_and_runs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        archive.extractall(target)
    assert {top for top in tops if not top.endswith(".dist-info")} == {"peakproof"}
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "import peakproof, peakproof.catalog as c; assert sys.argv[1] in peakproof.__file__;"
        "from peakproof.run import load_scenario, draw_plan;"
        "s = load_scenario('flash_sale'); print(len(draw_plan(s, 1, {}, True).stages));"
        "print(c.load('simulators', 'shopify').__name__);"
        "print((c.folder('connectors') / 'reference' / 'connector.toml').is_file())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(target)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "peakproof._catalog.simulators.shopify", "True"]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--trace-config", "--fixtures", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(target)},
        check=True,
    ).stdout
    assert "\nworld -- " in told, "pytest finds the plugin by the wheel's entry point"
    assert f"{target}/peakproof/pytest_plugin.py" in told
