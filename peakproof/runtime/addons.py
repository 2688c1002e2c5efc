"""A connector's Odoo modules: from a locked list of wheels, or from folders.

``fetch_addons(file)`` installs what a requirements file pins (hashes are required, nothing
that is not listed comes along): wheels named ``odoo-addon-*`` become an addons folder, the
other ones a folder of Python packages for the server.
"""

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from peakproof.connector import ConnectorSpec
from peakproof.errors import BadFile
from peakproof.runtime.cache import build_folder, cache_folder, digest_of
from peakproof.runtime.environment import install_into, odoo_python
from peakproof.runtime.progress import Progress, silent
from peakproof.runtime.template import Addons

__all__ = ["fetch_addons", "local_addons", "own_modules"]

_PACKAGE = re.compile(r"^odoo-addon-([\w.-]+?)(?:\s|=|<|>|~|;|\[|$)")


def fetch_addons(requirements_file: Path, progress: Progress = silent) -> Addons:
    """Return the addons that the file pins, installed into the cache first if absent.

    Raises BadFile (no such file, no module in it) or EnvironmentLacks (cannot be fetched).
    """
    if not requirements_file.is_file():
        raise BadFile(f"{requirements_file}: expected a requirements file; there is none.")
    text = requirements_file.read_text()
    python = odoo_python(progress)
    key = digest_of(text, python.parent.parent.name)

    def build(folder: Path) -> None:
        progress(f"fetching the addons in {requirements_file.name}", None)
        packages = folder / "python"
        install_into(
            python,
            ["--no-deps", "--require-hashes", "--target", str(packages),
             "-r", str(requirements_file.resolve())],
        )  # fmt: skip
        modules = packages / "odoo" / "addons"
        if not any(modules.glob("*/__manifest__.py")):
            raise BadFile(
                f"{requirements_file}: expected wheels with Odoo modules (odoo/addons/NAME), "
                "found none. List distributions named odoo-addon-NAME."
            )
        modules.rename(folder / "addons")
        shutil.rmtree(packages / "odoo")

    folder = build_folder(
        cache_folder() / "addons" / key, build, str(requirements_file), 50 * 2**20, progress
    )
    return Addons((folder / "addons",), (folder / "python",), key)


def local_addons(paths: Sequence[Path]) -> Addons:
    """Return addons that lie in folders of Odoo modules; raises BadFile if one has none."""
    digest = hashlib.sha256()
    for path in paths:
        if not any(path.glob("*/__manifest__.py")):
            raise BadFile(
                f"{path}: expected a folder of Odoo modules (NAME/__manifest__.py), found none."
            )
        for file in sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return Addons(tuple(path.resolve() for path in paths), (), digest.hexdigest()[:12])


def own_modules(spec: ConnectorSpec) -> set[str]:
    """Return the Odoo modules that come with a connector: those it names, and its packages'."""
    addons = spec.addons
    if addons is None:
        return set()
    modules = {*addons.modules, *addons.load}
    if addons.requirements:
        for line in spec.path(addons.requirements).read_text().splitlines():
            package = _PACKAGE.match(line.strip())
            if package:
                modules.add(package[1].replace("-", "_"))
    if addons.folder:
        modules |= {manifest.parent.name for manifest in
                    spec.path(addons.folder).glob("*/__manifest__.py")}  # fmt: skip
    return modules
