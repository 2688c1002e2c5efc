"""The action's own shell steps, played for real with the runner's files faked, and the CI files.

Not here: the steps of others (actions/...), and the installation of the locked requirements,
which takes minutes; what it would be called with is looked at.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXAMPLE = ROOT / "docs" / "examples" / "connector_repository"
EXPRESSION = re.compile(r"\$\{\{ ([^}]+) \}\}")

# Stands for the interpreter of setup-python: makes a venv whose pip only says what it was asked.
PYTHON = f"""#!/bin/bash
mkdir -p "$3/bin"
printf '#!/bin/bash\\necho "$@" >> "$RUNNER_TEMP/pip.log"\\n' > "$3/bin/python"
printf '#!/bin/bash\\nexec {sys.executable} -m peakproof "$@"\\n' > "$3/bin/peakproof"
chmod +x "$3/bin/python" "$3/bin/peakproof"
"""
# Stands for GitHub's command line: knows the comments in gh.known, writes down what it is told.
GH = """#!/bin/bash
[ -f "$RUNNER_TEMP/gh.broken" ] && exit 4
echo "$@" >> "$RUNNER_TEMP/gh.log"
if [[ "$*" == *--jq* ]]; then cat "$RUNNER_TEMP/gh.known"; fi
"""


class Runner:
    """What GitHub's runner does for a composite action, as far as its shell steps see it."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.values = {
            f"inputs.{name}": inputs.get(name, str(one.get("default", "")))
            for name, one in ACTION["inputs"].items()
        }
        self.values["github.event.pull_request.number"] = "12"
        self.values["steps.python.outputs.python-path"] = str(folder / "python")
        for name, text in (("python", PYTHON), ("gh", GH)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        (folder / "gh.known").write_text("")
        self.summary = folder / "step-summary.md"

    def run(self, step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a shell step and take up its outputs."""
        output = self.folder / "output"
        output.write_text("")
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REPOSITORY": "somebody/shop",
            **{name: self.fill(text) for name, text in step["env"].items()},
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step['id']}.outputs.{name}"] = value
        return done

    def fill(self, text: str) -> str:
        """Put values in the place of expressions."""
        return EXPRESSION.sub(lambda found: self.values[found[1]], text)

    def told(self, name: str) -> list[str]:
        """Return what a stand-in wrote down."""
        path = self.folder / name
        return path.read_text().splitlines() if path.is_file() else []


def step(name: str) -> dict[str, Any]:
    """Return a step by its name."""
    return next(one for one in STEPS if one.get("name") == name)


def test_every_reference_of_the_action_leads_somewhere() -> None:
    known = {f"inputs.{name}" for name in ACTION["inputs"]}
    ids = {one["id"] for one in STEPS if "id" in one}
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.[\w-]+", text)) == known, "every input is used"
    assert set(re.findall(r"steps\.([\w-]+)\.outputs", text)) <= ids
    written = set(re.findall(r'echo "([\w-]+)=', text))
    for place, name in re.findall(r"steps\.(install|gate)\.outputs\.([\w-]+)", text):
        assert name in written, (place, name)


@pytest.mark.parametrize("one", STEPS, ids=lambda one: one.get("name") or one["id"])
def test_every_step_is_pinned_or_sound_shell(one: dict[str, Any]) -> None:
    if "uses" in one:
        assert re.fullmatch(r"actions/[\w/-]+@v\d+", one["uses"])
        return
    assert one["shell"] == "bash"
    assert "${{" not in one["run"], "what comes from outside goes through env, never into code"
    subprocess.run(["bash", "-n", "-c", one["run"]], check=True)


@pytest.mark.odoo
def test_the_steps_in_order_with_a_green_gate(tmp_path: Path) -> None:
    connector = tmp_path / "my connector"
    shutil.copytree(EXAMPLE, connector)
    levels = connector / "connector.toml"
    levels.write_text(levels.read_text().replace("p95_seconds = 60", "p95_seconds = 600"))
    runner = Runner(tmp_path, connector=str(connector), scenarios="quiet_day\n", seed="3")
    for one in STEPS:
        if "run" in one:
            done = runner.run(one)
            assert done.returncode == 0, (one, done.stdout, done.stderr)
    locked, own = runner.told("pip.log")
    assert "--require-hashes -r" in locked
    assert own.endswith(str(ROOT))
    reports = Path(runner.fill(ACTION["outputs"]["reports"]["value"]))
    assert {path.name for path in reports.iterdir()} == {
        "report.html",
        "junit.xml",
        "verdict.json",
        "summary.md",
    }
    summary = (reports / "summary.md").read_text()
    assert summary.startswith("## ✓ pass: example")
    assert "| quiet_day | ✓ pass |" in summary
    assert "--seed 3" in summary
    assert runner.summary.read_text() == summary
    assert runner.values["steps.gate.outputs.exit-code"] == "0"
    listed, made = runner.told("gh.log")
    assert listed.startswith("api --paginate repos/somebody/shop/issues/12/comments")
    assert made.startswith("api --silent repos/somebody/shop/issues/12/comments -F body=@")
    comment = (reports.parent / "comment.md").read_text()
    assert comment == f"<!-- peakproof {connector} -->\n{summary}"
    kept = step("Keep the report")["with"]["path"].split("\n")
    for pattern in filter(None, map(runner.fill, kept)):
        assert list(Path("/").glob(pattern.lstrip("/"))), f"nothing is at {pattern}"


def test_a_comment_that_is_there_is_changed_and_none_is_no_failure(tmp_path: Path) -> None:
    runner = Runner(tmp_path, connector="shop")
    runner.values["steps.install.outputs.folder"] = str(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "summary.md").write_text("## pass\n")
    (tmp_path / "gh.known").write_text("77\n78\n")
    assert runner.run(step("Comment on the pull request")).returncode == 0
    changed = runner.told("gh.log")[-1]
    assert changed.startswith("api --silent -X PATCH repos/somebody/shop/issues/comments/77 ")
    (tmp_path / "gh.broken").touch()
    done = runner.run(step("Comment on the pull request"))
    assert (done.returncode, done.stdout[:11]) == (0, "::warning::")


def test_the_exit_code_is_the_gates(tmp_path: Path) -> None:
    runner = Runner(tmp_path, connector="nowhere")
    for name in ("Install peakproof", "Gate"):
        done = runner.run(step(name))
        assert done.returncode == 0
    assert "nowhere" in done.stderr
    assert runner.values["steps.gate.outputs.exit-code"] == "64"
    assert not runner.summary.exists()
    assert runner.run(step("Verdict")).returncode == 64


def test_the_example_calls_the_action_and_the_command_as_they_are() -> None:
    workflow = yaml.safe_load((EXAMPLE / ".github" / "workflows" / "peakproof.yml").read_text())
    steps = [one for job in workflow["jobs"].values() for one in job["steps"]]
    (ours,) = [one for one in steps if "peakproof@" in one.get("uses", "")]
    assert set(ours["with"]) <= set(ACTION["inputs"])
    gitlab = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())
    (line,) = gitlab["gate"]["script"]
    helped = subprocess.run(
        [sys.executable, "-m", "peakproof", "gate", "--help"],
        env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for option in re.findall(r"--[\w-]+", line + step("Gate")["run"]):
        assert option in helped
