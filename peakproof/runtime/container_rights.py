"""Has the listener for access rights loaded by an Odoo whose start is not ours: in a container.

Among processes launcher.py calls it before Odoo starts. Here it comes as a server-wide module,
which Odoo loads before any database; the file that it writes to is made beforehand, for Odoo is
another user in its container.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from peakproof.runtime import rights_listener

__all__ = ["Listener", "listener_of"]

_NAME = "peakproof_rights"
_MANIFEST = {
    "name": "peakproof: listens to access rights",
    "version": "19.0.1.0.0",
    "license": "Other proprietary",
    "depends": ["base"],
    "installable": True,
}
_START = "import os\n\nfrom . import rights_listener\n\nrights_listener.listen(dict(os.environ))\n"


class Listener(msgspec.Struct, frozen=True):
    """Folders of modules to read, files to write to, server-wide modules to load."""

    read: list[Path] = []
    write: list[Path] = []
    load: list[str] = []


def listener_of(environment: Mapping[str, str], folder: Path) -> Listener:
    """Write the module into a folder; nothing where the environment asks for no listener."""
    settings = environment.get(rights_listener.VARIABLE)
    if not settings:
        return Listener()
    file = Path(json.loads(settings)["file"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(0o666)
    place = folder / "odoo_modules"
    module = place / _NAME
    module.mkdir(parents=True)
    (module / "__manifest__.py").write_text(f"{_MANIFEST!r}\n")
    (module / "__init__.py").write_text(_START)
    shutil.copyfile(rights_listener.__file__, module / "rights_listener.py")
    for path in (place, module, *module.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return Listener([place], [file], [_NAME])
