"""The Python environment that Odoo runs in: its own, from a locked list of wheels.

odoo_requirements.txt pins every distribution with hashes and names no index: pip or uv ask
whatever index this machine uses. uv is tried first (four seconds against half a minute).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.cache import build_folder, cache_folder, digest_of
from peakproof.runtime.progress import Progress, silent

__all__ = ["REQUIREMENTS", "find_python", "install_into", "installer", "odoo_python"]

REQUIREMENTS = Path(__file__).with_name("odoo_requirements.txt")
OLDEST, NEWEST = (3, 10), (3, 13)
NEEDED_BYTES = 600 * 2**20
WHEELS_ONLY = ("--no-deps", "--require-hashes", "--only-binary=:all:")


def find_python() -> Path:
    """Return a Python that Odoo 19 runs on: ours if it fits, else one from the PATH.

    ``PEAKPROOF_ODOO_PYTHON`` names another. Raises EnvironmentLacks.
    """
    named = os.environ.get("PEAKPROOF_ODOO_PYTHON")
    names = [named] if named else [sys.executable]
    if not named:
        names += [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    seen = []
    for name in names:
        path = shutil.which(name)
        if path is None:
            continue
        version = _version_of(Path(path))
        seen.append(f"{path} ({version[0]}.{version[1]})")
        if OLDEST <= version <= NEWEST:
            return Path(path)
    raise EnvironmentLacks(
        f"Odoo 19 runs on Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}; found "
        f"{', '.join(seen) or 'none'}. Next step: install one of them (for example python3.13), "
        "or name it in PEAKPROOF_ODOO_PYTHON."
    )


def _version_of(python: Path) -> tuple[int, int]:
    done = subprocess.run(
        [str(python), "-I", "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    numbers = done.stdout.split()
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (0, 0)


def odoo_python(progress: Progress = silent) -> Path:
    """Return the Python of Odoo's environment, built first if absent."""
    base = find_python()
    version = "{}.{}".format(*_version_of(base))
    key = digest_of(REQUIREMENTS.read_text(), version)

    def build(folder: Path) -> None:
        progress("installing Odoo's Python dependencies", None)
        uv = _uv()
        command = (
            [uv, "venv", "--no-config", "-q", "--python", str(base), "--allow-existing"]
            if uv
            else [str(base), "-m", "venv"]
        )
        _run([*command, str(folder)], "make a Python environment")
        install_into(folder / "bin" / "python", [*WHEELS_ONLY, "-r", str(REQUIREMENTS)])

    target = cache_folder() / "environments" / f"odoo-python{version}-{key}"
    what = "Odoo's Python environment"
    folder = build_folder(target, build, what, NEEDED_BYTES, progress)
    return folder / "bin" / "python"


def install_into(python: Path, arguments: Sequence[str]) -> None:
    """Install with uv, or with pip where uv cannot; raises EnvironmentLacks."""
    uv = _uv()
    if uv:
        try:
            _run([uv, "pip", "install", "-q", "--python", str(python), *arguments], "use uv")
        except EnvironmentLacks as error:
            first_failure = str(error)
        else:
            return
    else:
        first_failure = "uv is not installed"
    pip = [str(python), "-I", "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
    try:
        _run([*pip, "install", "-q", "--disable-pip-version-check", *arguments], "use pip")
    except EnvironmentLacks as error:
        raise EnvironmentLacks(f"{error}\nBefore that: {first_failure}") from error


def installer() -> str:
    """Return what will install: "uv" or "pip"; raises EnvironmentLacks if neither is there."""
    if _uv():
        return "uv"
    if importlib.util.find_spec("pip") is None:
        raise EnvironmentLacks(
            "Neither uv nor pip is installed. Next step: `python -m ensurepip`, or install uv."
        )
    return "pip"


def _uv() -> str | None:
    if importlib.util.find_spec("uv") is not None:
        from uv import find_uv_bin

        try:
            return str(find_uv_bin())
        except FileNotFoundError:
            return shutil.which("uv")
    return shutil.which("uv")


def _run(command: Sequence[str], aim: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise EnvironmentLacks(
            f"Could not {aim}:\n    {said}\nNext step: see that this machine reaches its Python "
            "package index (`pip download wheel`) and that the disk has room."
        )
